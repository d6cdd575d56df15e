/** The files beside the records, each in its own words. */
import type { ReadableDisk } from '../../host/readable-disk.ts'
import { readLeaderEpochs } from '../../log/leader-epochs.ts'
import { readOffsetCheckpoint } from '../../log/offset-checkpoint.ts'
import { readTopicId } from '../../log/partition-metadata.ts'
import { ProducerSnapshot } from '../../protocol/generated/storage/producer-snapshot.ts'
import { ProtocolError, Reader } from '../../protocol/primitives.ts'
import { crc32c } from '../../protocol/records/crc32c.ts'
import { type IndexEntries, readOffsetIndex, readTimeIndex, readTransactionIndex } from '../index-entries.ts'
import { parseProperties } from '../node-properties.ts'
import { plain } from '../plain.ts'
import type { DumpRow } from './row.ts'

export interface DumpedFile {
  readonly path: string
  readonly directory: string
  /** In its name; 0 for a file that has none. */
  readonly offset: number
}

const notWhole = (message: string): DumpRow => ({ what: 'damage', position: null, message })

export function dumpOffsetIndex(disk: ReadableDisk, { path, offset }: DumpedFile): DumpRow[] {
  return entryRows('index entry', readOffsetIndex(disk.readFile(path), offset))
}

export function dumpTimeIndex(disk: ReadableDisk, { path, offset }: DumpedFile): DumpRow[] {
  return entryRows('time index entry', readTimeIndex(disk.readFile(path), offset))
}

export function dumpTransactionIndex(disk: ReadableDisk, { path }: DumpedFile): DumpRow[] {
  return entryRows('aborted transaction', readTransactionIndex(disk.readFile(path)))
}

function entryRows(what: string, { entries, unusedBytes, excessBytes }: IndexEntries<object>): DumpRow[] {
  return [
    ...entries.map((entry): DumpRow => ({ what, ...Object.fromEntries(Object.entries(entry)) })),
    ...(unusedBytes > 0 ? [{ what: 'unused', sizeBytes: unusedBytes }] : []),
    ...(excessBytes > 0 ? [notWhole(`It ends within an entry: ${excessBytes} bytes are too many.`)] : [])
  ]
}

const snapshotVersionBytes = 2
const snapshotContentPosition = 6

export function dumpProducers(disk: ReadableDisk, { path }: DumpedFile): DumpRow[] {
  const bytes = disk.readFile(path)
  if (bytes.length < snapshotContentPosition) return [notWhole('It is no snapshot of producers.')]
  const version = bytes.readInt16BE(0)
  if (bytes.readUInt32BE(snapshotVersionBytes) !== crc32c(bytes, snapshotContentPosition)) {
    return [notWhole('Its checksum (CRC-32C) is another.')]
  }
  try {
    const { producerEntries } = ProducerSnapshot.decode(new Reader(bytes, snapshotVersionBytes), version)
    return producerEntries.map((entry): DumpRow => ({ what: 'producer', ...fieldsOf(entry) }))
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return [notWhole(error.message)]
  }
}

export function dumpLeaderEpochs(disk: ReadableDisk, { directory }: DumpedFile): DumpRow[] {
  const epochs = readLeaderEpochs(disk, directory)
  if (epochs === null) return [notWhole('It is not the list of epochs that was written.')]
  return epochs.map(({ epoch, startOffset }) => ({ what: 'leader epoch', epoch, startOffset }))
}

export function dumpOffsets(disk: ReadableDisk, { path }: DumpedFile): DumpRow[] {
  const offsets = readOffsetCheckpoint(disk, path)
  if (offsets === null) return [notWhole('It is not the list of offsets that was written.')]
  return Array.from(offsets, ([partition, offset]) => ({ what: 'offset', partition, offset }))
}

export function dumpPartitionMetadata(disk: ReadableDisk, { directory }: DumpedFile): DumpRow[] {
  const topicId = readTopicId(disk, directory)
  return [topicId === null ? notWhole('It does not name a topic.') : { what: 'topic', topicId }]
}

export function dumpProperties(disk: ReadableDisk, { path }: DumpedFile): DumpRow[] {
  const properties = parseProperties(disk.readFile(path).toString('utf8'))
  return Array.from(properties, ([name, value]) => ({ what: 'property', name, value }))
}

/** A line of JSON: quorum-state, .kafka_cleanshutdown. */
export function dumpJson(disk: ReadableDisk, { path }: DumpedFile): DumpRow[] {
  const content = disk.readFile(path).toString('utf8').trim()
  if (content === '') return []
  try {
    const parsed: unknown = JSON.parse(content)
    return [
      {
        what: 'content',
        ...(typeof parsed === 'object' && parsed !== null ? fieldsOf(parsed) : { value: plain(parsed) })
      }
    ]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [notWhole('It is no JSON.')]
  }
}

function fieldsOf(value: object): Omit<DumpRow, 'what'> {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
