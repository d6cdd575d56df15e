/**
 * The records of `__transaction_state`: one for each transactional id, as Apache Kafka 4.4.0 writes them (TransactionLog): the key with
 * its version 0, the value with version 1.
 */
import { TransactionLogKey } from '../../protocol/generated/transaction-log/transaction-log-key.ts'
import { TransactionLogValue } from '../../protocol/generated/transaction-log/transaction-log-value.ts'
import type { Decoded } from '../../protocol/message.ts'
import { ProtocolError, Reader, Writer } from '../../protocol/primitives.ts'
import type { StateRecord } from '../coordinator.ts'
import { type PartitionsByTopic, type Transaction, transactionStates } from './state.ts'

const keyVersion = 0
const valueVersion = 1

export function transactionRecord(transactionalId: string, transaction: Transaction): StateRecord {
  const value = new Writer()
  value.writeInt16(valueVersion)
  TransactionLogValue.encode(value, toValue(transaction), valueVersion)
  return { key: keyOf(transactionalId), value: value.toBuffer() }
}

export function transactionTombstone(transactionalId: string): StateRecord {
  return { key: keyOf(transactionalId), value: null }
}

export interface TransactionLogRecord {
  readonly transactionalId: string
  readonly transaction: Transaction | null
}

/** Null for a key of a version that only a later Kafka knows, which is passed over as Kafka does. Throws ProtocolError. */
export function readTransactionRecord({ key, value }: StateRecord): TransactionLogRecord | null {
  if (key === null) throw new ProtocolError('a record has no key, which says what it is')
  const reader = new Reader(key)
  reader.subject = 'the key of a record'
  if (reader.readInt16() > keyVersion) return null
  const { transactionalId } = TransactionLogKey.decode(reader, keyVersion)
  return { transactionalId, transaction: value === null ? null : readTransaction(value) }
}

function readTransaction(value: Buffer): Transaction {
  const reader = new Reader(value)
  const read = TransactionLogValue.decode(reader, reader.readInt16())
  const state = transactionStates[read.transactionStatus]
  if (state === undefined) throw new ProtocolError(`there is no state ${read.transactionStatus} of a transaction`)
  return {
    producerId: read.producerId,
    previousProducerId: read.previousProducerId,
    nextProducerId: read.nextProducerId,
    producerEpoch: read.producerEpoch,
    timeoutMs: read.transactionTimeoutMs,
    state,
    partitions: partitionsIn(read),
    startMs: read.transactionStartTimestampMs,
    lastUpdateMs: read.transactionLastUpdateTimestampMs,
    clientVersion: read.clientTransactionVersion
  }
}

function partitionsIn({ transactionPartitions }: Decoded<TransactionLogValue>): PartitionsByTopic {
  const partitions = new Map<string, Set<number>>()
  for (const { topic, partitionIds } of transactionPartitions ?? [])
    partitions.set(topic, new Set([...(partitions.get(topic) ?? []), ...partitionIds]))
  return partitions
}

function toValue(transaction: Transaction): TransactionLogValue {
  const { state, partitions } = transaction
  const topics = Array.from(partitions, ([topic, indexes]) => ({ topic, partitionIds: [...indexes] }))
  return {
    producerId: transaction.producerId,
    previousProducerId: transaction.previousProducerId,
    nextProducerId: transaction.nextProducerId,
    producerEpoch: transaction.producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: transactionStates.indexOf(state),
    transactionPartitions: state === 'Empty' ? null : topics,
    transactionLastUpdateTimestampMs: transaction.lastUpdateMs,
    transactionStartTimestampMs: transaction.startMs,
    clientTransactionVersion: transaction.clientVersion
  }
}

function keyOf(transactionalId: string): Buffer {
  const key = new Writer()
  key.writeInt16(keyVersion)
  TransactionLogKey.encode(key, { transactionalId }, keyVersion)
  return key.toBuffer()
}
