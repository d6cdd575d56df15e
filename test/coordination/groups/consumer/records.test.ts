import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newMember } from '../../../../src/coordination/groups/consumer/member.ts'
import { memberRecord } from '../../../../src/coordination/groups/consumer/records.ts'
import { replay } from '../../../../src/coordination/groups/replay.ts'
import { GroupsState } from '../../../../src/coordination/groups/state.ts'

const said = {
  clientId: 'rdkafka',
  clientHost: '/127.0.0.1',
  topicNames: new Set(['orders']),
  rebalanceTimeoutMs: 300_000
}
const member = { ...newMember('m'), ...said }
const at = { offset: 0, producerId: null }

/** As Apache Kafka 4.4.0 wrote it: a member of the consumer protocol says in so many words that it is not of the classic one. */
const byKafka =
  '0000' + '00' + '00' + '0872646b61666b61' + '0b2f3132372e302e302e31' + '02076f7264657273' + '01' + '000493e0' + '00'
const notClassic = '01' + '00' + '01' + '00'

test('a member is written as Apache Kafka writes it', () => {
  assert.equal(memberRecord('g', member).value?.toString('hex'), byKafka + notClassic)
})

test('a member of the consumer protocol is one after a replay, and so is one of the classic protocol', () => {
  const classic = { sessionTimeoutMs: 6000, supportedProtocols: [{ name: 'range', metadata: Buffer.from('said') }] }
  for (const one of [member, { ...member, classic }]) {
    const state = new GroupsState()
    replay(state, memberRecord('g', one), at)
    assert.deepEqual(state.consumer('g')?.members.get('m'), one)
  }
})
