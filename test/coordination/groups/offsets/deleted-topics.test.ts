/** Offsets go with the topic that they were committed for: also where the disk refused, where nobody was there, and where its name is taken again. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import { offsetsOfDeletedTopics } from '../../../../src/coordination/groups/offsets/delete.ts'
import { offsetCommitRecord } from '../../../../src/coordination/groups/records.ts'
import { GroupsState } from '../../../../src/coordination/groups/state.ts'
import { limits } from '../../../../src/limits.ts'
import { ZERO_UUID } from '../../../../src/protocol/primitives.ts'
import { caller, commitRequest, commitTopic, coordinatorOn, setup, topicId, topics } from '../setup.ts'

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
  topics.newIds.clear()
})

const record = (topic: string, partition: number, offset: number, id = topicId(topic)) => {
  const value = { offset, leaderEpoch: -1, metadata: '', commitTimestampMs: 1_700_000_000_000, expireTimestampMs: null }
  return offsetCommitRecord({ groupId: 'g', topic, partition }, { ...value, topicId: id })
}

/** Offsets of t1-0 and t2-0 that count, and of t1-1 in a transaction that is open. */
async function withOffsets(id = topicId('t1')) {
  const { log, clock } = await setup()
  log.append([record('t1', 0, 5, id), record('t2', 0, 6)])
  log.appendWithin({ producerId: 7 }, [record('t1', 1, 7, id)])
  return { log, clock, coordinator: await coordinatorOn(log, clock) }
}

function makeAnew(): void {
  topics.names.add('t1')
  topics.newIds.set('t1', topicId('another t1'))
}

/** Offsets by partition once the transaction is committed, for clients that know names alone. */
async function offsetsOf(coordinator: GroupCoordinator) {
  const ofProducer = { producerId: 7, producerEpoch: 1, coordinatorEpoch: 0 }
  await coordinator.endTransaction({ ...ofProducer, outcome: 'commit', transactionVersion: 2 })
  const { topics: found } = await coordinator.fetchOffsets({ groupId: 'g', topics: null, requireStable: false })
  return Object.fromEntries(
    found.flatMap(({ name = '', partitions }) =>
      partitions.map(({ partitionIndex, committedOffset }) => [`${name}-${partitionIndex}`, committedOffset])
    )
  )
}

test('the offsets of a topic that was deleted while nobody looked after the group are gone when its name is taken again', async () => {
  const { log, clock } = await withOffsets()
  topics.names.delete('t1')
  const coordinator = await coordinatorOn(log, clock)
  makeAnew()
  assert.deepEqual(await offsetsOf(coordinator), { 't2-0': 6 })
})

test('they are gone as well when its name was taken again before anybody looked after the group', async () => {
  const { log, clock } = await withOffsets()
  makeAnew()
  assert.deepEqual(await offsetsOf(await coordinatorOn(log, clock)), { 't2-0': 6 })
})

test('offsets of before Kafka told the ids of topics stay with the name', async () => {
  const { log, clock } = await withOffsets(ZERO_UUID)
  makeAnew()
  assert.deepEqual(await offsetsOf(await coordinatorOn(log, clock)), { 't1-0': 5, 't1-1': 7, 't2-0': 6 })
})

test('where the disk refused while the topic was deleted, its offsets go later, and those of the next topic of that name stay', async () => {
  const { log, clock, coordinator } = await withOffsets()
  log.append([record('t1', 2, 8)])
  const loaded = await coordinatorOn(log, clock)
  log.isFull = true
  topics.names.delete('t1')
  loaded.onTopicsDeleted(['t1'])
  log.isFull = false
  makeAnew()
  await loaded.commitOffsets(commitRequest({ topics: [commitTopic('t1', [[0, 1]])] }), caller(9))
  clock.advance(limits.refusedRecordPauseMs)
  assert.deepEqual(await offsetsOf(loaded), { 't1-0': 1, 't2-0': 6 })
  assert.deepEqual(await offsetsOf(await coordinatorOn(log, clock)), { 't1-0': 1, 't2-0': 6 })
  coordinator.close()
})

test('where the disk refuses again, it is tried again', async () => {
  const { log, clock, coordinator } = await withOffsets()
  log.isFull = true
  topics.names.delete('t1')
  coordinator.onTopicsDeleted(['t1'])
  clock.advance(3 * limits.refusedRecordPauseMs)
  log.isFull = false
  clock.advance(limits.refusedRecordPauseMs)
  topics.names.add('t1')
  assert.deepEqual(await offsetsOf(coordinator), { 't2-0': 6 })
})

test('of topics that are there no offset is looked at, whatever there is of them', () => {
  const state = new GroupsState()
  const committed = { offset: 1, leaderEpoch: -1, metadata: '', commitTimestampMs: 0, expireTimestampMs: null }
  const putOne = (groupId: string, topic: string, partition: number) =>
    state.offsets.put(groupId, topic, partition, { ...committed, topicId: topicId(topic) })
  for (let group = 0; group < 1000; group++) for (const partition of [0, 1]) putOne(`g${group}`, 't2', partition)
  putOne('g1', 't1', 0)
  putOne('gone', 't1', 0)
  state.offsets.remove('gone', 't1', 0)
  const place = { groupId: 'g2', topic: 't1', partition: 3 }
  const pending = { place, committed: { ...committed, topicId: topicId('t1') }, recordOffset: 9 }
  state.pendingOffsets.put(7, pending)
  let looks = 0
  const records = offsetsOfDeletedTopics(state, (topic) => {
    looks += 1
    return topic !== 't1'
  })
  assert.equal(records.length, 2)
  assert.ok(looks < 10, `${looks} looks`)
  state.pendingOffsets.end(7)
  assert.equal(offsetsOfDeletedTopics(state, (topic) => topic !== 't1').length, 1)
})
