/**
 * Runs the command line against a broker: the one at ODRADEK_TEST_BOOTSTRAP, or the target of the harness, started for the
 * test file. The command is the built one (or what ODRADEK_TEST_CLI names), else the sources through tsx.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Finished, LineProcess, run } from '../harness/child-process.ts'
import { projectDirectory } from '../harness/paths.ts'
import { startTarget, target } from '../harness/target.ts'

export const builtCommand = process.env.ODRADEK_TEST_CLI ?? join(projectDirectory, 'dist', 'cli', 'main.js')
const command = existsSync(builtCommand)
  ? [builtCommand]
  : ['--import', 'tsx', join(projectDirectory, 'src', 'cli', 'main.ts')]

export interface CommandLine extends AsyncDisposable {
  readonly bootstrap: string
  /** Runs a command to its end. */
  run(args: readonly string[], input?: string | Buffer): Promise<Finished>
  /** Runs a command that must succeed; returns what it printed. */
  text(args: readonly string[], input?: string | Buffer): Promise<string>
  /** The JSON lines a command printed. */
  rows(args: readonly string[], input?: string | Buffer): Promise<Record<string, unknown>[]>
  /** A command that goes on. */
  start(args: readonly string[]): LineProcess
  /** A name no other test uses. */
  unique(name: string): string
}

/** Why the command line cannot be tried here, if so. */
export function unavailable(): string | false {
  const tool = target()
  return process.env.ODRADEK_TEST_BOOTSTRAP || !('missing' in tool) ? false : tool.missing
}

export async function openCommandLine(): Promise<CommandLine> {
  const given = process.env.ODRADEK_TEST_BOOTSTRAP
  if (given !== undefined) return commandLineAt(given)
  const broker = await startTarget()
  return { ...commandLineAt(broker.bootstrap), [Symbol.asyncDispose]: () => broker.stop() }
}

/** Against a broker that the test starts and stops itself. */
export function commandLineAt(bootstrap: string, environment: Readonly<Record<string, string>> = {}): CommandLine {
  const env = { KAFKA_BROKERS: bootstrap, NO_COLOR: '1', ...environment }
  const runCommand = (args: readonly string[], input?: string | Buffer) =>
    run(process.execPath, [...command, ...args], { env, ...(input === undefined ? {} : { input }) })
  const text = async (args: readonly string[], input?: string | Buffer) => {
    const finished = await runCommand(args, input)
    if (finished.code !== 0)
      throw new Error(`odradek ${args.join(' ')} ended with ${finished.code}: ${finished.stderr}`)
    return finished.stdout.toString()
  }
  let count = 0
  return {
    bootstrap,
    run: runCommand,
    text,
    rows: async (args, input) =>
      (await text(args, input))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    start: (args) => new LineProcess(process.execPath, [...command, ...args, '-b', bootstrap], { env }),
    unique: (name) => `${name}-${process.pid}-${Date.now().toString(36)}-${++count}`,
    async [Symbol.asyncDispose]() {}
  }
}
