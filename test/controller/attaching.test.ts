/** Brokers come while the controller writes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerOn, machines, startOn } from '../cluster/setup.ts'

test('brokers that come at the same time are all there in the end', { timeout: 10_000 }, async () => {
  const on = machines(3)
  const cluster = await startOn(on)
  await Promise.all([2, 3].map((id) => cluster.stopBroker(id)))
  await Promise.all([2, 3].map((id) => cluster.startBroker(brokerOn(on, id))))
  assert.deepEqual([...cluster.brokers.keys()].sort(), [1, 2, 3])
  await cluster.stop()
})
