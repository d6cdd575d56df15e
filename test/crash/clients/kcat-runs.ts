/**
 * kcat, run after run: it reads all that it is to write before it sends the first record, and ends when the last is delivered. A
 * run that ends with something else than 0 has told its user of an error.
 */
import { run } from '../../harness/child-process.ts'
import { found, kcat } from '../../harness/tools.ts'

const RECORDS_PER_RUN = 200
const settings = ['acks=all', 'enable.idempotence=true', 'message.timeout.ms=120000', 'retry.backoff.ms=20']

export class KcatRuns {
  written = 0
  runs = 0
  readonly failures: string[] = []
  readonly #finished: Promise<void>
  #isStopping = false

  /** Writes 0, 1, 2, … to partition 0. */
  constructor(bootstrap: string, topic: string) {
    this.#finished = this.#goOn([
      ...['-P', '-b', bootstrap, '-t', topic, '-p', '0'],
      ...settings.flatMap((setting) => ['-X', setting])
    ])
  }

  /** Answers how many records were written in all, each of which is acknowledged. */
  async end(): Promise<number> {
    this.#isStopping = true
    await this.#finished
    return this.written
  }

  async #goOn(args: readonly string[]): Promise<void> {
    while (!this.#isStopping && this.failures.length === 0) {
      const numbers = Array.from({ length: RECORDS_PER_RUN }, (_, index) => this.written + index)
      const input = numbers.map((number) => `${number}\n`).join('')
      const { code, stderr } = await run(found(kcat()), args, { input, timeoutMs: 180_000 })
      if (code !== 0) this.failures.push(`kcat ended with ${code}: ${stderr.slice(-1000)}`)
      this.written += RECORDS_PER_RUN
      this.runs += 1
    }
  }
}
