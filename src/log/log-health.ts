/** Whether a log can still be used: it may have been closed or deleted, its disk may have failed, or it turned out to be damaged. */
import { DiskError, mayPass } from '../host/disk.ts'
import { DamageError } from './damage.ts'
import type { Trouble } from './types.ts'

export class LogHealth {
  /** Called when the log turned out to be damaged: it is of no use any more. */
  onDamage: ((damage: DamageError) => void) | undefined
  /** Called when the disk failed to take or to keep what was written, and may not soon. */
  onFailure: ((error: Error) => void) | undefined
  /** Called when trouble begins and when it ends: nobody may be waiting who is told. */
  onTrouble: ((trouble: Trouble) => void) | undefined
  /** Called when the disk did not take records, and the log is as it was. */
  onRefused: ((reason: DiskError) => void) | undefined
  /** Called when the disk does not give back what is asked for. */
  onUnread: ((trouble: DiskError) => void) | undefined
  /** Called from then on when it gives back something, until that says that the trouble is over: another file may still be refused. */
  onReadAgain: (() => 'over' | 'not known') | undefined
  readonly #directory: string
  #failure: Error | null = null
  #trouble: 'passing' | 'final' | null = null
  #isUnread = false
  /** Why nothing is done here any more, once the log was closed or deleted. */
  #ended: DiskError | null = null

  constructor(directory: string) {
    this.#directory = directory
  }

  get hasEnded(): boolean {
    return this.#ended !== null
  }

  /** Nothing is appended or read from now on; gives what everybody is told who tries. */
  end(how: 'is closed' | 'was deleted'): DiskError {
    this.#ended = new DiskError('not-found', this.#directory, `The log ${this.#directory} ${how}.`)
    return this.#ended
  }

  /** After this nobody is told anything: what was under way may fail. */
  tellNoMore(): void {
    this.tell('ended')
    this.onTrouble = undefined
    this.onFailure = undefined
    this.onRefused = undefined
    this.onUnread = undefined
    this.onReadAgain = undefined
  }

  /** What the disk holds cannot be trusted any more: nothing is appended until a start has looked at it. */
  fail(error: Error): void {
    this.#failure = error
    if (error instanceof DamageError) {
      this.told(error)
      return
    }
    this.tell({ is: 'final', reason: error })
    this.onFailure?.(error)
  }

  /** No sync could begin; nothing is in doubt. */
  refused(error: DiskError): void {
    this.tell({ is: 'passing', reason: error })
    if (!mayPass(error)) this.onFailure?.(error)
  }

  /** The disk did not take records: the log is as it was. */
  notTaken(error: Error): void {
    if (!(error instanceof DiskError)) return
    if (!mayPass(error)) this.onFailure?.(error)
    // Damage is told as such, and so is what has taken the log offline.
    if (!(error instanceof DamageError) && !this.hasEnded) this.onRefused?.(error)
  }

  tell(trouble: Trouble): void {
    const is = typeof trouble === 'string' ? null : trouble.is
    if (is === this.#trouble) return
    this.#trouble = is
    this.onTrouble?.(trouble)
  }

  assertUsable(): void {
    if (this.#ended !== null) throw this.#ended
    this.assertKept()
  }

  assertKept(): void {
    if (this.#failure === null) return
    const advice = 'The disk failed to keep what was written. Check it, then start again; the log will be recovered.'
    const message = `${this.#directory} takes no more records: ${this.#failure.message} ${advice}`
    throw new DiskError('failed', this.#directory, message, this.#failure)
  }

  /** Whoever finds damage while reading tells of it, and the log is closed; also where the disk does not give back what is there. */
  noticing<T>(read: () => T): T {
    if (this.#ended !== null) throw this.#ended
    try {
      const found = read()
      if (this.#isUnread) this.#isUnread = this.onReadAgain?.() !== 'over'
      return found
    } catch (error) {
      const cannotBeRead = error instanceof DiskError && !(error instanceof DamageError) && error.problem !== 'gone'
      if (cannotBeRead) {
        this.#isUnread = true
        this.onUnread?.(error)
      }
      throw this.told(error)
    }
  }

  /** The error, once its damage was told. */
  told<Thrown>(error: Thrown): Thrown {
    if (error instanceof DamageError) this.onDamage?.(error)
    return error
  }
}
