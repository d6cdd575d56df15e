/**
 * What goes wrong with the disk, as whoever runs the broker is told of it: once, and not a word more while it lasts.
 */
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import type { Trouble } from '../log/types.ts'

export class Telling {
  readonly #log: (line: string) => void
  readonly #clock: Clock
  /** What was told to go wrong, and goes wrong still. */
  readonly #told = new Set<string>()
  /** Logs that cannot be read, and when that was seen last. */
  readonly #unreadMs = new Map<string, number>()
  /** Logs whose syncs are refused. */
  readonly #inTrouble = new Set<string>()

  constructor(log: (line: string) => void, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Does the work; what the disk refuses is told, and left: false then. */
  attempt(what: string, work: () => void): boolean {
    try {
      work()
      this.mended(what)
      return true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.failed(what, error)
      return false
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

  /** Does the work for somebody who is told as well: what the disk refuses rejects. */
  async beside<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work()
      this.mended(what)
      return result
    } catch (error) {
      if (error instanceof DiskError) this.failed(what, error)
      throw error
    }
  }

  failed(what: string, error: DiskError): void {
    if (!this.#told.has(what)) this.#log(`${what}: ${error.message}`)
    this.#told.add(what)
  }

  mended(what: string): void {
    this.#told.delete(what)
  }

  /** What the disk does not give back of a log: once, whichever of its files are met. */
  unread(name: string, error: DiskError): void {
    if (!this.#unreadMs.has(name)) this.#log(`${name} cannot be read: ${error.message}`)
    this.#unreadMs.set(name, this.#clock.monotonicMs())
  }

  /** Something of it was read, of which other files may know nothing: it is over when none was refused for a while. */
  readAgain(name: string): 'over' | 'not known' {
    const refusedMs = this.#unreadMs.get(name)
    if (refusedMs === undefined) return 'over'
    if (this.#clock.monotonicMs() - refusedMs < limits.refusalAgainMs) return 'not known'
    this.#unreadMs.delete(name)
    this.#log(`${name} can be read again`)
    return 'over'
  }

  /** The log was opened anew: whatever comes under its name is another. */
  forgetUnread(name: string): void {
    this.#unreadMs.delete(name)
  }

  /** One line for all logs whose syncs are refused at the same time, as for want of file handles; and one for each of which a sync has failed. */
  troubled(name: string, trouble: Trouble): void {
    if (typeof trouble !== 'string') this.#beginTrouble(name, trouble)
    else if (this.#inTrouble.delete(name) && trouble === 'over' && this.#inTrouble.size === 0)
      this.#log('Everything that was written is safe again.')
  }

  #beginTrouble(name: string, { is, reason }: Exclude<Trouble, string>): void {
    if (is === 'final') {
      this.#inTrouble.delete(name)
      const what = `${name}: what was written last could not be made safe, and no more records are taken until a start has recovered it`
      this.#log(`${what}: ${reason.message}`)
      return
    }
    this.#inTrouble.add(name)
    if (this.#inTrouble.size > 1) return
    const what = `${name}: what was written cannot be made safe, and is not served to consumers before it is`
    this.#log(`${what}: ${reason.message}`)
  }
}
