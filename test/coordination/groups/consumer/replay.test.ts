/** What the records of a consumer group come to, one by one: what is taken away is gone, and what is written is known as it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goneEpoch, newMember } from '../../../../src/coordination/groups/consumer/member.ts'
import {
  assignmentRecord,
  consumerKeys,
  currentRecord,
  groupRecord,
  memberRecord,
  partitionMetadataTombstone,
  targetRecord
} from '../../../../src/coordination/groups/consumer/records.ts'
import type { ConsumerGroup } from '../../../../src/coordination/groups/consumer/state.ts'
import { keyBytes, valueBytes } from '../../../../src/coordination/groups/record-bytes.ts'
import { replay } from '../../../../src/coordination/groups/replay.ts'
import { GroupsState } from '../../../../src/coordination/groups/state.ts'
import { memberTombstones } from '../../../../src/coordination/groups/tombstones.ts'
import { ConsumerGroupCurrentMemberAssignmentKey as CurrentKey } from '../../../../src/protocol/generated/group-log/consumer-group-current-member-assignment-key.ts'
import { ConsumerGroupCurrentMemberAssignmentValue as CurrentValue } from '../../../../src/protocol/generated/group-log/consumer-group-current-member-assignment-value.ts'
import { topicId } from '../setup.ts'

const [t1, t2] = [topicId('t1'), topicId('t2')]
const member = {
  ...newMember('m'),
  ...{ epoch: 5, previousEpoch: 4, topicNames: new Set(['t1']), rebalanceTimeoutMs: 1000 },
  assigned: new Map([
    [
      t1,
      new Map([
        [0, 3],
        [1, 5]
      ])
    ]
  ]),
  pendingRevocation: new Map([[t2, new Map([[0, 2]])]])
}
const target = new Map([[t1, new Set([0, 1])]])
const written = [
  groupRecord('g', 5, 0n),
  memberRecord('g', member),
  targetRecord('g', 'm', target),
  assignmentRecord('g', 5, 1000),
  currentRecord('g', member)
]

function after(...records: ReturnType<typeof groupRecord>[]): ConsumerGroup {
  const state = new GroupsState()
  for (const [offset, record] of [...written, ...records].entries()) replay(state, record, { offset, producerId: null })
  const group = state.consumer('g')
  assert.ok(group)
  return group
}

const [currentTombstone, targetTombstone, memberTombstone] = memberTombstones(consumerKeys, 'g', 'm')
assert.ok(currentTombstone && targetTombstone && memberTombstone)

test('a member is known with the epoch in which it was given each partition: it may commit for them since then', () => {
  const group = after()
  assert.deepEqual(group.members.get('m'), member)
  assert.deepEqual([group.partitionEpoch(t1, 0), group.partitionEpoch(t1, 1), group.partitionEpoch(t2, 0)], [5, 5, 5])
})

test('partitions of which Kafka did not tell since when they are had are so since the epoch of their member', () => {
  const partitions = [{ topicId: t1, partitions: [0, 1], assignmentEpochs: null }]
  const value = {
    memberEpoch: 5,
    previousMemberEpoch: 4,
    state: 0,
    assignedPartitions: partitions,
    partitionsPendingRevocation: []
  }
  const key = keyBytes(CurrentKey, { groupId: 'g', memberId: 'm' })
  const { assigned = null } = after({ key, value: valueBytes(CurrentValue, 0, value) }).members.get('m') ?? {}
  assert.deepEqual(
    assigned,
    new Map([
      [
        t1,
        new Map([
          [0, 5],
          [1, 5]
        ])
      ]
    ])
  )
})

test('what a member has is free for others once the record of it is taken away', () => {
  const group = after(currentTombstone)
  const { epoch, assigned, pendingRevocation } = group.members.get('m') ?? member
  assert.deepEqual([epoch, assigned.size, pendingRevocation.size], [goneEpoch, 0, 0])
  const free = (of: ConsumerGroup) => [of.partitionEpoch(t1, 0), of.partitionEpoch(t1, 1), of.partitionEpoch(t2, 0)]
  assert.deepEqual(free(group), [-1, -1, -1])
  const without = after(currentTombstone, targetTombstone, memberTombstone)
  assert.deepEqual([without.isEmpty, free(without)], [true, [-1, -1, -1]])
})

test('the target of a member that is taken away is gone: one of the same name is given its own', () => {
  assert.deepEqual(after().target('m'), target)
  const group = after(targetTombstone)
  assert.deepEqual([group.hasTarget('m'), group.target('m').size], [false, 0])
})

test('what was taken away twice, or was never there, is taken away all the same', () => {
  const all = memberTombstones(consumerKeys, 'g', 'm')
  assert.equal(after(...all, ...all, ...memberTombstones(consumerKeys, 'g', 'nobody')).isEmpty, true)
})

test('a record of partition metadata, of Kafka before 4.1, is known until it is taken away', () => {
  const { key } = partitionMetadataTombstone('g')
  const legacy = { key, value: Buffer.from('000001', 'hex') }
  assert.equal(after().hasPartitionMetadata, false)
  assert.equal(after(legacy).hasPartitionMetadata, true)
  assert.equal(after(legacy, partitionMetadataTombstone('g')).hasPartitionMetadata, false)
})
