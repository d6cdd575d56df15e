/** A reassignment that is held back, as `kafka-reassign-partitions --throttle` asks for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { ResourceType } from '../../src/coordination/metadata/image.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { batchOf, produce } from '../broker/apis/records-setup.ts'
import { createTopic, leaderOf, machines, startOn, until } from './setup.ts'

async function configure(cluster: Cluster, type: number, name: string, config: Readonly<Record<string, string>>) {
  const changes = Object.entries(config).map(([key, value]) => ({ name: key, operation: 0, value }))
  const [result] = await cluster.controller.configs.change([{ type, name, changes }], 'carry-out', Number(name))
  assert.equal(result?.error, ErrorCode.NONE)
}

for (const side of ['leader', 'follower'] as const) {
  test(`a new replica comes no faster than its ${side}'s throttle lets it, and who is in sync is not held back`, async () => {
    const on = machines(3)
    const cluster = await startOn(on)
    await createTopic(cluster, 't1', { replicationFactor: 2 })
    const leader = leaderOf(cluster, 't1')
    const before = cluster.controller.image.topicByName('t1')?.partitions[0]?.replicas ?? []
    const [added = -1] = [1, 2, 3].filter((nodeId) => !before.includes(nodeId))
    const big = batchOf(['x'.repeat(600_000)])
    for (let batch = 0; batch < 4; batch++) await produce(leader, { records: big })
    await configure(cluster, ResourceType.topic, 't1', { [`${side}.replication.throttled.replicas`]: '*' })
    for (const nodeId of [1, 2, 3]) {
      await configure(cluster, ResourceType.broker, String(nodeId), { [`${side}.replication.throttled.rate`]: '1000' })
    }
    const startMs = on.clock.monotonicMs()
    const wanted = { topic: 't1', partitionId: 0, replicas: [...before, added], allowReplicationFactorChange: true }
    const [result] = await cluster.controller.brokers.reassign([wanted])
    assert.equal(result?.error, ErrorCode.NONE)
    const copy = () => cluster.brokers.get(added)?.replica('t1', 0)?.log.logEndOffset ?? 0
    await until(on.clock, () => copy() > 0, 'it has begun')
    await until(on.clock, () => on.clock.monotonicMs() - startMs > 2000, 'two seconds')
    assert.ok(copy() < 4, `${copy()} of 4 are there`)
    // The others go on: acks=all waits for those in sync alone.
    assert.equal((await produce(leader, { records: batchOf(['y']) })).errorCode, ErrorCode.NONE)
    for (const nodeId of [1, 2, 3]) {
      await configure(cluster, ResourceType.broker, String(nodeId), {
        [`${side}.replication.throttled.rate`]: '1000000000'
      })
    }
    const isDone = () =>
      cluster.controller.image.topicByName('t1')?.partitions[0]?.inSyncReplicas.includes(added) === true
    await until(on.clock, isDone, 'the reassignment is complete')
    assert.equal(copy(), 5)
    await cluster.stop()
  })
}
