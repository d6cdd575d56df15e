/**
 * File handles kept for want of them (EMFILE): whatever clients and logs have taken, what is in the files can be read, and what was
 * written can be made safe. libuv keeps one in the same way, to turn away who connects (uv__emfile_trick). One is for what opens and
 * closes within one turn, so that it is always back in time; one for syncs, which wait for each other.
 *
 * Budget: nothing, as long as files can be opened.
 */
import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { codeOf } from '../system-error.ts'

class SpareHandle {
  #handle: number | null = null

  take(): void {
    if (this.#handle !== null) return
    try {
      this.#handle = openSync(devNull, 'r')
    } catch {
      // Somebody else was sooner; the next that closes a file tries again.
    }
  }

  giveUp(): void {
    if (this.#handle !== null) closeSync(this.#handle)
    this.#handle = null
  }
}

export class SpareHandles {
  readonly #inTurn = new SpareHandle()
  readonly #forSyncs = new SpareHandle()
  #holders = 0
  #syncs: Promise<void> = Promise.resolve()

  /** They are there from now on, until what this gives is called. */
  hold(): () => void {
    this.#holders += 1
    this.restore()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holders -= 1
      if (this.#holders > 0) return
      this.#inTurn.giveUp()
      this.#forSyncs.giveUp()
    }
  }

  /** Some handle is free again. */
  restore(): void {
    if (this.#holders === 0) return
    this.#inTurn.take()
    this.#forSyncs.take()
  }

  /** Opens a file that is closed within this turn: `restore` follows. */
  open(work: () => number): number {
    try {
      return work()
    } catch (error) {
      if (!isForWantOfHandles(error) || this.#holders === 0) throw error
      this.#inTurn.giveUp()
      try {
        return work()
      } catch (again) {
        this.#inTurn.take()
        throw again
      }
    }
  }

  /** Does what opens files and closes them before it returns; it may be done again. */
  within<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (!isForWantOfHandles(error) || this.#holders === 0) throw error
      this.#inTurn.giveUp()
      try {
        return work()
      } finally {
        this.#inTurn.take()
      }
    }
  }

  /** Does a sync, which opens a file when it is called; in its turn where no handle is free. */
  async sync(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!isForWantOfHandles(error) || this.#holders === 0) throw error
      const done = this.#syncs.then(() => this.#syncWithSpare(work))
      this.#syncs = done.catch(() => {})
      await done
    }
  }

  async #syncWithSpare(work: () => Promise<void>): Promise<void> {
    this.#forSyncs.giveUp()
    try {
      await work()
    } finally {
      if (this.#holders > 0) this.#forSyncs.take()
    }
  }
}

/** Of all disks of this process: so is the limit. */
export const spareHandles = new SpareHandles()

function isForWantOfHandles(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EMFILE' || code === 'ENFILE'
}
