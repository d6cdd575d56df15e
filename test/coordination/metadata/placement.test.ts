/** Where the replicas of new partitions go: over brokers and racks, evenly, and never first where nobody is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type BrokerState,
  type LivingBrokers,
  livingBrokers
} from '../../../src/coordination/metadata/living-brokers.ts'
import { placeReplicas } from '../../../src/coordination/metadata/placement.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'

type InShort = readonly [id: number, rack?: string | null, state?: BrokerState]

const brokersOf = (...brokers: readonly InShort[]): LivingBrokers =>
  livingBrokers(brokers.map(([id, rack = null, state = 'active']) => ({ id, epoch: 0, rack, directoryId: '', state })))

function placed(living: LivingBrokers, partitions: number, replicationFactor: number, seed = 1) {
  const replicas = placeReplicas(living, { partitions, replicationFactor }, new SeededChance(seed))
  assert.ok(typeof replicas !== 'string', String(replicas))
  return replicas
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed)
const three = brokersOf([1], [2], [3])
const racks = brokersOf([0, 'a'], [1, 'a'], [2, 'b'], [3, 'b'], [4, 'c'], [5, 'c'])

test('every broker leads once before one leads again, and copies are on different brokers', () => {
  for (const seed of seeds) {
    const replicas = placed(three, 9, 3, seed)
    for (let round = 0; round < 9; round += 3) {
      assert.deepEqual(new Set(replicas.slice(round, round + 3).map(([leader]) => leader)), new Set([1, 2, 3]))
    }
    for (const partition of replicas) assert.deepEqual(new Set(partition), new Set([1, 2, 3]))
  }
})

test('followers are in stripes too: of two copies every broker has as many', () => {
  for (const seed of seeds) {
    const counts = new Map<number, number>()
    for (const id of placed(three, 6, 2, seed).flat()) counts.set(id, (counts.get(id) ?? 0) + 1)
    assert.deepEqual([...counts.values()], [4, 4, 4], `seed ${seed}`)
  }
})

test('the copies of a partition are in as many racks as there are', () => {
  const rackOf = (id: number) => racks.broker(id)?.rack
  for (const seed of seeds) {
    for (const partition of placed(racks, 12, 3, seed)) {
      assert.equal(new Set(partition.map(rackOf)).size, 3, `seed ${seed}: ${partition}`)
    }
    for (const partition of placed(racks, 12, 5, seed)) assert.equal(new Set(partition).size, 5)
    assert.deepEqual(new Set(placed(racks, 6, 1, seed).flat()), new Set([0, 1, 2, 3, 4, 5]))
  }
})

test('where the first partition goes is chance', () => {
  assert.deepEqual(new Set(seeds.map((seed) => placed(three, 1, 1, seed)[0]?.[0])), new Set([1, 2, 3]))
  const orders = seeds.map((seed) => placed(three, 9, 3, seed).slice(3, 6).join(' '))
  assert.equal(new Set(orders).size, 6, 'after a round there is another order: both ways round, from any broker')
})

test('a fenced broker has copies when there are not enough others, and never the first', () => {
  const one = brokersOf([1], [2, null, 'fenced'], [3])
  for (const seed of seeds) {
    for (const partition of placed(one, 6, 2, seed)) assert.deepEqual(new Set(partition), new Set([1, 3]))
    for (const partition of placed(one, 6, 3, seed)) assert.equal(partition[2], 2)
  }
  const racked = brokersOf([1, 'a', 'fenced'], [2, 'b'], [3, 'c', 'fenced'])
  for (const seed of seeds) for (const [leader] of placed(racked, 5, 3, seed)) assert.equal(leader, 2)
})

test('a broker that stops has none', () => {
  const stopping = brokersOf([1], [2, null, 'in controlled shutdown'])
  assert.deepEqual(placed(stopping, 2, 1), [[1], [1]])
  assert.match(
    String(placeReplicas(stopping, { partitions: 1, replicationFactor: 2 }, new SeededChance(1))),
    /replication factor of 2 cannot be reached because only 1 broker/
  )
})

test('where all are fenced nothing is placed', () => {
  const fenced = brokersOf([1, null, 'fenced'])
  assert.equal(
    placeReplicas(fenced, { partitions: 1, replicationFactor: 1 }, new SeededChance(1)),
    'All brokers are currently fenced, or have all their log directories cordoned.'
  )
})

test('one broker has everything', () => {
  assert.deepEqual(placed(brokersOf([7]), 3, 1), [[7], [7], [7]])
})
