/**
 * What goes wrong with the disk, as whoever runs the broker is told of it: once, and not a word more while it lasts.
 */
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { unattended } from '../host/unattended.ts'
import type { Trouble } from '../log/types.ts'

export class Telling {
  readonly #log: (line: string) => void
  readonly #clock: Clock
  /** What was told to go wrong, and goes wrong still. */
  readonly #told = new Set<string>()
  /** Logs whose syncs are refused, or have failed. */
  readonly #inTrouble = new Set<string>()

  constructor(log: (line: string) => void, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Does the work; what the disk refuses is told, and left. */
  attempt(what: string, work: () => void): void {
    try {
      work()
      this.mended(what)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.failed(what, error)
    }
  }

  /** The same, of work that ends later. */
  attemptSoon(what: string, work: () => Promise<void>): void {
    const told = work().then(
      () => this.mended(what),
      (error: unknown) => {
        if (!(error instanceof DiskError)) throw error
        this.failed(what, error)
      }
    )
    unattended(this.#clock, told)
  }

  failed(what: string, error: DiskError): void {
    if (!this.#told.has(what)) this.#log(`${what}: ${error.message}`)
    this.#told.add(what)
  }

  mended(what: string): void {
    this.#told.delete(what)
  }

  /** One line for all logs that a disk, or a want of file handles, troubles at the same time. */
  troubled(name: string, trouble: Trouble): void {
    if (trouble instanceof Error) {
      this.#inTrouble.add(name)
      if (this.#inTrouble.size > 1) return
      const what = `${name}: what was written cannot be made safe, and is not served to consumers before it is`
      this.#log(`${what}: ${trouble.message}`)
      return
    }
    this.#inTrouble.delete(name)
    if (trouble === 'over' && this.#inTrouble.size === 0) this.#log('Everything that was written is safe again.')
  }
}
