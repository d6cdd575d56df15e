/**
 * What nothing rests on, as a start sees to it: indexes that are not up to date, checkpoints, files that are to go. Where the disk refuses
 * that, whoever runs the broker is told, once while it lasts.
 */
import { DiskError } from '../host/disk.ts'

export class Undone {
  readonly #directory: string
  readonly #report: (line: string) => void
  /** Most logs have none: made when there is one. */
  #told: Set<string> | null = null

  constructor(directory: string, report: (line: string) => void) {
    this.#directory = directory
    this.#report = report
  }

  /** True when it is done; false when the disk refused it, which is told as `what`. Anything else is thrown. */
  attempt(what: string, work: () => void): boolean {
    try {
      work()
      this.#told?.delete(what)
      return true
    } catch (error) {
      return this.#refused(what, error)
    }
  }

  /** The same of what takes its time. */
  async attemptSoon(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      this.#told?.delete(what)
      return true
    } catch (error) {
      return this.#refused(what, error)
    }
  }

  #refused(what: string, error: unknown): false {
    if (!(error instanceof DiskError)) throw error
    if (this.#told?.has(what) === true) return false
    this.#told ??= new Set()
    this.#told.add(what)
    this.#report(`${this.#directory}: ${what}: ${error.message}`)
    return false
  }
}
