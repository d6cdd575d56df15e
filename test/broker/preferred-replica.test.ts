/** Which replica is near a consumer, as Kafka's RackAwareReplicaSelector chooses. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NearReplica, selectByRack } from '../../src/broker/preferred-replica.ts'
import * as fc from '../harness/properties.ts'

const follower = (nodeId: number, more: Partial<NearReplica> = {}): NearReplica => ({
  ...{ nodeId, rack: 'a', logEndOffset: 10, lagMs: 0 },
  ...more
})

test('a consumer without a rack, or in the leader’s, or where nobody else is, stays with the leader', () => {
  assert.equal(selectByRack('', null, [follower(1, { rack: null })]), null)
  assert.equal(selectByRack('a', 'a', [follower(1)]), null)
  assert.equal(selectByRack('b', 'a', [follower(1), follower(2, { rack: null })]), null)
})

test('of several in the rack the one that has most is taken, then the one that has kept up, then the last', () => {
  assert.equal(selectByRack('a', 'b', [follower(1), follower(2, { logEndOffset: 11 }), follower(3)]), 2)
  assert.equal(selectByRack('a', 'b', [follower(1), follower(2, { lagMs: 5 }), follower(3, { lagMs: 5 })]), 1)
  assert.equal(selectByRack('a', 'b', [follower(1), follower(3), follower(2)]), 3)
})

test('whoever is chosen is in the rack, and nobody in it has more', () => {
  const rack = fc.constantFrom('a', 'b', null)
  const one = fc.record({ rack, logEndOffset: fc.nat(5), lagMs: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(one), rack, fc.constantFrom('a', 'b', ''), (copies, leaderRack, wanted) => {
      const followers = copies.map((copy, nodeId) => ({ ...copy, nodeId }))
      const chosen = selectByRack(wanted, leaderRack, followers)
      const near = followers.filter((other) => other.rack === wanted)
      if (wanted === '' || leaderRack === wanted || near.length === 0) assert.equal(chosen, null)
      else {
        const { logEndOffset = -1 } = near.find(({ nodeId }) => nodeId === chosen) ?? assert.fail()
        assert.ok(near.every((other) => other.logEndOffset <= logEndOffset))
      }
    })
  )
})
