/**
 * What leaders of share partitions and their group were promised of their states.
 *
 * - What was acknowledged is read later, by whoever looks after it then: the start offset does not go back, and of each offset behind it nothing
 *   less is told than was acknowledged. What comes late, or twice, takes nothing back.
 * - Nothing is told that nobody has written.
 * - Who was fenced, by a later leader's read or by an initialization, writes no more.
 */
import { BrokenPromise } from '../broken-promise.ts'

export interface Batch {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly deliveryState: number
  readonly deliveryCount: number
}

export interface Epochs {
  readonly stateEpoch: number
  readonly leaderEpoch: number
}

export interface Write extends Epochs {
  readonly startOffset: number
  readonly stateBatches: readonly Batch[]
}

export interface Told {
  readonly stateEpoch: number
  readonly startOffset: number
  readonly stateBatches: readonly Batch[]
}

/** What was acknowledged when somebody asked. */
interface Known {
  readonly stateEpoch: number
  readonly leaderEpoch: number
  readonly startOffset: number
  readonly progress: ReadonlyMap<number, number>
}

/** From one initialization to the next. */
class Since {
  readonly startsAsked = new Set<number>()
  readonly progressAsked = new Map<number, Set<number>>()
  startOffset = 0
  /** By offset: how far it has come. */
  readonly progress = new Map<number, number>()
  /** Whoever leads in an earlier epoch is fenced. */
  leaderEpoch = 0
}

export class ShareStateLedger {
  readonly counts = { 'states written': 0, 'states read': 0, 'states begun': 0 }
  /** Of the topic whose partitions are shared; null until it is made. */
  topicId: string | null = null
  readonly #shares = new Map<string, ShareLedger>()

  share(name: string): ShareLedger {
    const share = this.#shares.get(name) ?? new ShareLedger(name)
    this.#shares.set(name, share)
    return share
  }
}

/** One share partition. */
export class ShareLedger {
  readonly name: string
  readonly #since = new Map<number, Since>()
  /** The latest that was acknowledged; 0: none. */
  #stateEpoch = 0
  #lastStateEpoch = 0
  #lastLeaderEpoch = 0

  constructor(name: string) {
    this.name = name
  }

  /** One that nobody has had: what is under way from before is fenced by it. */
  newStateEpoch(): number {
    this.#lastStateEpoch += 1
    return this.#lastStateEpoch
  }

  newLeaderEpoch(): number {
    this.#lastLeaderEpoch += 1
    return this.#lastLeaderEpoch
  }

  initializeAsked(stateEpoch: number, startOffset: number): void {
    const since = new Since()
    since.startOffset = startOffset
    since.startsAsked.add(startOffset)
    this.#since.set(stateEpoch, since)
  }

  initialized(stateEpoch: number): void {
    this.#stateEpoch = Math.max(this.#stateEpoch, stateEpoch)
  }

  writeAsked({ stateEpoch, startOffset, stateBatches }: Write): Known {
    const since = this.#sinceOf(stateEpoch)
    since.startsAsked.add(startOffset)
    for (const [offset, progress] of progressIn(stateBatches)) {
      const asked = since.progressAsked.get(offset) ?? new Set<number>()
      since.progressAsked.set(offset, asked.add(progress))
    }
    return this.known(stateEpoch)
  }

  written({ stateEpoch, leaderEpoch, startOffset, stateBatches }: Write, before: Known): void {
    if (stateEpoch < before.stateEpoch)
      this.#fail(`a write of state epoch ${stateEpoch} was taken after an initialization with ${before.stateEpoch}`)
    if (leaderEpoch < before.leaderEpoch)
      this.#fail(`a write of leader epoch ${leaderEpoch} was taken after ${before.leaderEpoch} has read`)
    const since = this.#sinceOf(stateEpoch)
    since.startOffset = Math.max(since.startOffset, startOffset)
    for (const [offset, progress] of progressIn(stateBatches))
      since.progress.set(offset, Math.max(progress, since.progress.get(offset) ?? 0))
  }

  /** What has to be told from now on. `stateEpoch`: of the writer, where that is another. */
  known(stateEpoch = this.#stateEpoch): Known {
    const { leaderEpoch, startOffset, progress } = this.#since.get(stateEpoch) ?? new Since()
    return { stateEpoch: this.#stateEpoch, leaderEpoch, startOffset, progress: new Map(progress) }
  }

  /** A coordinator says that it was never initialized. */
  toldNothing(before: Known): void {
    if (before.stateEpoch > 0) this.#fail(`it is forgotten; it was initialized with state epoch ${before.stateEpoch}`)
  }

  told({ stateEpoch, startOffset, stateBatches }: Told, leaderEpoch: number, before: Known): void {
    if (stateEpoch < before.stateEpoch)
      this.#fail(`state epoch ${stateEpoch} was read, and ${before.stateEpoch} was acknowledged before`)
    const since = this.#sinceOf(stateEpoch)
    since.leaderEpoch = Math.max(since.leaderEpoch, leaderEpoch)
    if (!since.startsAsked.has(startOffset)) this.#fail(`it starts at ${startOffset}, which nobody asked for`)
    const progress = progressIn(stateBatches)
    for (const [offset, reached] of progress)
      if (since.progressAsked.get(offset)?.has(reached) !== true)
        this.#fail(`${reached} at ${offset} was never written`)
    if (stateEpoch > before.stateEpoch) return
    if (startOffset < before.startOffset)
      this.#fail(`it starts at ${startOffset}, and ${before.startOffset} was acknowledged before`)
    for (const [offset, least] of before.progress) {
      const reached = progress.get(offset) ?? 0
      if (offset >= startOffset && reached < least)
        this.#fail(`${reached} was read at ${offset}, and ${least} was acknowledged before`)
    }
  }

  #sinceOf(stateEpoch: number): Since {
    return this.#since.get(stateEpoch) ?? this.#fail(`it is in state epoch ${stateEpoch}, which nobody asked for`)
  }

  #fail(what: string): never {
    throw new BrokenPromise(`${this.name}: ${what}`)
  }
}

/** Of each offset: the greater count has come further, of two with the same the greater state. */
function progressIn(batches: readonly Batch[]): ReadonlyMap<number, number> {
  const progress = new Map<number, number>()
  for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of batches)
    for (let offset = firstOffset; offset <= lastOffset; offset += 1)
      progress.set(offset, Math.max(progress.get(offset) ?? 0, deliveryCount * 10 + deliveryState))
  return progress
}
