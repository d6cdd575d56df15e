/**
 * The three standard streams and what is known about them. Records and lists go to standard output; hints, progress and
 * errors to standard error. Colour only where a person reads, and never against NO_COLOR.
 */

import type { Readable, Writable } from 'node:stream'
import { columnsOf } from './columns.ts'
import { folded } from './fold.ts'

/** Whether the system took what was printed. Nobody reads what it did not take. */
export type Written = 'written' | 'not written'

export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdinIsTty: boolean
  readonly stdoutIsTty: boolean
  readonly stderrIsTty: boolean
  /** Of standard output, where a person reads. */
  readonly columns?: number | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Style for standard output and for standard error. */
  readonly out: Style
  readonly err: Style
  /** Resolves when it is written; or, when the reader has gone, once that has been told. */
  write(text: string | Uint8Array): Promise<Written>
  /** A line for the person at the keyboard; silent under --quiet. */
  hint(line: string): void
  /** Overwrites the current line of standard error; an empty text clears it. TTY only. */
  status(text: string): void
  /** For who reads along in this process: what is printed, as data, in whichever format it is printed. */
  readonly onRow?: (row: object) => void
}

export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

export function createStyle(colour: 'colour' | 'plain'): Style {
  const paint = (open: number, close: number) => (text: string) =>
    colour === 'plain' ? text : `\u001b[${open}m${text}\u001b[${close}m`
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39)
  }
}

export interface TerminalOptions {
  readonly quiet: boolean
  readonly noColour: boolean
}

/** Whether colours are wanted at all; they go only where a person reads. */
export function wantsColour(
  { noColour }: Pick<TerminalOptions, 'noColour'>,
  env: Readonly<Record<string, string | undefined>>
): boolean {
  return !noColour && !env.NO_COLOR && env.TERM !== 'dumb'
}

export function processTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, env } = process
  const isColoured = wantsColour(options, env)
  let statusShown = false
  const clearStatus = () => {
    if (statusShown) stderr.write('\r\u001b[K')
    statusShown = false
  }
  return {
    // Opened by who reads it: most commands never do.
    get stdin() {
      return process.stdin
    },
    get stdinIsTty() {
      return process.stdin.isTTY === true
    },
    stdoutIsTty: stdout.isTTY === true,
    stderrIsTty: stderr.isTTY === true,
    get columns() {
      return columnsOf(stdout)
    },
    env,
    out: createStyle(isColoured && stdout.isTTY ? 'colour' : 'plain'),
    err: createStyle(isColoured && stderr.isTTY ? 'colour' : 'plain'),
    write: (text) => writeAll(stdout, text),
    hint(line) {
      if (options.quiet) return
      clearStatus()
      stderr.write(`${folded(line, columnsOf(stderr))}\n`)
    },
    status(text) {
      if (options.quiet || stderr.isTTY !== true) return
      clearStatus()
      if (text === '') return
      stderr.write(`\r\u001b[K${text}`)
      statusShown = true
    }
  }
}

function writeAll(stream: Writable, text: string | Uint8Array): Promise<Written> {
  if (stream.destroyed) return Promise.resolve('not written')
  return new Promise((resolve) => {
    stream.write(text, (error) => {
      // Whoever listens for the stream's errors hears of it only after this.
      if (error) setImmediate(resolve, 'not written')
      else resolve('written')
    })
  })
}
