/**
 * Odradek and Apache Kafka in turns on one directory: each finds the states of share partitions as the other has left them, after a stop and
 * after a kill, over snapshots, updates, tombstones and logs that were cut at their beginning. Apache Kafka's DumpLogSegments finds no fault.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { dumpLogs } from '../../crash/dump-log.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import type { Plain } from '../differential/session.ts'
import { type SharePartition, ShareStatesClient, type StateBatch } from '../share-states/client.ts'

const topic = 'shared'
const groups = ['cooks', 'drivers', 'gone']
const shares: readonly SharePartition[] = groups.flatMap((groupId) =>
  [0, 1].map((partition) => ({ groupId, partition }))
)
const writesOfAStay = 8
const pruneIntervalMs = 200

const configs = {
  'share.coordinator.state.topic.num.partitions': '2',
  'share.coordinator.snapshot.update.records.per.snapshot': '3',
  'share.coordinator.state.topic.prune.interval.ms': String(pruneIntervalMs)
}

const stays: readonly { readonly by: 'odradek' | 'kafka'; readonly end: 'stop' | 'kill' }[] = [
  { by: 'odradek', end: 'stop' },
  { by: 'kafka', end: 'stop' },
  { by: 'odradek', end: 'kill' },
  { by: 'odradek', end: 'stop' },
  { by: 'kafka', end: 'kill' },
  { by: 'odradek', end: 'stop' }
]

const skip = skipUnless(odradek(), kafkaJars('broker'), kafkaJars('tools'))

test('each stay finds the states of share partitions', { skip }, async () => {
  using data = temporaryDirectory('share-states')
  let left: readonly Plain[] = []
  for (const [index, stay] of stays.entries()) {
    left = await carryOut(stay, index, data.path, left).catch((error: unknown) => {
      throw new Error(`stay ${index + 1}, ${stay.by}: ${String(error)}`, { cause: error })
    })
  }
  const { faults, records } = await dumpLogs(data.path)
  assert.deepEqual(faults, [])
  assert.ok(records > 0)
})

/** Gives what it has left. */
async function carryOut(
  { by, end }: (typeof stays)[number],
  index: number,
  dataDirectory: string,
  left: readonly Plain[]
): Promise<readonly Plain[]> {
  const options = { dataDirectory, configs }
  const broker: BrokerProcess = await (by === 'odradek' ? startOdradek(options) : startRealKafka(options))
  try {
    const client = await ShareStatesClient.open(broker.bootstrap, topic, shares)
    if (index > 0) assert.deepEqual(await summaries(client), left)
    for (const share of shares) await goOn(client, share, index)
    const leaves = await summaries(client)
    // Its own log is cut meanwhile, or is not: what it says is the same.
    if (end === 'stop') await setTimeout(3 * pruneIntervalMs)
    client.close()
    return leaves
  } finally {
    if (end === 'stop') await broker.stop()
    else await broker.kill()
  }
}

/** In the stay of this index: that of the group that goes away is initialized and removed, in turns. */
async function goOn(client: ShareStatesClient, share: SharePartition, index: number): Promise<void> {
  const isGone = share.groupId === 'gone'
  if (index === 0 || isGone) await client.initialize(share, index + 1, 0)
  const stateEpoch = isGone ? index + 1 : 1
  const epochs = { stateEpoch, leaderEpoch: index }
  const before = await client.read(share, index)
  const expected = index === 0 || isGone ? [] : batchesAfter(index * writesOfAStay - 1)
  assert.deepEqual(batchesIn(before), expected)
  for (let place = 0; place < writesOfAStay; place += 1) {
    const write = index * writesOfAStay + place
    await client.write(share, epochs, { startOffset: write, deliveryCompleteCount: 1, stateBatches: batchesOf(write) })
  }
  if (isGone && index % 2 === 0) await client.remove(share)
}

/** A record that is given back at its first attempt, and one that is done at its second. */
function batchesOf(write: number): StateBatch[] {
  const available = { firstOffset: write, lastOffset: write, deliveryState: 0, deliveryCount: 1 }
  return [available, { firstOffset: write + 1, lastOffset: write + 1, deliveryState: 2, deliveryCount: 2 }]
}

/** What that comes to behind the write before: a late word of a first attempt takes nothing back. */
function batchesAfter(write: number): StateBatch[] {
  return [{ firstOffset: write, lastOffset: write + 1, deliveryState: 2, deliveryCount: 2 }]
}

function batchesIn(answer: Plain): Plain {
  return typeof answer === 'object' && answer !== null && 'stateBatches' in answer
    ? (answer.stateBatches ?? null)
    : null
}

async function summaries(client: ShareStatesClient): Promise<readonly Plain[]> {
  const told: Plain[] = []
  for (const share of shares) told.push(await client.summary(share))
  return told
}
