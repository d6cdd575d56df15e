/**
 * A coordinator's log whose batches are whole, and whose records are not those of its topic. Kafka fails the load of that
 * partition (CoordinatorLoaderImpl), and passes over types of records that only a later Kafka knows.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { FindCoordinatorRequest } from '../../../src/protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../../src/protocol/generated/api/find-coordinator-response.ts'
import { batchHeaderBytes, batchSizeAt, readBatchHeader, sealCrc } from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { ask } from '../apis/setup.ts'
import { commit, committed, diskWith, groups, makeScene, readAll, startOn } from './scene.ts'

const logFile = '__consumer_offsets-0/00000000000000000000.log'
/** By the hash of its name in the other partition. */
const groupElsewhere = 'a'

interface Content {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Each makes the one record of a batch, or its bytes, into something else; the checksum is right. */
const foreign: Readonly<Record<string, (batch: Buffer) => Buffer>> = {
  'a record without a key': withRecord(({ value }) => ({ key: null, value })),
  'a key that ends within its type': withRecord(({ value }) => ({ key: Buffer.alloc(1), value })),
  'a key that ends within its group': withRecord(({ key, value }) => ({ key: key?.subarray(0, 5) ?? null, value })),
  'a value of a version that there is not': withRecord(({ key }) => ({ key, value: Buffer.from('0063', 'hex') })),
  'a value that ends early': withRecord(({ key, value }) => ({ key, value: value?.subarray(0, 9) ?? null })),
  'a batch that is noise behind its header': (batch) => {
    const noisy = Buffer.concat([batch.subarray(0, batchHeaderBytes)], batch.length).fill(0xe5, batchHeaderBytes)
    sealCrc(noisy, 0, noisy.length)
    return noisy
  }
}

for (const stop of ['clean', 'kill'] as const) {
  for (const [what, change] of Object.entries(foreign)) {
    test(`after a ${stop}, ${what} in __consumer_offsets takes that partition offline, and nothing else`, async () => {
      const { broker, lines, position, promises } = await startWith(stop, change)
      for (const groupId of groups) {
        assert.equal((await committed(broker, groupId)).error, ErrorCode.NOT_COORDINATOR)
        assert.equal(await commit(broker, groupId, 9), ErrorCode.NOT_COORDINATOR)
        assert.equal(await findCoordinator(broker, groupId), ErrorCode.COORDINATOR_NOT_AVAILABLE)
      }
      assert.equal(await commit(broker, groupElsewhere, 9), ErrorCode.NONE)
      for (const promise of promises) assert.equal((await readAll(broker, promise)).error, ErrorCode.NONE)
      const log = { topic: '__consumer_offsets', partition: 0, startOffset: 0, endOffset: 1, bytes: Buffer.alloc(0) }
      assert.equal((await readAll(broker, log)).error, ErrorCode.KAFKA_STORAGE_ERROR)
      const [line = '', ...others] = lines
      assert.deepEqual(others, [])
      assert.ok(line.startsWith('__consumer_offsets-0 is offline: '), line)
      assert.ok(line.includes(`/${logFile} is damaged at byte ${position}: `), line)
      assert.match(line, /no records of __consumer_offsets: .*Restore the directory of this partition from a backup/s)
      await broker.stop()
    })
  }
}

test('a type of record that only a later Kafka knows is passed over and told of once, and the groups are served', async () => {
  const unknown = withRecord(({ value }) => ({ key: Buffer.from('0063026731', 'hex'), value }))
  const { broker, lines } = await startWith('clean', unknown)
  for (const groupId of groups) {
    const { error, offset } = await committed(broker, groupId)
    assert.deepEqual([error, offset], [ErrorCode.NONE, 8])
  }
  assert.equal(lines.length, 1, String(lines))
  assert.match(lines[0] ?? '', /__consumer_offsets-0 holds records of types that are not known here \(99\)/)
  await broker.stop()
})

/** A broker on a directory in which the third batch of the log was made anew, with a checksum that is right. */
async function startWith(stop: 'clean' | 'kill', change: (batch: Buffer) => Buffer) {
  const scene = await makeScene(stop)
  const log = scene.files.get(logFile) ?? Buffer.alloc(0)
  const batches: Buffer[] = []
  for (let at = 0; at < log.length; at += batchSizeAt(log, at)) {
    batches.push(log.subarray(at, at + batchSizeAt(log, at)))
  }
  const changed = batches.map((batch, index) => (index === 2 ? change(batch) : batch))
  const files = new Map([...scene.files, [logFile, Buffer.concat(changed)]])
  const position = Buffer.concat(batches.slice(0, 2)).length
  return { ...(await startOn(scene, diskWith(files))), position, promises: scene.promises }
}

function withRecord(change: (record: Content) => Content): (batch: Buffer) => Buffer {
  return (batch) => {
    const { baseOffset, partitionLeaderEpoch } = readBatchHeader(batch)
    const records = Array.from(readRecords(batch), (record) => ({ ...record, ...change(record) }))
    return buildBatch({ baseOffset, partitionLeaderEpoch, records })
  }
}

async function findCoordinator(broker: Broker, groupId: string): Promise<number | undefined> {
  const body = { key: '', keyType: 0, coordinatorKeys: [groupId] }
  const answer = await ask(broker, FindCoordinatorRequest, FindCoordinatorResponse, 4, body)
  return answer.coordinators[0]?.errorCode
}
