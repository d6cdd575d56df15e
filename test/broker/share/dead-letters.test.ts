/** What a share group gives up on its way to the topic of dead letters, while its share coordinator is away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { DeadLetters } from '../../../src/broker/share/dead-letters.ts'
import { LedSharePartition } from '../../../src/broker/share/led-share-partition.ts'
import { SharePartitions } from '../../../src/broker/share/share-partitions.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { SharedSlices } from '../../../src/host/slices.ts'
import { limits } from '../../../src/limits.ts'
import { batchOf } from '../../log/setup.ts'
import { defaults } from './reading.ts'
import { type Fate, ledReplica, UnreliablePersister } from './unreliable-persister.ts'

const settings = {
  ...{ ...defaults, autoOffsetReset: 'earliest', isolationLevel: 'read_uncommitted' as const },
  ...{ deliveryCountLimit: 2, deadLetterTopic: 'dlq.t', copiesDeadLetters: false }
}

const connection = { id: 1, clientHost: '/127.0.0.1', listener: { host: 'localhost', port: 9092 } }

/** One record, which a member holds and says nothing of. */
async function held() {
  const clock = new ManualClock()
  const persister = await UnreliablePersister.over(clock)
  const replica = ledReplica()
  replica.append(batchOf(['x']), 'client')
  await replica.committed(1)
  const key = { groupId: 'g', topicId: replica.topicId, partition: 0 }
  await persister.initialize({ key, stateEpoch: 1, startOffset: 0 })
  const sent: DeadLetters[] = []
  const deadLetters = { send: async (letters: readonly DeadLetters[]) => void sent.push(...letters) }
  const share = new LedSharePartition({
    ...{ key, replica, clock, persister, deadLetters, slices: new SharedSlices(clock), settings: () => settings },
    ...{ onEnded: () => {}, onSettled: () => {}, onLocked: () => {} }
  })
  await share.open()
  const acquire = () => {
    const request = { memberId: 'm', mode: 'batch-optimized', maxRecords: 1, batchSize: 1 } as const
    return share.acquire(request, { fetchOffset: 0, batches: [{ firstOffset: 0, lastOffset: 0 }], aborted: [] })
  }
  const settle = async (fate: Fate): Promise<void> => {
    persister.waiting.shift()?.(fate)
    await setImmediate()
  }
  const doneUpTo = async (): Promise<number> => {
    const { startOffset, deliveryCompleteCount } = await persister.coordinator.summarize(key)
    return startOffset + deliveryCompleteCount
  }
  return { clock, persister, key, share, sent, acquire, settle, doneUpTo }
}

test('a record that was held for too long, too often, while nothing could be written, is given up when that is written', async () => {
  const { clock, persister, share, sent, acquire, settle, doneUpTo } = await held()
  acquire()
  clock.advance(settings.recordLockDurationMs)
  await share.timeOut()
  assert.equal(acquire()[0]?.deliveryCount, 2)
  clock.advance(settings.recordLockDurationMs)
  persister.isHeld = true
  void share.timeOut()
  for (const fate of ['lost', 'lost', 'lost on its way back'] as const) {
    await settle(fate)
    assert.deepEqual([sent, acquire(), share.isAtRest], [[], [], false])
    clock.advance(limits.deadLetterPauseMs)
    await setImmediate()
  }
  await settle('answered')
  assert.deepEqual(sent, [{ firstOffset: 0, lastOffset: 0, deliveryCount: 2, why: 'exhausted' }])
  await settle('answered')
  assert.deepEqual([share.isAtRest, await doneUpTo()], [true, 1])
  persister.coordinator.close()
})

test('what a group had still to give up when it was deleted is forgotten', async () => {
  const { clock, persister, key, share, acquire, settle } = await held()
  for (let attempt = 0; attempt < 2; attempt += 1) {
    acquire()
    clock.advance(settings.recordLockDurationMs)
    persister.isHeld = attempt === 1
    void share.timeOut()
    await setImmediate()
  }
  await settle('lost')
  await persister.coordinator.remove(key)
  clock.advance(limits.deadLetterPauseMs)
  await setImmediate()
  await settle('answered')
  assert.equal(share.hasEnded, true)
  persister.coordinator.close()
})

/** A record that a member has rejected, and whose dead letter cannot be sent. */
async function burying() {
  const clock = new ManualClock()
  const persister = await UnreliablePersister.over(clock)
  const replica = ledReplica()
  replica.append(batchOf(['x']), 'client')
  await replica.committed(1)
  await persister.initialize({
    ...{ key: { groupId: 'g', topicId: replica.topicId, partition: 0 }, stateEpoch: 1, startOffset: 0 }
  })
  const shares = new SharePartitions({
    ...{ clock, persister, mostSessions: () => 10, settingsOf: () => settings },
    deadLetters: { send: () => new Promise<void>(() => {}) }
  })
  const enter = (memberId: string) => {
    const said = { epoch: 0, connection, partitions: [], forgotten: [], says: 'nothing' as const }
    return shares.enterToFetch({ groupId: 'g', memberId, ...said }).kind
  }
  assert.equal(enter('m'), 'opened')
  const share = shares.at('g', replica)
  assert.ok('key' in share)
  await setImmediate()
  const request = { memberId: 'm', mode: 'batch-optimized', maxRecords: 1, batchSize: 1 } as const
  share.acquire(request, { fetchOffset: 0, batches: [{ firstOffset: 0, lastOffset: 0 }], aborted: [] })
  assert.equal(await share.acknowledge('m', [{ firstOffset: 0, lastOffset: 0, verdict: 'reject' }]), null)
  shares.disconnected(connection)
  await setImmediate()
  assert.deepEqual([share.hasEnded, share.isAtRest, share.isOnlyBurying], [false, false, true])
  return { shares, share, enter, close: () => persister.coordinator.close() }
}

test('who reads for a group after all had gone has read anew what still buries: it may be another group of that name', async () => {
  const { share, enter, close } = await burying()
  assert.equal(enter('n'), 'opened')
  assert.equal(share.hasEnded, true)
  close()
})

test('what could not be written is not tried any more once the broker has stopped', async () => {
  const { shares, share, close } = await burying()
  shares.end()
  assert.equal(share.hasEnded, true)
  close()
})
