/**
 * Record batches at a log: refused, or read back as they were sent, with records that can be read. The first byte of an input says whether its
 * length and its CRC are made right, which chance alone never does.
 */
import assert from 'node:assert/strict'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import { endTransactionMarker } from '../../../src/protocol/records/control-records.ts'
import { crc32c } from '../../harness/record-batch.ts'
import { open, recordsFrom, startMs } from '../../log/setup.ts'
import type { Target } from '../target.ts'

const headerBytes = 61
const [lengthAt, crcAt, checkedFrom] = [8, 17, 21]
const maxSegmentBytes = 64 * 1024
const records = ['one', 'two', ''].map((text, index) => ({
  timestamp: startMs + index,
  key: index === 1 ? null : Buffer.from('key'),
  value: index === 2 ? null : Buffer.from(text.repeat(20)),
  headers: index === 0 ? [{ key: 'header', value: Buffer.from('value') }] : []
}))
const producer = { producerId: 7, producerEpoch: 0 }

export const batches: Target = {
  name: 'batches',
  share: 0.15,

  seeds() {
    const compressed = Object.values(Compression).map((compression) => buildBatch({ records, compression }))
    const idempotent = buildBatch({ records, ...producer, baseSequence: 0 })
    const transactional = buildBatch({ records, ...producer, baseSequence: 0, isTransactional: true })
    const marker = endTransactionMarker({ ...producer, coordinatorEpoch: 3, outcome: 'abort', timestampMs: startMs })
    return [...compressed, idempotent, transactional, marker].map((batch) => Buffer.concat([Buffer.from([1]), batch]))
  },

  async reset() {},

  run(input) {
    if (input.length < 1) return
    const batch = Buffer.from(input.subarray(1))
    if ((input.readUInt8(0) & 1) === 1 && batch.length >= headerBytes) makeRight(batch)
    const log = open({
      clock: new ManualClock(startMs),
      disk: new MemoryDisk(),
      config: { segmentBytes: maxSegmentBytes }
    })
    const result = log.append(batch, { leaderEpoch: 0, origin: 'client' })
    if (result.ok) assertReadable(log)
    log.abandon()
  }
}

function makeRight(batch: Buffer): void {
  batch.writeInt32BE(batch.length - lengthAt - 4, lengthAt)
  batch.writeUInt32BE(crc32c(batch.subarray(checkedFrom)), crcAt)
}

function assertReadable(log: PartitionLog): void {
  const read = recordsFrom(log)
  assert.ok(read.length > 0, 'a batch that was taken has records')
  log.offsetForTimestamp(startMs)
  log.maxTimestamp()
}
