/**
 * Snapshots of the metadata while it is in use, so that the log need not hold all that ever was (KIP-630; Kafka: SnapshotGenerator): one
 * when the log has grown by so much since the last, or when that was so long ago. Written in pieces, beside everything else.
 *
 * A snapshot has its name only when the records that it stands for are safe, and the brokers' disks have let go of what those deleted: a
 * directory of a deleted topic that a power cut brings back is told from damage by the record of its deletion.
 */
import type { ClusterImage } from '../coordination/metadata/image.ts'
import type { MetadataLogConfig } from '../coordination/metadata/metadata-log-config.ts'
import { snapshotsAmong } from '../coordination/metadata/snapshot.ts'
import { writeMetadataSnapshot } from '../coordination/metadata/snapshot-writing.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { Slices } from '../host/slices.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { RaftControlRecord } from '../protocol/records/raft-control-records.ts'
import { metadataDirectory } from './metadata-directory.ts'
import { readQuorumRecords } from './metadata-quorum.ts'
import { dropOldSnapshots } from './snapshot-retention.ts'
import type { Telling } from './telling.ts'

/** Whoever writes the log. */
export interface SnapshotSource {
  /** As the log says, up to its end. */
  readonly image: ClusterImage
  /** Resolves when all that was written so far is safe, and so is what the brokers made of it. Rejects with DiskError. */
  settled(): Promise<void>
}

export class MetadataSnapshots {
  readonly #host: Host
  readonly #log: PartitionLog
  readonly #config: MetadataLogConfig
  readonly #telling: Telling
  #source: SnapshotSource | null = null
  /** Bytes of the log that the newest snapshot stands for, or that one was tried for. */
  #coveredBytes: number
  #takenMs: number
  /** Nobody but a Kafka that had the directory before writes these. */
  #quorum: readonly RaftControlRecord[] | null = null
  #underWay: Promise<void> | null = null
  #hasEnded = false
  #giveUp: () => void = () => {}
  readonly #ended = new Promise<never>((_, reject) => {
    this.#giveUp = () => reject(isClosed())
  })

  constructor(host: Host, log: PartitionLog, config: MetadataLogConfig, telling: Telling) {
    this.#host = host
    this.#log = log
    this.#config = config
    this.#telling = telling
    const newest = snapshotsAmong(host.disk.list(metadataDirectory)).at(-1)
    this.#coveredBytes = newest === undefined ? 0 : log.sizeBytes - log.sizeBytesFrom(newest.endOffset)
    this.#takenMs = host.clock.monotonicMs()
    // Nobody may be waiting.
    this.#ended.catch(() => {})
  }

  /** From here on they are written, when they come due. */
  begin(source: SnapshotSource): void {
    this.#source = source
    this.consider()
  }

  /** The log has grown. */
  consider(): void {
    const source = this.#source
    if (source === null || this.#underWay !== null || this.#hasEnded || !this.#isDue()) return
    const taken = this.#take(source).finally(() => {
      this.#underWay = null
    })
    // Whoever ends it waits for it, and need not know how it went.
    this.#underWay = taken.catch(() => {})
    this.#telling.attemptSoon('snapshot of the metadata', () =>
      taken.catch((error: unknown) => {
        if (!this.#hasEnded) throw error
      })
    )
  }

  /** Resolves when nothing is written any more. */
  async end(): Promise<void> {
    this.#hasEnded = true
    this.#giveUp()
    await this.#underWay
  }

  #isDue(): boolean {
    const { bytesBetweenSnapshots, snapshotIntervalMs } = this.#config
    const grownBytes = this.#log.sizeBytes - this.#coveredBytes
    if (grownBytes >= bytesBetweenSnapshots) return true
    const sinceMs = this.#host.clock.monotonicMs() - this.#takenMs
    return snapshotIntervalMs > 0 && grownBytes > 0 && sinceMs >= snapshotIntervalMs
  }

  /** One that fails is tried again when the next would be due (Kafka: SnapshotGenerator.scheduleEmit). */
  async #take(source: SnapshotSource): Promise<void> {
    const { disk, clock } = this.#host
    const log = this.#log
    this.#takenMs = clock.monotonicMs()
    const slices = new Slices(clock)
    const pause = async (): Promise<void> => {
      await slices.othersTurn()
      if (this.#hasEnded) throw isClosed()
    }
    this.#quorum ??= await readQuorumRecords(disk, log, pause)
    await this.#write(source, this.#quorum, pause)
    const sizeBytes = log.sizeBytes
    await dropOldSnapshots(disk, log, this.#config, clock.nowMs())
    this.#coveredBytes -= sizeBytes - log.sizeBytes
  }

  /** What is said of the log and what of the image is taken in one go: they belong together. */
  async #write(
    source: SnapshotSource,
    quorum: readonly RaftControlRecord[],
    pause: () => Promise<void>
  ): Promise<void> {
    const { disk, clock } = this.#host
    const log = this.#log
    const endOffset = log.logEndOffset
    const nowMs = clock.nowMs()
    const lastTimestampMs = log.maxTimestamp()?.timestampMs ?? nowMs
    this.#coveredBytes = log.sizeBytes
    // A disk that has no room, or no file handle, may not have any for hours: a stop does not wait for that.
    const recordsSafe = Promise.race([source.settled(), this.#ended])
    // It is waited for when the rest is done, which may never be.
    recordsSafe.catch(() => {})
    const of = { endOffset, epoch: log.epochOf(endOffset - 1), lastTimestampMs, nowMs, quorum, pause, recordsSafe }
    await writeMetadataSnapshot(disk, source.image, of)
  }
}

function isClosed(): DiskError {
  return new DiskError('not-found', metadataDirectory, 'The metadata log is closed.')
}
