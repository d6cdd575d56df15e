/** Our batches beside Apache Kafka's: each reads what the other wrote, and means the same by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compressionOf,
  hasValidCrc,
  isControl,
  isLogAppendTime,
  isTransactional,
  readBatchHeader,
  sealCrc
} from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import { writeZstd } from '../../../src/protocol/records/compression/zstd-writer.ts'
import { endTransactionMarker, readTransactionEnd } from '../../../src/protocol/records/control-records.ts'
import { raftControlBatch, readRaftControlRecords } from '../../../src/protocol/records/raft-control-records.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { found, kafkaJars, skipUnless } from '../../harness/tools.ts'
import { recompressed } from './recompressed.ts'
import { batchesFromJars, committedBatches, description, type KafkaBatch, readByJars } from './vectors/batches.ts'

const skip = skipUnless(kafkaJars('broker'))

test('batches that Kafka made are read as Kafka reads them', () => {
  checkAll(committedBatches())
})

test('the Kafka of these jars makes batches that are read as it reads them', { skip }, () => {
  checkAll(batchesFromJars(found(kafkaJars('broker'))))
})

test('what is not compressed is made of the same bytes as by Kafka', () => {
  for (const { name, bytes } of committedBatches()) {
    const header = readBatchHeader(bytes)
    if (compressionOf(header.attributes) !== Compression.none || isLogAppendTime(header.attributes)) continue
    const made = buildBatch({
      ...header,
      isTransactional: isTransactional(header.attributes),
      isControl: isControl(header.attributes),
      records: [...readRecords(bytes)]
    })
    assert.equal(made.toString('hex'), bytes.toString('hex'), name)
  }
})

test('the end of a transaction is written and read as Kafka does', () => {
  for (const outcome of ['commit', 'abort'] as const) {
    const theirs = named(`end of a transaction, ${outcome.toUpperCase()}`)
    assert.deepEqual(readTransactionEnd(theirs), { outcome, coordinatorEpoch: 12 })
    const marker = { producerId: 9, producerEpoch: 1, coordinatorEpoch: 12, outcome, timestampMs: 1_700_000_000_000 }
    const ours = endTransactionMarker(marker)
    // Offset and leader epoch come with the append.
    assert.equal(ours.toString('hex', 16), theirs.toString('hex', 16))
  }
})

test('control records of Raft are written and read as Kafka does', () => {
  for (const { name, bytes } of committedBatches().filter((batch) => batch.name.startsWith('raft '))) {
    const records = readRaftControlRecords(bytes)
    assert.deepEqual(
      records.map(({ type }) => `raft ${type}`),
      [name]
    )
    const { baseOffset, partitionLeaderEpoch, baseTimestamp } = readBatchHeader(bytes)
    const made = raftControlBatch({ baseOffset, partitionLeaderEpoch, timestampMs: baseTimestamp, records })
    assert.equal(made.toString('hex'), bytes.toString('hex'), name)
  }
})

test('the Kafka of these jars reads the batches that we make, in every compression', { skip }, () => {
  const batches = ourBatches()
  const read = readByJars(found(kafkaJars('broker')), batches)
  assert.equal(read.length, batches.size)
  for (const { name, bytes, description: theirs } of read) assert.equal(theirs, description(bytes), name)
})

function checkAll(batches: readonly KafkaBatch[]): void {
  assert.ok(batches.length > 20)
  for (const { name, bytes, description: theirs } of batches) {
    assert.ok(hasValidCrc(bytes, 0, bytes.length), name)
    assert.equal(description(bytes), theirs, name)
  }
}

function named(name: string): Buffer {
  const batch = committedBatches().find((candidate) => candidate.name === name)
  assert.ok(batch, `no batch ${name}`)
  return batch.bytes
}

/** Kafka's batches in each of our compressions, and what only we make. */
function ourBatches(): Map<string, Buffer> {
  const batches = new Map<string, Buffer>()
  for (const { name, bytes } of committedBatches().filter((batch) => batch.name.startsWith('none, '))) {
    for (const [codec, compression] of Object.entries(Compression)) {
      batches.set(`${name} in ${codec}`, recompressed(bytes, compression))
    }
    batches.set(`${name} in zstd without Node`, withZstd(bytes, writeZstd(bytes.subarray(61))))
  }
  const record = { timestamp: 1_700_000_000_000, key: null, value: Buffer.from('v'), headers: [] }
  const gapped = [0, 3, 4, 90].map((offset) => ({ ...record, offset: 100 + offset }))
  batches.set('holes', buildBatch({ baseOffset: 100, records: gapped }))
  batches.set('log append time', buildBatch({ timestampType: 'LogAppendTime', records: [record, record] }))
  return batches
}

/** The batch with these packed records instead of its own. */
function withZstd(batch: Buffer, packed: Buffer): Buffer {
  const made = Buffer.concat([batch.subarray(0, 61), packed])
  made.writeInt32BE(made.length - 12, 8)
  made.writeInt16BE((made.readInt16BE(21) & ~7) | Compression.zstd, 21)
  sealCrc(made, 0, made.length)
  return made
}
