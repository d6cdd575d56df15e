/**
 * Tells the brokers what the controller has written, once it is safe, in the order of the log. A broker never acts on what a
 * power cut could take back: it makes no topic, removes none and leads no epoch that the next start would not know of.
 * (Kafka: MetadataLoader, which is given what is below the high watermark of the metadata log.)
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import { leavesNoDoubt } from '../log/refused-sync.ts'

export class Publication {
  readonly #clock: Clock
  readonly #tell: (records: readonly StateRecord[]) => void
  /** Resolves when all that was handed in so far is told; rejects for ever once something could not be made safe. */
  #told: Promise<void> = Promise.resolve()
  #underWay = 0
  /** What waits for a free file handle, or for room: whoever comes next finds out for all of them whether there is any. */
  readonly #waiting = new Set<() => Promise<void>>()

  constructor(clock: Clock, tell: (records: readonly StateRecord[]) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /**
   * Resolves when these records are safe and told, and all before them. Rejects with DiskError when they cannot be made safe:
   * nothing that comes after them is told then, either. Where no sync could begin nothing is in doubt: the caller is refused, and they
   * are told a little later.
   */
  publish(records: readonly StateRecord[], makeSafe: () => Promise<void>): Promise<void> {
    const before = [...this.#waiting].map((tryAgain) => tryAgain())
    const own = makeSafe()
    const attempt = Promise.all([...before, own])
    const safe = own.catch((error: unknown) => this.#laterOr(error, makeSafe))
    // It is waited for once what came before is told, which may be never.
    safe.catch(() => {})
    this.#underWay += 1
    const told = this.#told
      .then(() => safe)
      .then(() => {
        this.#underWay -= 1
        this.#tell(records)
      })
    // Whoever waits for it is told that it failed.
    told.catch(() => {})
    this.#told = told
    return attempt.then(() => told)
  }

  /** Whether all that was handed in is told. */
  get isIdle(): boolean {
    return this.#underWay === 0
  }

  /** Resolves when all that was handed in so far is told. */
  settled(): Promise<void> {
    return this.#told
  }

  #laterOr(error: unknown, makeSafe: () => Promise<void>): Promise<void> {
    if (!leavesNoDoubt(error)) return Promise.reject(error)
    return new Promise((resolve, reject) => {
      const tryAgain = (): Promise<void> => {
        timer.cancel()
        this.#waiting.delete(tryAgain)
        const again = makeSafe()
        again.catch((refused: unknown) => this.#laterOr(refused, makeSafe)).then(resolve, reject)
        return again
      }
      const timer = this.#clock.after(limits.openAgainMs, () => {
        unattended(this.#clock, tryAgain(), DiskError)
      })
      this.#waiting.add(tryAgain)
    })
  }
}
