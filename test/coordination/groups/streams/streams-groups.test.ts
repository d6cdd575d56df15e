/** Streams groups of a coordinator: its timers, its log after a restart, and commits of members within transactions. */

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import type { InternalTopic } from '../../../../src/coordination/groups/streams/topology/configure.ts'
import { ErrorCode } from '../../../../src/protocol/error-codes.ts'
import * as fc from '../../../harness/properties.ts'
import { caller, commitTopic, MemoryStateLog, topics } from '../setup.ts'
import { accepted, described, Member, memberIds, setup } from './coordinator.ts'

const { NONE, UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH } = ErrorCode

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
  topics.counts.clear()
})

describe('a streams group', () => {
  test('loses a member that is not heard of for a session, and whoever is left runs its tasks', async () => {
    const { coordinator, clock } = await setup()
    const [m, n] = [new Member(coordinator, 'm'), new Member(coordinator, 'n')]
    await m.join()
    await n.join()
    await m.beat()
    await m.beat()
    await n.beat()
    assert.deepEqual([m.active, n.active], [['0: 0'], ['0: 1']])
    clock.advance(44_999)
    await m.beat()
    assert.deepEqual(await memberIds(coordinator), ['m', 'n'])
    clock.advance(1)
    assert.deepEqual(await memberIds(coordinator), ['m'])
    await m.beat()
    assert.deepEqual(m.active, ['0: 0, 1'])
    assert.equal((await n.beat()).errorCode, UNKNOWN_MEMBER_ID)
  })

  test('loses a member that does not give up its tasks within its rebalance timeout, though it is heard of', async () => {
    const { coordinator, clock } = await setup()
    const [m, n] = [new Member(coordinator, 'm'), new Member(coordinator, 'n')]
    await m.join()
    await n.join()
    await m.beat()
    const still = [{ subtopologyId: '0', partitions: [0, 1] }]
    clock.advance(9_999)
    accepted(await m.beat({ activeTasks: still }))
    clock.advance(1)
    assert.deepEqual(await memberIds(coordinator), ['n'])
    await n.beat()
    assert.deepEqual(n.active, ['0: 0, 1'])
  })

  test('keeps a member that gives up its tasks in time', async () => {
    const { coordinator, clock } = await setup()
    const [m, n] = [new Member(coordinator, 'm'), new Member(coordinator, 'n')]
    await m.join()
    await n.join()
    await m.beat()
    await m.beat()
    clock.advance(10_000)
    assert.deepEqual(await memberIds(coordinator), ['m', 'n'])
  })

  test('assigns all who have come when the initial delay is over', async () => {
    const { coordinator, clock } = await setup({ initialRebalanceDelayMs: 3000 })
    const [m, n] = [new Member(coordinator, 'm'), new Member(coordinator, 'n')]
    const joined = await m.join()
    assert.match(joined.status?.[0]?.statusDetail ?? '', /initial rebalance delay/)
    await n.join()
    clock.advance(2999)
    await m.beat()
    assert.deepEqual([m.active, (await described(coordinator)).assignmentEpoch], [[], 1])
    clock.advance(1)
    assert.equal((await described(coordinator)).assignmentEpoch, 3)
    await m.beat()
    await n.beat()
    assert.deepEqual([m.active, n.active], [['0: 0'], ['0: 1']])
  })

  test('whose members are gone before the initial delay is over assigns nothing, and waits anew for the next', async () => {
    const { coordinator, clock } = await setup({ initialRebalanceDelayMs: 3000 })
    const m = new Member(coordinator, 'm')
    await m.join()
    await m.leave()
    const { groupEpoch } = await described(coordinator)
    clock.advance(3000)
    const after = await described(coordinator)
    assert.deepEqual([after.groupEpoch, after.groupState], [groupEpoch, 'Empty'])
    const next = new Member(coordinator, 'n')
    assert.match((await next.join()).status?.[0]?.statusDetail ?? '', /initial rebalance delay/)
  })

  test('has its internal topics made once its members have said what they are, and is ready when they are there', async () => {
    const made: InternalTopic[] = []
    topics.names.delete('t2')
    const internalTopics = { make: (missing: readonly InternalTopic[]) => made.push(...missing), errors: new Map() }
    const { coordinator } = await setup({}, internalTopics)
    const m = new Member(coordinator, 'm')
    await m.join()
    assert.deepEqual(
      made.map(({ name, partitions }) => [name, partitions]),
      [['t2', 2]]
    )
    assert.equal((await described(coordinator)).groupState, 'NotReady')
    topics.names.add('t2')
    coordinator.onTopicsChanged(['t2'], true)
    await m.beat()
    assert.deepEqual([m.active, (await described(coordinator)).groupState], [['0: 0, 1'], 'Stable'])
  })
})

test('what a topology comes to is computed when topics change, not with each heartbeat, description and list', async (t) => {
  const counted = t.mock.method(topics, 'partitionCount')
  const { coordinator } = await setup()
  const [m, n] = [new Member(coordinator, 'm'), new Member(coordinator, 'n')]
  await m.join()
  await m.beat()
  await n.join()
  counted.mock.resetCalls()
  for (let times = 0; times < 10; times++) {
    await m.beat({ endpointInformationEpoch: 0 })
    await coordinator.list({ states: [], types: [] })
    await described(coordinator)
  }
  assert.equal(counted.mock.callCount(), 0)
  coordinator.onTopicsChanged(['t1'], false)
  await m.beat()
  assert.ok(counted.mock.callCount() > 0)
})

describe('a member that commits within a transaction', () => {
  const commit = (coordinator: GroupCoordinator, memberId: string, epoch: number) =>
    coordinator.commitOffsetsWithin(
      {
        ...{ transactionalId: 'tx', groupId: 'g', producerId: 7, producerEpoch: 0, memberId },
        generationIdOrMemberEpoch: epoch,
        ...{ groupInstanceId: null, topics: [commitTopic('t1', [[0, 5]])] }
      },
      caller(5),
      null
    )
  const codes = async (answer: ReturnType<typeof commit>) =>
    (await answer).topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))

  test('may do so in its own epoch, or in an older one for tasks that it has had since', async () => {
    const { coordinator } = await setup()
    const [m, n] = [new Member(coordinator, 'm'), new Member(coordinator, 'n')]
    await m.join()
    assert.deepEqual(await codes(commit(coordinator, 'm', 2)), [NONE])
    await n.join()
    await m.beat()
    await m.beat()
    assert.equal(m.epoch, 3)
    assert.deepEqual(await codes(commit(coordinator, 'm', 2)), [NONE], 'task 0 is its own since epoch 2')
    await n.beat()
    assert.deepEqual(await codes(commit(coordinator, 'n', 2)), [STALE_MEMBER_EPOCH])
    assert.deepEqual(await codes(commit(coordinator, 'm', 4)), [STALE_MEMBER_EPOCH])
  })

  test('may not when it is nobody of the group, and whoever names nobody may', async () => {
    const { coordinator } = await setup()
    await new Member(coordinator, 'm').join()
    assert.deepEqual(await codes(commit(coordinator, 'x', 2)), [UNKNOWN_MEMBER_ID])
    assert.deepEqual(await codes(commit(coordinator, '', -1)), [NONE])
  })
})

/** As a cleaner leaves it: of each key the newest record, and of what was taken away nothing. */
function compacted({ records }: MemoryStateLog): MemoryStateLog {
  const newest = new Map(records.map((record, index) => [record.key?.toString('hex'), index]))
  const log = new MemoryStateLog()
  log.append(records.filter(({ key, value }, index) => value !== null && newest.get(key?.toString('hex')) === index))
  return log
}

type Step = readonly ['join' | 'beat' | 'leave' | 'away' | 'grow', number]

test('a coordinator that is loaded from its log, also from a compacted one, goes on as the one before would have', async () => {
  const step = fc.tuple(fc.constantFrom<Step[0]>('join', 'beat', 'beat', 'beat', 'leave', 'away', 'grow'), fc.nat(3))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      topics.counts.clear()
      const { coordinator, load, log } = await setup({ numStandbyReplicas: 1 })
      const fields = (index: number) => (index < 2 ? { instanceId: `i${index}` } : {})
      const members = [0, 1, 2, 3].map((index) => new Member(coordinator, `m${index}`, fields(index)))
      for (const [what, index] of steps) await take(coordinator, members[index], what)
      const before = await described(coordinator)
      for (const from of [log, compacted(log)]) {
        const copy = new MemoryStateLog()
        copy.append(from.records)
        const loaded = await load(copy)
        assert.deepEqual(await described(loaded), before)
      }
      // What they answer next is the same, too.
      const loaded = await load(compacted(log))
      for (const { id, epoch } of members) {
        const [went, goes] = [new Member(coordinator, id), new Member(loaded, id)]
        for (const one of [went, goes]) one.epoch = epoch
        const [one, other] = [await went.beat(), await goes.beat()]
        assert.deepEqual({ ...other, ...soft }, { ...one, ...soft })
      }
      assert.deepEqual(await described(loaded), await described(coordinator))
    }),
    { numRuns: 100 }
  )
})

/** Gone with a coordinator. */
const soft = { heartbeatIntervalMs: 0, endpointInformationEpoch: 0, partitionsByUserEndpoint: null }

async function take(coordinator: GroupCoordinator, member: Member | undefined, what: Step[0]): Promise<void> {
  if (what === 'join') await member?.join()
  else if (what === 'beat') await member?.beat()
  else if (what === 'leave') await member?.leave()
  else if (what === 'away') await member?.leave(-2)
  else {
    for (const name of ['t1', 't2']) topics.counts.set(name, Math.min(9, topics.partitionCount(name) + 1))
    coordinator.onTopicsChanged(['t1', 't2'], false)
  }
}
