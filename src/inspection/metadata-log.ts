/**
 * What the metadata of a stopped cluster says: its newest snapshot, and the records of the log behind it. Read as a start reads it,
 * and nothing is changed.
 */

import type { StateRecord } from '../coordination/coordinator.ts'
import { ClusterImage } from '../coordination/metadata/image.ts'
import { replayMetadata } from '../coordination/metadata/replay.ts'
import { DamagedSnapshot, newestSnapshot, readSnapshot, type SnapshotId } from '../coordination/metadata/snapshot.ts'
import { UnsupportedMetadata } from '../coordination/metadata/support.ts'
import { metadataTopicName } from '../coordination/metadata/topic-names.ts'
import { MetadataTransactions } from '../coordination/metadata/transactions.ts'
import type { ReadableDisk } from '../host/readable-disk.ts'
import type { WholeBatch } from '../log/batch-walk.ts'
import { fileName, fileSuffix } from '../log/file-names.ts'
import { batchSizeAt, hasValidCrc, isControl, lastOffsetOf, readBatchHeader } from '../protocol/records/batch.ts'
import { type RaftControlRecord, readRaftControlRecords } from '../protocol/records/raft-control-records.ts'
import { isUnreadable, readRecords } from '../protocol/records/reader.ts'
import { batchesOf, segmentsAmong } from './segment-walk.ts'

export const metadataDirectory = `${metadataTopicName}-0`

export interface MetadataLog {
  readonly image: ClusterImage
  readonly snapshot: SnapshotId | null
  /** The offset after the last record. */
  readonly endOffset: number
  /** Of the last record. */
  readonly epoch: number
  readonly lastTimestampMs: number
  /** The newest that Raft said of its own version and of its voters; empty where neither was ever said. */
  readonly quorum: readonly RaftControlRecord[]
}

/** Where the metadata cannot be read. */
export class UnreadableMetadata extends Error {
  override readonly name = 'UnreadableMetadata'
  readonly path: string
  readonly position: number | null

  constructor(path: string, position: number | null, message: string) {
    super(message)
    this.path = path
    this.position = position
  }
}

/** `directory` is where the metadata's own lies, as seen from the disk's root. Throws UnreadableMetadata, DiskError. */
export function readMetadataLog(disk: ReadableDisk, directory = metadataDirectory): MetadataLog {
  const names = disk.list(directory)
  const reading = new Reading(disk, directory)
  const snapshot = newestSnapshot(names)
  if (snapshot !== null) reading.takeSnapshot(snapshot)
  const segments = segmentsAmong(names)
  if (snapshot === null && segments.length === 0) {
    throw new UnreadableMetadata(directory, null, 'It has neither a log nor a snapshot.')
  }
  for (const baseOffset of segments) reading.takeSegment(baseOffset)
  if (reading.hasOpenTransaction) {
    throw new UnreadableMetadata(
      directory,
      null,
      'Its last transaction has no end: a controller was stopped within it.'
    )
  }
  return { image: reading.image, snapshot, ...reading.end, quorum: reading.quorum }
}

class Reading {
  readonly image = new ClusterImage()
  readonly #disk: ReadableDisk
  readonly #directory: string
  readonly #transactions = new MetadataTransactions((record) => replayMetadata(this.image, record))
  readonly #quorum = new Map<RaftControlRecord['type'], RaftControlRecord>()
  #end = { endOffset: 0, epoch: 0, lastTimestampMs: 0 }

  constructor(disk: ReadableDisk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  get end(): Pick<MetadataLog, 'endOffset' | 'epoch' | 'lastTimestampMs'> {
    return this.#end
  }

  get quorum(): readonly RaftControlRecord[] {
    return [...this.#quorum.values()]
  }

  get hasOpenTransaction(): boolean {
    return this.#transactions.isOpen
  }

  takeSnapshot({ name, endOffset, epoch }: SnapshotId): void {
    const path = `${this.#directory}/${name}`
    const bytes = this.#disk.readFile(path)
    this.#reading(path, null, () => {
      for (const record of readSnapshot(bytes, { epoch })) this.#transactions.take(record)
    })
    for (let position = 0; position < bytes.length; position += batchSizeAt(bytes, position)) {
      const batch = bytes.subarray(position, position + batchSizeAt(bytes, position))
      if (isControl(readBatchHeader(batch).attributes)) this.#takeControl(batch)
    }
    this.#end = { endOffset, epoch, lastTimestampMs: 0 }
  }

  takeSegment(baseOffset: number): void {
    const path = `${this.#directory}/${fileName(baseOffset, fileSuffix.log)}`
    const { endOffset } = this.#end
    if (baseOffset > endOffset) {
      throw new UnreadableMetadata(path, null, `The records from offset ${endOffset} to ${baseOffset - 1} are gone.`)
    }
    const batches = batchesOf(this.#disk, { path, baseOffset, gaps: 'none' })
    for (let step = batches.next(); ; step = batches.next()) {
      if (step.done === true && step.value !== null) {
        throw new UnreadableMetadata(path, step.value.position, step.value.what)
      }
      if (step.done === true) return
      this.#takeBatch(path, step.value)
    }
  }

  #takeBatch(path: string, { header, position, bytes }: WholeBatch): void {
    if (!hasValidCrc(bytes, 0, bytes.length)) throw new UnreadableMetadata(path, position, 'Its checksum is another.')
    const known = this.#end.endOffset
    if (lastOffsetOf(header) < known) return
    const { partitionLeaderEpoch: epoch, maxTimestamp: lastTimestampMs } = header
    if (isControl(header.attributes)) this.#takeControl(bytes)
    else {
      this.#reading(path, position, () => {
        for (const record of readRecords(bytes)) if (record.offset >= known) this.#transactions.take(copied(record))
      })
    }
    this.#end = { endOffset: lastOffsetOf(header) + 1, epoch, lastTimestampMs }
  }

  #takeControl(batch: Buffer): void {
    for (const record of readRaftControlRecords(batch)) {
      if (record.type === 'kraftVersion' || record.type === 'kraftVoters') this.#quorum.set(record.type, record)
    }
  }

  #reading(path: string, position: number | null, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof DamagedSnapshot) throw new UnreadableMetadata(path, error.position, sentence(error.message))
      if (!isUnreadable(error) && !(error instanceof UnsupportedMetadata)) throw error
      throw new UnreadableMetadata(path, position, sentence(error.message))
    }
  }
}

/** The bytes of a batch are used again for the next one, and what a transaction holds or the image keeps must stay. */
function copied({ value }: { readonly value: Buffer | null }): StateRecord {
  return { key: null, value: value === null ? null : Buffer.from(value) }
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith('.') ? '' : '.'}`
}
