/**
 * Transactions whose end is decided: once that is safe, markers are written to their partitions, again and again until each has its own
 * (Kafka: TransactionMarkerChannelManager). Soft state: what was under way when the coordinator ended is found in the log.
 */
import type { Clock, Timer } from '../../host/clock.ts'
import { limits } from '../../limits.ts'
import type { TransactionMarker } from '../../log/types.ts'
import type { PartitionsByTopic } from './state.ts'

/** Writes a marker to partitions, wherever they are led; gives those that have none yet, or says that another coordinator has taken over. */
export type WriteMarkers = (
  marker: TransactionMarker,
  partitions: PartitionsByTopic
) => Promise<PartitionsByTopic | 'fenced'>

export interface Ending {
  readonly marker: TransactionMarker
  readonly partitions: PartitionsByTopic
}

export interface CompletionsOptions {
  readonly clock: Clock
  readonly write: WriteMarkers
  /** How the transaction ends; null when it does not, or does no more. */
  readonly ending: (transactionalId: string) => Ending | null
  /** Resolves when what was decided is safe; with false when that is not known yet, and is looked at again. */
  readonly safe: () => Promise<boolean>
  /** Every marker is written. False when the log does not take that now. */
  readonly complete: (transactionalId: string) => boolean
  /** A mistake of ours. */
  readonly onMistake: (error: unknown) => void
}

export class Completions {
  readonly #of: CompletionsOptions
  /** Those under way, and who waits for each. */
  readonly #running = new Map<string, (() => void)[]>()
  /** More of them wait here, so that a load with many of them does not hold everybody up. */
  readonly #queue: string[] = []
  /** So many of the queue have begun. To take each off its front moves all behind it: a third of a second for 100,000. */
  #begunCount = 0
  readonly #pauses = new Set<() => void>()
  #runningCount = 0
  #isClosed = false

  constructor(of: CompletionsOptions) {
    this.#of = of
  }

  begin(transactionalId: string): void {
    if (this.#isClosed || this.#running.has(transactionalId)) return
    this.#running.set(transactionalId, [])
    this.#queue.push(transactionalId)
    this.#next()
  }

  /** Resolves when the transaction has ended, or after this time. */
  ended(transactionalId: string, timeoutMs: number): Promise<void> {
    const waiting = this.#running.get(transactionalId)
    if (waiting === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#of.clock.after(timeoutMs, resolve)
      waiting.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  close(): void {
    this.#isClosed = true
    this.#clearQueue()
    for (const goOn of [...this.#pauses]) goOn()
    for (const transactionalId of [...this.#running.keys()]) this.#end(transactionalId)
  }

  #next(): void {
    while (this.#runningCount < limits.endingTransactions) {
      const transactionalId = this.#queue[this.#begunCount]
      if (transactionalId === undefined) {
        this.#clearQueue()
        return
      }
      this.#begunCount += 1
      this.#runningCount += 1
      this.#run(transactionalId).then(
        (result) => this.#ran(transactionalId, result),
        (error: unknown) => {
          this.#ran(transactionalId, 'given up')
          this.#of.onMistake(error)
        }
      )
    }
  }

  #clearQueue(): void {
    this.#queue.length = 0
    this.#begunCount = 0
  }

  #ran(transactionalId: string, result: 'ended' | 'given up'): void {
    this.#runningCount -= 1
    this.#end(transactionalId)
    // The next one of its producer may be ending by now.
    if (result === 'ended' && this.#of.ending(transactionalId) !== null) this.begin(transactionalId)
    this.#next()
  }

  async #run(transactionalId: string): Promise<'ended' | 'given up'> {
    let left: PartitionsByTopic | null = null
    for (;;) {
      const ending = this.#of.ending(transactionalId)
      if (this.#isClosed || ending === null) return 'ended'
      if (left?.size === 0) {
        if (this.#of.complete(transactionalId)) return 'ended'
      } else if (await this.#of.safe()) {
        const rest: PartitionsByTopic | 'fenced' = await this.#of.write(ending.marker, left ?? ending.partitions)
        if (rest === 'fenced') return 'given up'
        left = rest
        if (left.size === 0) continue
      }
      await this.#pause()
    }
  }

  #pause(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      let timer: Timer | null = null
      const goOn = (): void => {
        timer?.cancel()
        this.#pauses.delete(goOn)
        resolve()
      }
      this.#pauses.add(goOn)
      timer = this.#of.clock.after(limits.markersAgainMs, goOn)
    })
  }

  #end(transactionalId: string): void {
    const waiting = this.#running.get(transactionalId) ?? []
    this.#running.delete(transactionalId)
    for (const tell of waiting) tell()
  }
}
