import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  groupMetadataRecord,
  groupTombstone,
  newestRecordType,
  offsetCommitRecord,
  offsetTombstone,
  readGroupLogRecord
} from '../../../src/coordination/groups/records.ts'
import { replay } from '../../../src/coordination/groups/replay.ts'
import { GroupsState } from '../../../src/coordination/groups/state.ts'
import { groupLogMessages } from '../../../src/protocol/generated/group-log/registry.ts'
import { ProtocolError } from '../../../src/protocol/primitives.ts'
import * as fc from '../../harness/properties.ts'

/** Keys and values as Apache Kafka 4.4.0 wrote them to its `__consumer_offsets`. */
const kafkaRecords = {
  'a new group': ['000200026731', '0003000000000000ffffffff000001a20b6c809700000000'],
  'a group with an assigned member': [
    '000200026731',
    '00030008636f6e73756d657200000001000572616e6765002a70726f62652d31616331373664302d383666622d343539652d623836632d63323434' +
      '6239373234643532000001a20b6c80e800000001002a70726f62652d31616331373664302d383666622d343539652d623836632d633234346239' +
      '373234643532ffff000570726f6265000a2f3132372e302e302e310000ea60000027100000000e0000000000010002743100000000000000020001'
  ],
  'a group with a static member': [
    '000200026773',
    '00030008636f6e73756d657200000001000572616e6765002769312d38356532373332642d643164302d346563662d386635662d35663833353465' +
      '3732363033000001a20b6c814d00000001002769312d38356532373332642d643164302d346563662d386635662d356638333534653732363033' +
      '00026931000570726f6265000a2f3132372e302e302e310000ea60000027100000000e0000000000010002743100000000000000020001'
  ],
  'a group that has become empty': ['000200026731', '00030008636f6e73756d657200000002ffffffff000001a20b6c814800000000'],
  'a committed offset': [
    '0001000267310002743100000000',
    '00040000000000000005000000030278000001a20b6c810b01001015efef517ba84340832155676ea6d626'
  ],
  'a committed offset with a retention of its own': [
    '0001000673696d706c650002743200000000',
    '00010000000000000005000178000001a20b6c8117000001a20b6e07b7'
  ],
  'a deleted offset': ['000100000002743100000000', null],
  'a deleted group': ['00020000', null]
} as const

for (const [what, [key, value]] of Object.entries(kafkaRecords)) {
  test(`${what} is read from, and written as, the bytes of Apache Kafka`, () => {
    const record = { key: Buffer.from(key, 'hex'), value: value === null ? null : Buffer.from(value, 'hex') }
    assert.deepEqual(written(readGroupLogRecord(record)), record)
  })
}

test('an offset of the first days of Kafka, whose key says type 0, is an offset', () => {
  const key = Buffer.from('0000000267310002743100000000', 'hex')
  const value = Buffer.from('0000' + '0000000000000005' + '000178' + '000001a20b6c8117', 'hex')
  const read = readGroupLogRecord({ key, value })
  assert.ok(read.kind === 'offset')
  assert.deepEqual(read.place, { groupId: 'g1', topic: 't1', partition: 0 })
  assert.deepEqual([read.value?.offset, read.value?.metadata, read.value?.expireTimestampMs], [5, 'x', null])
})

test('members of a group of before Kafka 0.10.1 have their session for a rebalance, and the group its generation', () => {
  const key = Buffer.from('000200026731', 'hex')
  const member = '00016d' + '000570726f6265' + '000a2f3132372e302e302e31' + '00002710' + '00000001aa' + '00000001bb'
  const value = Buffer.from(`00000008636f6e73756d657200000003000572616e676500016d00000001${member}`, 'hex')
  const state = new GroupsState()
  replay(state, { key, value }, { offset: 0, producerId: null })
  const group = state.classic('g1')
  assert.deepEqual(
    [group?.generation, group?.protocol, group?.leader, group?.stateTimestampMs],
    [3, 'range', 'm', null]
  )
  const { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs } = group?.members.get('m') ?? {}
  assert.deepEqual([groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs], [null, 10_000, 10_000])
})

test('records of types that Kafka writes no more of share and streams groups are left alone', () => {
  // Kafka: CoordinatorRecordType.
  const served = new Set([3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23])
  for (let type = 3; type <= newestRecordType; type++) {
    if (served.has(type)) continue
    for (const value of [Buffer.from('00000000000700', 'hex'), null]) {
      assert.deepEqual(readGroupLogRecord({ key: keyOfType(type), value }), { kind: 'foreign' }, `type ${type}`)
    }
  }
})

test('a type that no Kafka up to this version writes is known as such', () => {
  assert.equal(newestRecordType, Math.max(...groupLogMessages.map(({ apiKey }) => apiKey)))
  for (const type of [newestRecordType + 1, 99, 0x7fff, -1]) {
    assert.deepEqual(readGroupLogRecord({ key: keyOfType(type), value: null }), { kind: 'unknown', type })
  }
})

test('whatever bytes a record has, it is read or refused with a ProtocolError', () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)))
  const typed = fc.tuple(fc.integer({ min: 0, max: 4 }), bytes).map(([type, rest]) => {
    return rest === null ? null : Buffer.concat([Buffer.from([0, type]), rest])
  })
  fc.assert(
    fc.property(fc.oneof(bytes, typed), fc.oneof(bytes, typed), (key, value) => {
      try {
        readGroupLogRecord({ key, value })
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }),
    { numRuns: 2000 }
  )
})

function keyOfType(type: number): Buffer {
  return Buffer.from(`${(type & 0xffff).toString(16).padStart(4, '0')}026731`, 'hex')
}

function written(read: ReturnType<typeof readGroupLogRecord>) {
  if (read.kind === 'group') {
    return read.value === null ? groupTombstone(read.groupId) : groupMetadataRecord(read.groupId, read.value)
  }
  if (read.kind === 'offset') {
    return read.value === null ? offsetTombstone(read.place) : offsetCommitRecord(read.place, read.value)
  }
  return assert.fail('a foreign record')
}
