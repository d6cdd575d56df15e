/** A client under load in a process of its own: what it has told so far, and how far it got. */
import type { LineProcess } from '../../harness/child-process.ts'
import type { Stored } from '../ledger.ts'

/** What one line of a client comes to. */
export type LoadEvent =
  | ({ readonly kind: 'acknowledged' | 'read' } & Stored)
  | { readonly kind: 'committed'; readonly partition: number; readonly offset: number }
  /** At the end of a producer: how many records it wrote in all. */
  | { readonly kind: 'written'; readonly count: number }
  /** An error that the client's user sees: it was not tried again, or not long enough. */
  | { readonly kind: 'failed'; readonly what: string }

export interface LoadClient {
  readonly name: string
  readonly produce: (bootstrap: string, topic: string) => LineProcess
  readonly consume: (bootstrap: string, topic: string, group: string) => LineProcess
  readonly eventsOf: (line: string) => readonly LoadEvent[]
  readonly end: (process: LineProcess) => void
}

const PROGRESS_TIMEOUT_MS = 90_000
const END_TIMEOUT_MS = 90_000

export class Load {
  readonly acknowledged: Stored[] = []
  readonly read: Stored[] = []
  readonly committed = new Map<number, number>()
  readonly failures: string[] = []
  written = -1
  readonly #client: LoadClient
  readonly #process: LineProcess
  #linesTaken = 0
  #commits = 0

  constructor(client: LoadClient, process: LineProcess) {
    this.#client = client
    this.#process = process
  }

  /** Takes what was told since the last time. */
  take(): void {
    const { lines } = this.#process
    for (; this.#linesTaken < lines.length; this.#linesTaken += 1)
      for (const event of this.#client.eventsOf(lines[this.#linesTaken] ?? '')) this.#note(event)
  }

  /** Resolves when this many more records are acknowledged, or more was committed by a consumer. */
  async progress(acknowledgements: number): Promise<void> {
    this.take()
    const wanted = this.acknowledged.length + acknowledgements
    const { committed } = this
    const before = this.#commits
    const isFurther = (): true | undefined => {
      this.take()
      const goesOn = acknowledgements > 0 ? this.acknowledged.length >= wanted : this.#commits > before
      return goesOn || this.failures.length > 0 || undefined
    }
    const what = `progress of ${this.#client.name} (${this.acknowledged.length} records, ${[...committed]} committed)`
    await this.#process.until(isFurther, what, PROGRESS_TIMEOUT_MS)
  }

  /** Lets it bring to its end what it has begun. */
  async end(): Promise<void> {
    this.#client.end(this.#process)
    const timer = setTimeout(() => void this.#process.kill(), END_TIMEOUT_MS)
    await this.#process.exited
    clearTimeout(timer)
    this.take()
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }

  /** For the message of a failing test. */
  said(): string {
    return `${this.#client.name}: ${this.#process.lines.slice(-3).join('\n')}\n${this.#process.stderr.slice(-1500)}`
  }

  #note(event: LoadEvent): void {
    switch (event.kind) {
      case 'acknowledged':
        this.acknowledged.push(event)
        break
      case 'read':
        this.read.push(event)
        break
      case 'committed':
        this.#commits += 1
        this.committed.set(event.partition, event.offset)
        break
      case 'written':
        this.written = event.count
        break
      case 'failed':
        this.failures.push(`${this.#client.name}: ${event.what}`)
    }
  }
}
