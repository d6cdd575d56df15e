/** The records of a share group, as Apache Kafka 4.4.0 wrote them to its `__consumer_offsets`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateRecord } from '../../../../src/coordination/coordinator.ts'
import type { Partitions } from '../../../../src/coordination/groups/consumer/partitions.ts'
import type { ShareMember } from '../../../../src/coordination/groups/share/member.ts'
import {
  assignmentRecord,
  currentRecord,
  groupRecord,
  memberRecord,
  readShareGroupRecord,
  shareKeys,
  statePartitionsRecord,
  targetRecord
} from '../../../../src/coordination/groups/share/records.ts'
import { memberTombstones } from '../../../../src/coordination/groups/tombstones.ts'
import { Reader } from '../../../../src/protocol/primitives.ts'

const group = 'g18815'
const [idOfT, idOfU] = ['0fc0b126ffd648239fac2178bd231162', '16a817a69deb4d708b03792ef6dc7790'].map((hex) =>
  Buffer.from(hex, 'hex').toString('base64url')
)
assert.ok(idOfT !== undefined && idOfU !== undefined)

function member(memberId: string, epochs: readonly [now: number, before: number], assigned: Partitions): ShareMember {
  const [epoch, previousEpoch] = epochs
  const client = { rackId: null, clientId: 'differential', clientHost: '/127.0.0.1' }
  return { memberId, ...client, topicNames: new Set(['u18815', 't18815']), epoch, previousEpoch, assigned }
}

const partitions = (...numbers: number[]) => ({ topicId: idOfT, topicName: 't18815', partitions: numbers })

const records: readonly (readonly [what: string, record: StateRecord, key: string, value: string | null])[] = [
  [
    'a member that subscribes to two topics, in the order of their names',
    memberRecord(group, member('c', [5, 4], new Map())),
    '000a0006673138383135000163',
    '0000000d646966666572656e7469616c0b2f3132372e302e302e3103077431383831350775313838313500'
  ],
  [
    'the group in an epoch',
    groupRecord(group, 2, -3152996674569320151n),
    '000b0006673138383135',
    '000000000002d43e4e3ad24ec92900'
  ],
  [
    'when the target was made',
    assignmentRecord(group, 2, 0x1a22d88ddec),
    '000c0006673138383135',
    '000000000002010008000001a22d88ddec'
  ],
  [
    'the target of a member',
    targetRecord(group, 'a', new Map([[idOfT, new Set([1, 3])]])),
    '000d0006673138383135000161',
    '0000020fc0b126ffd648239fac2178bd2311620300000001000000030000'
  ],
  [
    'what a member has',
    currentRecord(group, member('b', [4, 3], new Map([[idOfT, new Set([0, 2])]]))),
    '000e0006673138383135000162',
    '0000000000040000000300020fc0b126ffd648239fac2178bd2311620300000000000000020000'
  ],
  [
    'share partitions that are being initialized, beside those that are',
    statePartitionsRecord(group, {
      initializingTopics: [{ topicId: idOfU, topicName: 'u18815', partitions: [0, 1, 2] }],
      initializedTopics: [partitions(0, 1, 2, 3)],
      deletingTopics: []
    }),
    '000f0006673138383135',
    '00000216a817a69deb4d708b03792ef6dc7790077531383831350400000000000000010000000200' +
      '020fc0b126ffd648239fac2178bd231162077431383831350500000000000000010000000200000003000100'
  ]
]

for (const [what, record, key, value] of records) {
  test(`${what}: written as the bytes of Apache Kafka, and read from them`, () => {
    assert.equal(record.key?.toString('hex'), key)
    assert.equal(record.value?.toString('hex') ?? null, value)
    const read = readOf(record)
    assert.equal(read?.groupId, group)
    assert.notEqual(read?.value, null)
  })
}

test('a member goes with all that is known of it, in the order of Apache Kafka', () => {
  const keys = memberTombstones(shareKeys, group, 'b').map(({ key }) => key?.toString('hex'))
  assert.deepEqual(keys, ['000e0006673138383135000162', '000d0006673138383135000162', '000a0006673138383135000162'])
  const kinds = memberTombstones(shareKeys, group, 'b').map((record) => readOf(record))
  assert.deepEqual(
    kinds.map((read) => [read?.kind, read?.value]),
    ['share current', 'share target', 'share member'].map((kind) => [kind, null])
  )
})

test('a record of another kind of group is none of a share group', () => {
  for (const type of [2, 3, 9, 16]) assert.equal(readShareGroupRecord(type, new Reader(Buffer.alloc(0)), null), null)
})

function readOf({ key, value }: StateRecord) {
  assert.ok(key)
  const reader = new Reader(key)
  return readShareGroupRecord(reader.readInt16(), reader, value)
}
