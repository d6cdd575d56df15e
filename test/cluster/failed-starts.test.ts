/** A start that fails leaves nothing behind that goes on: no timer, and nobody who is thought to be there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cluster } from '../../src/cluster/cluster.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { network } from '../broker/apis/setup.ts'
import { brokerOn, createTopic, machines, startOn } from './setup.ts'

const noChance = {
  bytes: () => assert.fail('there is no chance'),
  below: () => assert.fail('there is no chance')
}

test('a cluster whose start fails leaves no timer', async () => {
  const on = machines(2)
  const before = await startOn(on)
  await createTopic(before, 't1', { replicationFactor: 2 })
  await before.stop()
  const { waiting } = on.clock
  const [first, second] = [brokerOn(on, 1), brokerOn(on, 2)]
  const controllerHost = { disk: on.controller, clock: on.clock, network, chance: first.host.chance }
  // It has opened its logs, and cannot make up who it is in this life.
  const brokers = [first, { ...second, host: { ...second.host, chance: noChance } }] as const
  const options = { controllerHost, durability: 'disk', config: {}, log: () => {} } as const
  await assert.rejects(Cluster.start({ ...options, brokers }), /there is no chance/)
  assert.equal(on.clock.waiting, waiting)
  const cluster = await startOn(on)
  await cluster.stop()
})

test('a broker whose start fails at the end leaves no timer, and takes no part', async () => {
  const on = machines(2)
  const disk = new SimulatedDisk()
  const cluster = await startOn({ ...on, controller: disk })
  await cluster.stopBroker(2)
  const { waiting } = on.clock
  let syncs = 0
  disk.syncing = async () => {
    syncs += 1
    // The first is of its registration, the second of its taking part.
    if (syncs === 2) disk.failSyncs()
  }
  await assert.rejects(cluster.startBroker(brokerOn(on, 2)))
  assert.equal(syncs, 2)
  assert.equal(on.clock.waiting, waiting)
  assert.deepEqual([...cluster.brokers.keys()], [1])
})
