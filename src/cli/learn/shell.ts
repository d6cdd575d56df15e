/**
 * Runs commands of this command line inside this process, as a reader would type them, and takes what they print, as text and as data.
 * So an experiment does nothing that the reader cannot do himself, and what is shown is what was run and what it printed.
 */
import { Readable } from 'node:stream'
import type { CliError } from '../cli-error.ts'
import { Flags } from '../command.ts'
import { ExitCode } from '../exit-codes.ts'
import { resolveGlobalOptions } from '../global-options.ts'
import { toJson } from '../output.ts'
import { keepConnection, shellWord } from '../own-name.ts'
import { presentError, toCliError } from '../present-error.ts'
import { buildProgram, replaceSynonyms } from '../program.ts'
import { createStyle, type Terminal } from '../terminal.ts'

export type PrintedRow = Readonly<Record<string, unknown>>

export interface Outcome {
  readonly exitCode: ExitCode
  /** What it printed, as data. */
  readonly rows: readonly PrintedRow[]
  /** What it printed, as a terminal shows it: standard output, standard error and, if it failed, why. */
  readonly printed: readonly string[]
  /** Why it failed, as the three lines tell it. */
  readonly error: CliError | undefined
}

export interface RunOptions {
  readonly brokers: readonly string[]
  readonly interrupted: AbortSignal
  /** Standard input. */
  readonly input?: string | undefined
  /** Otherwise as a terminal shows it, where some commands give less as data. */
  readonly output?: 'jsonl' | undefined
  /** Told of each row as it comes. */
  readonly onRow?: ((row: PrintedRow) => void) | undefined
}

/** A failure of the command is part of the outcome; only what is not the command's own doing is thrown. */
export async function runCommand(words: readonly string[], options: RunOptions): Promise<Outcome> {
  const rows: PrintedRow[] = []
  const printed: string[] = []
  const print = (text: string) => printed.push(...text.replace(/\n$/, '').split('\n'))
  const terminal = capture(options.input ?? '', print, (row) => {
    rows.push(row)
    options.onRow?.(row)
  })
  // A signal of its own for each command, so that what listens to it goes with the command.
  const interrupted = AbortSignal.any([options.interrupted])
  let exitCode: ExitCode = ExitCode.done
  const program = buildProgram(words, async (definition, args, values) => {
    const flags = new Flags(values)
    const global = resolveGlobalOptions(flags, terminal.env)
    exitCode = await definition.run({ terminal, global, args, flags, interrupted })
  })
  keepConnection(whereOption(options.brokers))
  const target = ['--bootstrap-server', options.brokers.join(','), ...(options.output ? ['-o', options.output] : [])]
  try {
    await program.parseAsync([...replaceSynonyms(words), ...target], { from: 'user' })
    return { exitCode, rows, printed, error: undefined }
  } catch (error) {
    const failure = toCliError(error)
    presentError(failure, { style: terminal.err, verbose: false, write: print })
    return { exitCode: failure.exitCode, rows, printed, error: failure }
  }
}

/** What lessons leave of a line for what a command prints. */
const shownColumns = 74

/** A terminal without colours. The environment is empty on purpose: brokers named there are for other work than lessons. */
function capture(input: string, print: (text: string) => void, onRow: (row: PrintedRow) => void): Terminal {
  const plain = createStyle('plain')
  return {
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdinIsTty: false,
    stdoutIsTty: true,
    stderrIsTty: false,
    columns: shownColumns,
    env: {},
    out: plain,
    err: plain,
    async write(text) {
      const whole = typeof text === 'string' ? text : Buffer.from(text).toString()
      if (whole !== '') print(whole)
      return 'written'
    },
    hint: print,
    status: () => {},
    onRow: (row) => onRow(JSON.parse(toJson(row)))
  }
}

/** The line a reader types. `localhost:9092` is where the command line looks by itself, so it is left out. */
export function commandLine(words: readonly string[], brokers: readonly string[]): string {
  return ['npx odradek', ...words.map(shellWord)].join(' ') + whereOption(brokers)
}

/** ` -b host:port`, or nothing where none is needed. */
export function whereOption([broker = '']: readonly string[]): string {
  return broker === 'localhost:9092' && !process.env.KAFKA_BROKERS && !process.env.KAFKA_BOOTSTRAP_SERVERS
    ? ''
    : ` -b ${broker}`
}

/** Fields of a row, with the types that the commands promise. */
export function textOf(row: PrintedRow | undefined, name: string): string | null {
  const value = row?.[name]
  return typeof value === 'string' ? value : null
}

export function numberOf(row: PrintedRow | undefined, name: string): number | null {
  const value = row?.[name]
  return typeof value === 'number' ? value : null
}

export function rowsOf(row: PrintedRow | undefined, name: string): PrintedRow[] {
  const value = row?.[name]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []
}

export function textsOf(row: PrintedRow | undefined, name: string): string[] {
  const value = row?.[name]
  return Array.isArray(value) ? value.map(String) : []
}

export function numbersOf(row: PrintedRow | undefined, name: string): number[] {
  const value = row?.[name]
  return Array.isArray(value) ? value.map(Number) : []
}
