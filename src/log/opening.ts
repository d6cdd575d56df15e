/**
 * Opening the log of a partition, step by step: what a crash left half is finished or undone, the segments are read or recovered,
 * where the log begins and which epochs it has is held against them, and the producers are loaded. (Kafka: LogLoader.load)
 */
import type { Clock } from '../host/clock.ts'
import { attempt, type Disk } from '../host/disk.ts'
import type { Gaps } from './continuity.ts'
import { cutNote, writeCutNote } from './cut-note.ts'
import { mendEpochs } from './epoch-check.ts'
import { fileSuffix, setAsideAmong } from './file-names.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { removeSetAside, settleLeftovers } from './leftovers.ts'
import { assertMayBeMissing, assertOwned } from './partition-metadata.ts'
import { loadProducers } from './producer-loading.ts'
import { producerSnapshotsAmong } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { openSegments } from './recovery.ts'
import { beginningOf, epochOfFirst } from './segment-chain.ts'
import { Segments } from './segments.ts'
import type { SyncTurns } from './sync-turns.ts'
import type { Durability, LogConfig } from './types.ts'

export interface LogOpening {
  readonly disk: Disk
  /** 'topic-partition', below the disk's root. */
  readonly directory: string
  readonly topicId: string
  readonly config: LogConfig
  readonly clock: Clock
  readonly durability: Durability
  /** Shared by all logs of a disk. */
  readonly syncTurns: SyncTurns
  /** Whether the log was just made, and checkpoints speak of an earlier one of its name; or it should be there. */
  readonly history: 'new' | 'known'
  /** Below it everything was synced, as the last checkpoint says; null when that says nothing. */
  readonly recoveryPoint: number | null
  /** From the checkpoint; null when that says nothing. */
  readonly logStartOffset: number | null
  /** Where there are others, they are asked for what recovery has cut off. */
  readonly copies: 'one' | 'several'
  /** Whether Kafka has compacted it. */
  readonly gaps: Gaps
  /** Gets a line when something damaged was made anew, or what a crash left was cut off. */
  readonly report: (line: string) => void
  readonly shutdown: 'clean' | 'unclean'
  /** The epoch of the leader that opens the log. */
  readonly leaderEpoch: number
  /** After so many bytes a sync takes the indexes along, so that a start after a crash reads no more than about this. */
  readonly checkpointBytes: number
}

export interface OpenedLog {
  readonly segments: Segments
  readonly producers: ProducerState
  readonly epochs: LeaderEpochs
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Everything below survives a power cut. */
  readonly syncedOffset: number
  /** A start has cut something off that others may have: this one, or one before it. */
  readonly wasCut: boolean
}

/** Throws DiskError, also on damage that recovery must not hide; no file is open then. */
export function openLog(options: LogOpening): OpenedLog {
  const { disk, directory } = options
  // One look at the directory serves all that follows: with thousands of partitions, looking is what a start is made of.
  const found = disk.list(directory)
  const names = settleLeftovers(disk, directory, found)
  const known = options.history === 'new' ? { recoveryPoint: null, logStartOffset: null } : options
  const isMissing = names.length === 0 && options.history === 'known'
  if (isMissing) assertMayBeMissing(options)
  assertOwned(names, options)
  const epochs = new LeaderEpochs(disk, directory)
  const nowMs = options.clock.nowMs()
  let wasCut = found.includes(cutNote)
  const noteCut = (): void => {
    if (options.copies === 'one' || wasCut) return
    writeCutNote(disk, directory)
    wasCut = true
  }
  const opened = openSegments({
    ...options,
    ...known,
    names,
    setAside: setAsideAmong(found),
    firstEpochOffset: epochs.first,
    newestEpoch: Math.max(options.leaderEpoch, epochs.latest),
    nowMs,
    beforeCut: noteCut
  })
  const { segments, logEndOffset } = opened
  try {
    // Nothing is known of what it held; others may have all of it.
    if (isMissing) noteCut()
    const baseOffset = segments[0]?.baseOffset ?? 0
    const firstRecordsEpoch = epochOfFirst(segments)
    const firstEpochOffset = epochs.first
    const { shutdown } = options
    const beginning = { ...known, firstEpochOffset, baseOffset, logEndOffset, firstRecordsEpoch, shutdown }
    const logStartOffset = beginningOf(beginning, options)
    epochs.cutFrom(logEndOffset + 1)
    mendEpochs(epochs, { ...options, segments, logEndOffset, logStartOffset })
    epochs.saveNow()
    // Where the disk refuses, they stay until another start.
    attempt(() => {
      if (found.some((name) => name.endsWith(fileSuffix.deleted))) epochs.cutBefore(logStartOffset)
      epochs.saveNow()
      removeSetAside(disk, directory, found)
    })
    const producers = new ProducerState()
    const snapshots = producerSnapshotsAmong(names)
    const sources = { surroundings: options, snapshots, segments, logEndOffset, nowMs }
    const hasNewNames = loadProducers(producers, sources) === 'removed some'
    // A power cut must not bring back a file of records that are lost: others will have taken their offsets.
    if (opened.hasRemoved || snapshots.some((offset) => offset > logEndOffset)) disk.syncDirectoryNow(directory)
    const syncedOffset = options.shutdown === 'clean' ? logEndOffset : Math.min(known.recoveryPoint ?? 0, logEndOffset)
    const { checkpointBytes } = options
    return {
      segments: new Segments({ ...options, segments, producers, checkpointBytes, hasNewNames }),
      ...{ producers, epochs, logStartOffset, logEndOffset, syncedOffset, wasCut }
    }
  } catch (error) {
    for (const segment of segments) segment.close()
    throw error
  }
}
