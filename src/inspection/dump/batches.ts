/** A file of records, batch by batch (Kafka: DumpLogSegments.dumpLog). */
import type { ReadableDisk } from '../../host/readable-disk.ts'
import type { WholeBatch } from '../../log/batch-walk.ts'
import {
  compressionOf,
  hasDeleteHorizon,
  hasValidCrc,
  isControl,
  isLogAppendTime,
  isTransactional,
  lastOffsetOf,
  lastSequenceOf
} from '../../protocol/records/batch.ts'
import { Compression } from '../../protocol/records/compression/codec.ts'
import { ControlRecordType, controlTypeOf, readTransactionEnd } from '../../protocol/records/control-records.ts'
import { readRaftControlRecords } from '../../protocol/records/raft-control-records.ts'
import { isUnreadable, type LogRecord, readRecords } from '../../protocol/records/reader.ts'
import { plain, text } from '../plain.ts'
import { batchesOf, type WalkedSegment } from '../segment-walk.ts'
import { decodeState } from '../state-records.ts'
import type { DumpRow } from './row.ts'

export interface DumpedLog extends WalkedSegment {
  /** Of which topic the records are. */
  readonly topic: string
  readonly isWithRecords: boolean
}

export function* dumpBatches(disk: ReadableDisk, log: DumpedLog): Generator<DumpRow> {
  const batches = batchesOf(disk, log)
  for (let step = batches.next(); ; step = batches.next()) {
    if (step.done === true) {
      if (step.value !== null) yield { what: 'damage', position: step.value.position, message: step.value.what }
      return
    }
    const isValid = hasValidCrc(step.value.bytes, 0, step.value.bytes.length)
    yield batchRow(step.value, isValid)
    if (log.isWithRecords && isValid) yield* recordRows(step.value, log.topic)
  }
}

/** By their numbers, which count from 0. */
const compressionNames = Object.keys(Compression)

function batchRow({ header, position }: WholeBatch, isValid: boolean): DumpRow {
  const { attributes, baseTimestamp } = header
  return {
    ...{ what: 'batch', position, sizeBytes: header.sizeBytes },
    ...{ baseOffset: header.baseOffset, lastOffset: lastOffsetOf(header), count: header.recordCount },
    leaderEpoch: header.partitionLeaderEpoch,
    compression: compressionNames[compressionOf(attributes)] ?? 'unknown',
    timestampType: isLogAppendTime(attributes) ? 'LogAppendTime' : 'CreateTime',
    maxTimestamp: header.maxTimestamp,
    deleteHorizon: hasDeleteHorizon(attributes) ? baseTimestamp : null,
    ...{ producerId: header.producerId, producerEpoch: header.producerEpoch },
    ...{ baseSequence: header.baseSequence, lastSequence: lastSequenceOf(header) },
    ...{ isTransactional: isTransactional(attributes), isControl: isControl(attributes) },
    ...{ crc: header.crc, isValid }
  }
}

function* recordRows({ header, position, bytes }: WholeBatch, topic: string): Generator<DumpRow> {
  try {
    if (isControl(header.attributes)) yield* controlRows(bytes)
    else for (const record of readRecords(bytes)) yield recordRow(record, topic)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    yield { what: 'damage', position, message: `Its records cannot be read: ${error.message}` }
  }
}

function recordRow(record: LogRecord, topic: string): DumpRow {
  const { offset, timestamp } = record
  const headers = record.headers.map(({ key, value }) => ({ key, value: text(value) }))
  return { what: 'record', offset, timestamp, ...contentOf(record, topic), headers }
}

function contentOf(record: LogRecord, topic: string): Omit<DumpRow, 'what'> {
  try {
    const state = decodeState(topic, record)
    if (state !== null) return { ...state }
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return { problem: error.message, key: text(record.key), value: text(record.value) }
  }
  return { key: text(record.key), value: text(record.value) }
}

const controlNames = Object.entries(ControlRecordType)

function* controlRows(batch: Buffer): Generator<DumpRow> {
  const end = readTransactionEnd(batch)
  const raft = readRaftControlRecords(batch)
  let next = 0
  for (const { offset, timestamp, key } of readRecords(batch)) {
    const type = controlTypeOf(key)
    const name = controlNames.find(([, number]) => number === type)?.[0] ?? 'unknown'
    const raftRecord = raft[next]
    const isRaft = raftRecord?.type === name
    if (isRaft) next += 1
    const value = isRaft ? plain(raftRecord.value) : end === null ? null : { coordinatorEpoch: end.coordinatorEpoch }
    yield { what: 'control', offset, timestamp, type: name, value }
  }
}
