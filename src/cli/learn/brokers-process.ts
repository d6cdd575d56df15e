/**
 * Several embedded brokers in a process of their own (`odradek serve --brokers N`), so that the commands for brokers find them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { CliError } from '../cli-error.ts'

const startLimitMs = 20_000

export class BrokersProcess implements AsyncDisposable {
  readonly brokers: readonly string[]
  readonly #child: ChildProcess
  readonly #killWithUs: () => void

  private constructor(child: ChildProcess, brokers: readonly string[], killWithUs: () => void) {
    this.#child = child
    this.brokers = brokers
    this.#killWithUs = killWithUs
  }

  /** On free ports. Resolves when they say that they are ready. */
  static async start(directory: string, count: number): Promise<BrokersProcess> {
    const [, main = ''] = process.argv
    const words = ['serve', '--data', directory, '--port', '0', '--brokers', String(count)]
    const child = spawn(process.execPath, [...process.execArgv, main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    const killWithUs = () => child.kill('SIGKILL')
    process.once('exit', killWithUs)
    try {
      return new BrokersProcess(child, await readyBrokers(child), killWithUs)
    } catch (error) {
      killWithUs()
      process.off('exit', killWithUs)
      throw error
    }
  }

  /** kill -9, and the process is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#killWithUs)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await gone
  }
}

async function readyBrokers(child: ChildProcess): Promise<readonly string[]> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const failure = (why: string) =>
    new CliError({
      what: 'the brokers of the lesson did not start',
      why: `${why}\n${said}`.trim(),
      next: 'odradek serve --brokers 3'
    })
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failure('they did not say that they are ready')), startLimitMs)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      act()
    }
    child.once('error', (error) => settle(() => reject(failure(error.message))))
    child.once('close', (code) => settle(() => reject(failure(`their process ended with ${code}`))))
    if (!child.stdout) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      const brokers = brokersOf(line)
      if (brokers) settle(() => resolve(brokers))
    })
  })
}

/** From the line `{"event":"ready","brokers":["localhost:9092"],…}`. */
function brokersOf(line: string): readonly string[] | undefined {
  if (!line.startsWith('{')) return undefined
  const said: unknown = JSON.parse(line)
  if (typeof said !== 'object' || said === null || !('brokers' in said) || !Array.isArray(said.brokers))
    return undefined
  return said.brokers.map(String)
}
