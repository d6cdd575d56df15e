/**
 * Records that the disk does not take, as whoever runs the broker is told of it: once when the first are refused, with file and cause, and
 * once when records are taken again. Want of room or of file handles is everybody's. That of room is over when anybody's records are taken;
 * that of handles when those that were refused have been, or none was for a while. Any other trouble is that of one log.
 */
import type { Clock } from '../host/clock.ts'
import { type DiskError, mayPass } from '../host/disk.ts'
import { limits } from '../limits.ts'

export class RefusedRecords {
  readonly #clock: Clock
  readonly #log: (line: string) => void
  /** What was told and is not over; and of what kind it is, to say what ends. */
  readonly #troubles = new Map<string, 'room' | 'handles' | 'log'>()
  readonly #toldMs = new Map<string, number>()
  /** Logs that had to open a file when they were refused, and have taken nothing since; and when that was last. */
  readonly #withoutHandle = new Set<string>()
  #withoutHandleMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, log: (line: string) => void) {
    this.#clock = clock
    this.#log = log
  }

  /** `name` is the log's. */
  refused(name: string, reason: DiskError): void {
    const kind = kindOf(reason)
    const trouble = kind === 'log' ? name : kind
    const nowMs = this.#clock.monotonicMs()
    if (kind === 'handles') {
      this.#withoutHandle.add(name)
      this.#withoutHandleMs = nowMs
    }
    const toldMs = this.#toldMs.get(trouble) ?? Number.NEGATIVE_INFINITY
    if (this.#troubles.has(trouble) || nowMs - toldMs < limits.refusalAgainMs) return
    this.#troubles.set(trouble, kind)
    this.#toldMs.set(trouble, nowMs)
    this.#log(`records are refused: ${reason.message}`)
  }

  /** Records of the log were written. Asked of each write. */
  taken(name: string): void {
    if (this.#troubles.size === 0) return
    this.#withoutHandle.delete(name)
    for (const [trouble, kind] of this.#troubles) {
      if (kind === 'log' && trouble !== name) continue
      if (kind === 'handles' && !this.#haveHandles()) continue
      this.#troubles.delete(trouble)
      this.#log(over(name, kind))
    }
  }

  /** A log that needs no file takes records all the while: it tells nothing of those that do. */
  #haveHandles(): boolean {
    if (this.#withoutHandle.size === 0) return true
    if (this.#clock.monotonicMs() - this.#withoutHandleMs < limits.refusalAgainMs) return false
    this.#withoutHandle.clear()
    return true
  }

  /** The log is closed, deleted or offline: whatever comes under its name is another. */
  forget(name: string): void {
    this.#withoutHandle.delete(name)
    this.#troubles.delete(name)
    this.#toldMs.delete(name)
  }
}

function kindOf(reason: DiskError): 'room' | 'handles' | 'log' {
  if (!mayPass(reason)) return 'log'
  return reason.problem === 'full' ? 'room' : 'handles'
}

function over(name: string, kind: 'room' | 'handles' | 'log'): string {
  if (kind === 'room') return 'there is room on the disk again: records are taken'
  if (kind === 'handles') return 'files can be opened again: records are taken'
  return `records of ${name} are taken again`
}
