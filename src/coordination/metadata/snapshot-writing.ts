/**
 * Writing a snapshot of the metadata (KIP-630; Kafka: MetadataImage.write, RecordsSnapshotWriter): what the image says, as records
 * from which it can be made again. Offsets count from 0 within the file, and every batch has the epoch that the name has.
 */
import { attempt, type Disk } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
import { buildBatch } from '../../protocol/records/builder.ts'
import { type RaftControlRecord, raftControlBatch } from '../../protocol/records/raft-control-records.ts'
import type { StateRecord } from '../coordinator.ts'
import type { ClusterImage } from './image.ts'
import {
  configRecord,
  featureLevelRecord,
  producerIdsRecord,
  registerBrokerRecord,
  standingPartitionRecord,
  topicRecord
} from './records.ts'
import type { SnapshotId } from './snapshot.ts'
import { metadataTopicName } from './topic-names.ts'

/** Which records a snapshot stands for. */
export interface SnapshotPlace {
  /** The first offset that is not in it; the image must be as it was there. */
  readonly endOffset: number
  /** Of the last record in it. */
  readonly epoch: number
  /** Of the last record in it. */
  readonly lastTimestampMs: number
}

export interface SnapshotWriting extends SnapshotPlace {
  readonly nowMs: number
  /** Raft's own records, where the log has some: the version it is spoken in, and its voters (KIP-853). */
  readonly quorum?: readonly RaftControlRecord[]
  /** Awaited between batches, so that a large cluster's snapshot does not hold up everything else. */
  readonly pause?: () => Promise<void>
  /** Resolves when the records that it stands for are safe; it has no name before. */
  readonly recordsSafe?: Promise<void>
}

const metadataVersionFeature = 'metadata.version'

/** No broker asks: the block is what is next (Kafka: ProducerIdsImage.write). */
const noBroker = -1

/**
 * What the image says at this moment, whatever becomes of it while the records are taken: what it holds is replaced and never
 * changed, so that a list of it is a copy of it. The metadata's version comes first, as all others are read by it.
 */
export function snapshotRecords(image: ClusterImage): Iterable<StateRecord> {
  const features = [...image.features].filter(([, level]) => level > 0)
  const { metadataVersion, nextProducerId } = image
  const topics = Array.from(image.topics(), ({ name, id, partitions }) => ({ name, id, partitions: [...partitions] }))
  const settings = Array.from(image.configurations(), ({ type, name, config }) =>
    Array.from(config, ([key, value]) => configRecord(type, name, key, value))
  ).flat()
  const kept = [...image.kept.all()]
  const brokers = Array.from(image.brokers(), (broker) => registerBrokerRecord(broker, metadataVersion))
  return (function* () {
    for (const [name, level] of features) if (name === metadataVersionFeature) yield featureLevelRecord(name, level)
    for (const [name, level] of features) if (name !== metadataVersionFeature) yield featureLevelRecord(name, level)
    yield* brokers
    yield* kept
    for (const topic of topics) {
      yield topicRecord(topic.name, topic.id)
      for (const partition of topic.partitions) yield standingPartitionRecord(topic.id, partition, metadataVersion)
    }
    yield* settings
    if (nextProducerId > 0) yield producerIdsRecord(noBroker, nextProducerId)
  })()
}

/** The batches of a snapshot, one after the other. */
export function* snapshotBatches(
  records: Iterable<StateRecord>,
  of: Omit<SnapshotWriting, 'pause'>
): Generator<Buffer> {
  const { epoch: partitionLeaderEpoch, nowMs: timestampMs, lastTimestampMs: lastContainedLogTimestamp } = of
  let baseOffset = 0
  const control = (controlRecords: readonly RaftControlRecord[]): Buffer => {
    const batch = raftControlBatch({ baseOffset, partitionLeaderEpoch, timestampMs, records: controlRecords })
    baseOffset += controlRecords.length
    return batch
  }
  yield control([{ type: 'snapshotHeader', value: { version: 0, lastContainedLogTimestamp } }, ...(of.quorum ?? [])])
  for (const some of inPieces(records)) {
    const content = some.map(({ key, value }) => ({ timestamp: timestampMs, key, value, headers: [] }))
    yield buildBatch({ baseOffset, partitionLeaderEpoch, records: content })
    baseOffset += some.length
  }
  yield control([{ type: 'snapshotFooter', value: { version: 0 } }])
}

/**
 * Writes the snapshot beside the log of the metadata; it has its name when it is whole and synced, and not before. The image is
 * taken at the call. Throws DiskError.
 */
export async function writeMetadataSnapshot(disk: Disk, image: ClusterImage, of: SnapshotWriting): Promise<SnapshotId> {
  const { endOffset, epoch } = of
  const name = snapshotName({ endOffset, epoch })
  const directory = `${metadataTopicName}-0`
  const unfinished = `${directory}/${name}.part`
  const batches = snapshotBatches(snapshotRecords(image), of)
  disk.remove(unfinished)
  await writeBatches(disk, unfinished, batches, of)
  disk.rename(unfinished, `${directory}/${name}`)
  await disk.syncDirectory(directory)
  return { name, endOffset, epoch }
}

async function writeBatches(
  disk: Disk,
  path: string,
  batches: Iterable<Buffer>,
  { pause, recordsSafe }: SnapshotWriting
): Promise<void> {
  const file = disk.open(path, 'create')
  try {
    for (const batch of batches) {
      file.append([batch])
      await pause?.()
    }
    await file.sync()
    await recordsSafe
  } catch (error) {
    // What a full disk had no more room for.
    attempt(() => disk.remove(path))
    throw error
  } finally {
    file.close()
  }
}

export function snapshotName({ endOffset, epoch }: Pick<SnapshotPlace, 'endOffset' | 'epoch'>): string {
  return `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}.checkpoint`
}

function* inPieces(records: Iterable<StateRecord>): Generator<StateRecord[]> {
  let piece: StateRecord[] = []
  let sizeBytes = 0
  for (const record of records) {
    piece.push(record)
    sizeBytes += record.value?.length ?? 0
    if (sizeBytes < limits.snapshotBatchBytes) continue
    yield piece
    piece = []
    sizeBytes = 0
  }
  if (piece.length > 0) yield piece
}
