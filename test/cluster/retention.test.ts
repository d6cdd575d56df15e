/** What retention drops where there are others: nothing that is not committed, whoever leads next may not have it (Kafka: deletableSegments). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionOf, two, valuesOf, withRecords, write } from './crash-setup.ts'
import { CutTransport, pass } from './cut-transport.ts'
import { leaderOf } from './setup.ts'

test('a leader keeps what its followers have not, however old it is', async () => {
  const on = two()
  const net = new CutTransport()
  const config = { 'log.retention.ms': '1', 'log.retention.check.interval.ms': '1000' }
  const [cluster] = await withRecords(on, config, { transport: net.carry })
  const leader = leaderOf(cluster, 't1')
  const [follower = -1] = partitionOf(cluster).replicas.filter((id) => id !== leader.nodeId)
  await pass(on.clock, 2000)
  net.part(leader.nodeId, follower)
  for (const value of ['c', 'd']) await write(leader, value, 1)
  await pass(on.clock, 5000)
  const replica = leader.replica('t1', 0) ?? assert.fail()
  assert.deepEqual([replica.log.logStartOffset, replica.highWatermark], [2, 2])
  assert.equal(partitionOf(cluster).inSyncReplicas.length, 2, 'it is still waited for')
  net.heal()
  await pass(on.clock, 5000)
  assert.equal(replica.log.logStartOffset, 4)
  assert.equal(valuesOf(leader), 'nothing')
  await cluster.stop()
})
