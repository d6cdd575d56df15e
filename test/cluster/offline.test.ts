/** A broker whose disk loses a partition hands it over to those that have it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvariantError } from '../../src/invariant.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { createTopic, leaderOf, machines, startOn, until } from './setup.ts'

test('another leads what its leader cannot serve any more', async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await createTopic(cluster, 't1')
  const first = leaderOf(cluster, 't1')
  assert.equal((await produce(first, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  first.failed('A test', new InvariantError('a mistake', { partition: 't1-0' }))
  await until(on.clock, () => leaderOf(cluster, 't1') !== first, 'another leads')
  const second = leaderOf(cluster, 't1')
  await until(on.clock, () => second.replica('t1', 0)?.leadership != null, 'it has heard of it')
  assert.equal((await produce(second, { records: batchOf(['b']) })).errorCode, ErrorCode.NONE)
  assert.deepEqual(second.replica('t1', 0)?.leadership?.inSyncReplicas.includes(first.nodeId), false)
  await cluster.stop()
})

test('another leads what the disk of the preferred leader has lost before the start', async () => {
  const on = machines(3)
  const before = await startOn(on)
  await createTopic(before, 't1')
  const [preferred = -1] = before.controller.image.topicByName('t1')?.partitions[0]?.replicas ?? []
  assert.equal((await produce(leaderOf(before, 't1'), { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  await before.stop()
  on.disks.get(preferred)?.remove('t1-0')
  const cluster = await startOn(on)
  await until(on.clock, () => leaderOf(cluster, 't1').nodeId !== preferred, 'another leads')
  const leader = leaderOf(cluster, 't1')
  await until(on.clock, () => leader.replica('t1', 0)?.leadership != null, 'it has heard of it')
  assert.equal(leader.replica('t1', 0)?.log.logEndOffset, 1)
  assert.equal((await produce(leader, { records: batchOf(['b']) })).errorCode, ErrorCode.NONE)
  await cluster.stop()
})
