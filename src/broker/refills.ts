/**
 * Logs that are of no use here any more, and that others have: they are set aside, and their leaders fill new ones. A damaged one is looked
 * into by whoever runs the broker. Where the disk failed to take or to keep what was written, that may have passed: it is tried soon, and
 * each time that it fails again, after twice as long. (Kafka leaves the whole directory offline until a restart: LogDirFailureChannel.)
 */
import type { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { limits } from '../limits.ts'
import type { Removals } from './removals.ts'
import { strayName } from './strays.ts'

interface Failures {
  readonly atMs: number
  readonly pauseMs: number
}

export class Refills {
  readonly #host: Host
  readonly #removals: Removals
  readonly #log: (line: string) => void
  /** By the names of their directories. */
  readonly #failures = new Map<string, Failures>()

  constructor(host: Host, removals: Removals, log: (line: string) => void) {
    this.#host = host
    this.#removals = removals
    this.#log = log
  }

  /** It has served until now, or was about to. */
  failed(name: string): void {
    const atMs = this.#host.clock.monotonicMs()
    const before = this.#failures.get(name)
    const isAgain = before !== undefined && atMs - before.atMs <= before.pauseMs + limits.refillPauseMaxMs
    this.#failures.set(name, { atMs, pauseMs: isAgain ? before.pauseMs : limits.openAgainMs })
  }

  /** Whether it has rested for long enough. */
  isDue(name: string): boolean {
    const failures = this.#failures.get(name)
    return failures !== undefined && this.#host.clock.monotonicMs() - failures.atMs >= failures.pauseMs
  }

  forget(name: string): void {
    this.#failures.delete(name)
  }

  /** A new one may take its name. Throws DiskError. */
  setAside(name: string, { problem }: DiskError, leader: number): void {
    const { disk, clock, chance } = this.#host
    const { pauseMs } = this.#failures.get(name) ?? { pauseMs: limits.openAgainMs }
    this.#failures.set(name, { atMs: clock.monotonicMs(), pauseMs: Math.min(2 * pauseMs, limits.refillPauseMaxMs) })
    if (!disk.exists(name)) return
    const aside = strayName(name, chance)
    disk.rename(name, aside)
    const why = problem === 'damaged' ? 'damage' : 'failure'
    const what = `${disk.location}/${name} was set aside as ${aside}, for its ${why}.`
    this.#log(`${what} Broker ${leader}, which leads, fills it again.`)
    // What was filled since the first failure is what others have: kept each time, it would fill the disk.
    if (problem !== 'damaged' && pauseMs > limits.openAgainMs) this.#removals.add(aside)
  }
}
