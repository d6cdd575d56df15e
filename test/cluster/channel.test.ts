/** What brokers of one process ask each other is answered, or lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerUnreachable } from '../../src/broker/peer.ts'
import { Channel, type Transport } from '../../src/cluster/channel.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { createTopic, leaderOf, machines, startOn } from './setup.ts'

const request = {
  ...{ clusterId: null, replicaId: -1, replicaState: { replicaId: 2, replicaEpoch: 1 }, maxWaitMs: 0, minBytes: 0 },
  ...{ maxBytes: 1, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, topics: [], forgottenTopicsData: [], rackId: '' }
}

async function twoBrokers() {
  const cluster = await startOn(machines(2))
  await createTopic(cluster, 't1', { replicationFactor: 2 })
  const leader = leaderOf(cluster, 't1')
  const follower = cluster.brokers.get(3 - leader.nodeId) ?? assert.fail()
  return { cluster, leader, follower }
}

const channelOf = ({ controller }: Cluster, transport: Transport | null) =>
  new Channel({ controller, clock: new ManualClock(), transport })

test('what is lent with an answer goes back when the answer is lost on its way', async () => {
  const { cluster, leader, follower } = await twoBrokers()
  let given = 0
  leader.fetchFor = async () => ({
    response: { errorCode: 0, sessionId: 0, responses: [] },
    done: () => {
      given += 1
    }
  })
  const channel = channelOf(cluster, async (from) => {
    if (from === leader.nodeId) throw new PeerUnreachable('lost')
  })
  for (const broker of [leader, follower]) channel.connect(broker)
  await assert.rejects(channel.linesOf(follower).peer(leader.nodeId).fetch(request), PeerUnreachable)
  await new Promise(setImmediate)
  assert.equal(given, 1)
  await cluster.stop()
})

test('what is lent with an answer goes back when it comes after the end of its broker', async () => {
  const { cluster, leader, follower } = await twoBrokers()
  let given = 0
  let answer = (): void => {}
  leader.fetchFor = () =>
    new Promise((resolve) => {
      answer = () =>
        resolve({
          response: { errorCode: 0, sessionId: 0, responses: [] },
          done: () => {
            given += 1
          }
        })
    })
  const channel = channelOf(cluster, null)
  for (const broker of [leader, follower]) channel.connect(broker)
  const asked = channel.linesOf(follower).peer(leader.nodeId).fetch(request)
  await new Promise(setImmediate)
  channel.disconnect(leader.nodeId)
  await assert.rejects(asked, PeerUnreachable)
  assert.equal(given, 0)
  answer()
  await new Promise(setImmediate)
  assert.equal(given, 1)
  await cluster.stop()
})
