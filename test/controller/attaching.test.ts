/** Brokers come while the controller writes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerOn, machines, startOn } from '../cluster/setup.ts'
import { coordinatorOn, follower, MemoryStateLog, newTopic, nodeId } from '../coordination/metadata/setup.ts'

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
