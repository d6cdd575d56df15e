/** What a file of a broker's directory says, whichever it is (Kafka: DumpLogSegments, and more files than that one reads). */
import { metadataTopicName } from '../../coordination/metadata/topic-names.ts'
import type { ReadableDisk } from '../../host/readable-disk.ts'
import { dumpBatches } from './batches.ts'
import type { DumpRow } from './row.ts'
import {
  type DumpedFile,
  dumpJson,
  dumpLeaderEpochs,
  dumpOffsetIndex,
  dumpOffsets,
  dumpPartitionMetadata,
  dumpProducers,
  dumpProperties,
  dumpTimeIndex,
  dumpTransactionIndex
} from './small-files.ts'

export interface DumpOptions {
  /** Whether the records of batches are told too. */
  readonly isWithRecords: boolean
  /** The name of the partition's directory, where the disk's root is it: `orders-0`. */
  readonly directoryName: string
}

type Dump = (disk: ReadableDisk, file: DumpedFile, options: DumpOptions) => Iterable<DumpRow>

/** A segment of a topic; what it is to be renamed from when a broker is in the middle of it. */
const unfinished = /\.(deleted|cleaned|swap)$/

const kinds: readonly (readonly [name: RegExp, dump: Dump])[] = [
  [/^\d{20}\.log$/, dumpLog],
  [/^\d{20}\.index$/, dumpOffsetIndex],
  [/^\d{20}\.timeindex$/, dumpTimeIndex],
  [/^\d{20}\.txnindex$/, dumpTransactionIndex],
  [/^\d{20}\.snapshot$/, dumpProducers],
  [/^\d{20}-\d{10}\.checkpoint$/, dumpSnapshot],
  [/^leader-epoch-checkpoint$/, dumpLeaderEpochs],
  [/^[a-z-]+-offset-checkpoint$/, dumpOffsets],
  [/^partition\.metadata$/, dumpPartitionMetadata],
  [/^(meta|server)\.properties$/, dumpProperties],
  [/^(quorum-state|\.kafka_cleanshutdown)$/, dumpJson]
]

/** Null when the file is none that a broker writes. */
export function dumpFile(disk: ReadableDisk, path: string, options: DumpOptions): Iterable<DumpRow> | null {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1).replace(unfinished, '')
  const dump = kinds.find(([form]) => form.test(name))?.[1]
  const offset = /^\d{20}/.test(name) ? Number(name.slice(0, 20)) : 0
  return dump?.(disk, { path, directory: path.slice(0, Math.max(slash, 0)) || '.', offset }, options) ?? null
}

/** The files of a directory that `dumpFile` can tell of, in the order of their names. */
export function dumpableAmong(names: readonly string[]): string[] {
  return names.filter((name) => kinds.some(([form]) => form.test(name.replace(unfinished, '')))).sort()
}

function dumpLog(disk: ReadableDisk, { path, offset }: DumpedFile, options: DumpOptions): Iterable<DumpRow> {
  const topic = topicOf(options.directoryName)
  return dumpBatches(disk, { path, baseOffset: offset, gaps: 'compacted', topic, isWithRecords: options.isWithRecords })
}

/** Offsets in a snapshot count from 0. */
function dumpSnapshot(disk: ReadableDisk, { path }: DumpedFile, { isWithRecords }: DumpOptions): Iterable<DumpRow> {
  return dumpBatches(disk, { path, baseOffset: 0, gaps: 'compacted', topic: metadataTopicName, isWithRecords })
}

function topicOf(directoryName: string): string {
  return /^(.+)-\d+(\..+)?$/.exec(directoryName)?.[1] ?? ''
}
