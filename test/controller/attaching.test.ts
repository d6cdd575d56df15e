/** Brokers come while the controller writes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateRecord } from '../../src/coordination/coordinator.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'
import { brokerOn, machines, startOn } from '../cluster/setup.ts'
import {
  contentsOf,
  coordinatorOn,
  follower,
  MemoryStateLog,
  newTopic,
  nodeId
} from '../coordination/metadata/setup.ts'

test('brokers that come at the same time are all there in the end', { timeout: 10_000 }, async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await Promise.all([2, 3].map((id) => cluster.stopBroker(id)))
  await Promise.all([2, 3].map((id) => cluster.startBroker(brokerOn(on, id))))
  assert.deepEqual([...cluster.brokers.keys()].sort(), [1, 2, 3])
  await cluster.stop()
})

test('a broker that is gone before it could be told is not told afterwards', async () => {
  const log = new MemoryStateLog()
  const controller = coordinatorOn(log)
  log.holdSyncs()
  const topic = controller.createTopics([newTopic('t1')])
  const told = () => assert.fail('it is gone')
  const attached = controller.attach(nodeId, follower(told))
  controller.detach(nodeId)
  log.releaseSyncs()
  await assert.rejects(attached, /broker 1 was lost while it came/)
  await topic
  await controller.createTopics([newTopic('t2')])
})

test('a broker comes although others write all the time, and misses nothing of it', { timeout: 10_000 }, async () => {
  class SlowLog extends MemoryStateLog {
    override durable(): Promise<void> {
      return new Promise((resolve) => setImmediate(resolve))
    }
  }
  const controller = coordinatorOn(new SlowLog())
  let isThere = false
  let writes = 0
  const write = async (): Promise<void> => {
    while (!isThere && writes < 500) {
      writes += 1
      await controller.createTopics([newTopic(`t${writes}`)])
    }
  }
  const written = [1, 2, 3].map(async (turns) => {
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
    await write()
  })
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
  const told: StateRecord[] = []
  const image = await controller.attach(
    nodeId,
    follower((records) => told.push(...records))
  )
  isThere = true
  assert.ok(writes < 500, 'they write still')
  await Promise.all(written)
  for (const record of told) replayMetadata(image, record)
  assert.deepEqual(contentsOf(image), contentsOf(controller.image))
})
