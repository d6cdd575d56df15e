/**
 * Compaction of one log: of each key only the last record stays, and no record moves (Kafka: Cleaner.doClean).
 *
 * First the newest offset of each dirty key is noted, then the segments are written anew from the first one on, without the records that
 * a newer one of their key follows, a group of them into one. Each group takes the place of what it was made of as soon as it is safe
 * (`segment-swap.ts`), so that a run that is stopped, or meets a disk that refuses, leaves a log that is whole: cleaned up to somewhere.
 *
 * It works on finished segments, which are safe with their indexes, below an offset from which on nothing is settled: what it reads
 * nobody changes. Segments may be dropped at any time, and the run ends; who cuts the log, or closes it, stops the run first.
 */
import type { Clock } from '../../host/clock.ts'
import type { ProducerState } from '../producer-state.ts'
import type { Segment, SegmentSurroundings } from '../segment.ts'
import { segmentIndexOf } from '../segment-reading.ts'
import { ReplacedTooLate } from '../segment-swap.ts'
import type { Segments } from '../segments.ts'
import type { LogConfig } from '../types.ts'
import { CleaningWalk, type WalkedSegment } from './cleaning-walk.ts'
import type { Dirt } from './dirt.ts'
import { dirtyKeys } from './dirty-keys.ts'
import { type CleaningCounts, cleanGroup } from './group-cleaning.ts'
import { groupsOf } from './grouping.ts'
import { Pace } from './pace.ts'

export interface CompactedLog {
  readonly directory: string
  readonly segments: Segments
  readonly producers: ProducerState
  readonly clock: Clock
  surroundings(): SegmentSurroundings
  config(): LogConfig
  /** Whether it was closed or deleted. */
  hasEnded(): boolean
  /** Throws when it has failed. */
  assertUsable(): void
  /** Does what no sync may run beside. */
  alone(work: () => Promise<void>): Promise<void>
  /** From here on offsets may be missing between batches. */
  allowGaps(): void
}

export interface CompactionRequest {
  readonly dirt: Dirt
  /** For the keys. */
  readonly memoryBytes: number
  readonly loadFactor: number
  /** What may be read and written in a second. */
  readonly bytesPerSecond: () => number
  /** Resolves when the next start knows that offsets may be missing. Rejects with DiskError. */
  readonly noteGaps: () => Promise<void>
  /** Called again and again while it takes long. */
  readonly onProgress: (soFar: CompactionProgress) => void
}

export interface CompactionProgress extends Readonly<CleaningCounts> {
  readonly elapsedMs: number
}

export interface Compacted extends CompactionProgress {
  /** No key has two records below it. */
  readonly cleanedUpTo: number
}

/** Nobody wants the run any more, or what it works on is gone. */
class StoppedCompaction extends Error {
  override readonly name = 'StoppedCompaction'
}

export class Compaction {
  readonly #log: CompactedLog
  #underWay: Promise<Compacted | null> | null = null
  #isWanted = true

  constructor(log: CompactedLog) {
    this.#log = log
  }

  get isUnderWay(): boolean {
    return this.#underWay !== null
  }

  /** Resolves when nothing is under way any more: what was comes to an end at the next occasion. */
  async stop(): Promise<void> {
    this.#isWanted = false
    await this.#underWay?.catch(() => {})
  }

  /** Null when the segments are nobody's; else stops, and resolves when all of them have their names. Rejects with DiskError. */
  letGo(): Promise<void> | null {
    const { segments } = this.#log
    if (!this.isUnderWay && segments.isSettled) return null
    return this.stop().then(() => segments.settleSwap())
  }

  /**
   * Resolves with null when it was stopped. Rejects with DiskError, also for damage, and with UncleanableError; the log is whole all the
   * same.
   */
  run(request: CompactionRequest): Promise<Compacted | null> {
    if (this.#underWay !== null) throw new Error(`${this.#log.directory} is being compacted already`)
    this.#isWanted = true
    this.#underWay = this.#run(request).finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  async #run(request: CompactionRequest): Promise<Compacted | null> {
    try {
      return await this.#clean(request)
    } catch (error) {
      // Of a log that is gone nobody wants to hear why it could not be read.
      const isStopped = error instanceof StoppedCompaction || error instanceof ReplacedTooLate
      if (isStopped || this.#log.hasEnded()) return null
      throw error
    }
  }

  async #clean(request: CompactionRequest): Promise<Compacted> {
    const { clock, segments } = this.#log
    const { dirt, bytesPerSecond } = request
    /** What is not cleaned yet. */
    const left = this.#segmentsBelow(dirt.endOffset)
    const counts: CleaningCounts = { bytesBefore: 0, bytesAfter: 0, recordsBefore: 0, recordsAfter: 0 }
    const onTurn = (): void => {
      this.#assertWanted(left)
      request.onProgress({ ...counts, elapsedMs: pace.elapsedMs })
    }
    const pace = new Pace({ clock, bytesPerSecond, onTurn })
    this.#assertWanted(left)
    await this.#openToGaps(request)
    this.#assertWanted(left)
    await segments.settleSwap()
    this.#assertWanted(left)
    const keys = await dirtyKeys(this.#walk(pace), left, dirt.firstDirtyOffset, request)
    left.splice(left.findLastIndex(({ segment }) => segment.baseOffset <= keys.newestOffset) + 1)
    const tools = { ...keys, counts, pace, walk: this.#walk(pace), nowMs: clock.nowMs(), endOffset: dirt.endOffset }
    while (left.length > 0) {
      const group = this.#firstGroup(left)
      const cleaned = await cleanGroup(this.#log, group, tools)
      const replaced = group.map(({ segment }) => segment)
      await segments.replace(replaced, cleaned, (work) => this.#log.alone(work))
      left.splice(0, group.length)
    }
    return { ...counts, elapsedMs: pace.elapsedMs, cleanedUpTo: keys.newestOffset + 1 }
  }

  #segmentsBelow(endOffset: number): WalkedSegment[] {
    const { all } = this.#log.segments
    const walked: WalkedSegment[] = []
    for (const [index, segment] of all.entries()) {
      const next = all[index + 1]
      if (next === undefined || next.baseOffset > endOffset) break
      walked.push({ segment, endOffset: next.baseOffset })
    }
    return walked
  }

  #firstGroup(left: readonly WalkedSegment[]): readonly WalkedSegment[] {
    const segments = left.map(({ segment }) => segment)
    const [first] = groupsOf(segments, left.at(-1)?.endOffset ?? 0, this.#log.config())
    return left.slice(0, first?.length ?? 1)
  }

  #walk(pace: Pace): CleaningWalk {
    const { segments, clock, surroundings } = this.#log
    return new CleaningWalk(
      () => ({ surroundings: surroundings(), segments: segments.all, nowMs: clock.nowMs() }),
      pace
    )
  }

  /** A start that does not know it would take what is missing for damage. */
  async #openToGaps({ noteGaps }: CompactionRequest): Promise<void> {
    if (this.#log.surroundings().gaps === 'compacted') return
    await noteGaps()
    this.#log.allowGaps()
  }

  /** Segments go from the first one on: where the first of those that are left is there, all are. */
  #assertWanted([first]: readonly WalkedSegment[]): void {
    if (!this.#isWanted || this.#log.hasEnded()) throw new StoppedCompaction('it is not wanted any more')
    this.#log.assertUsable()
    if (first !== undefined && !this.#isThere(first.segment)) throw new StoppedCompaction('its segments were dropped')
  }

  #isThere(segment: Segment): boolean {
    const { all } = this.#log.segments
    return all[segmentIndexOf(all, segment.baseOffset)] === segment
  }
}
