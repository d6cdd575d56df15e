/** What a share group gives up on its way to the topic of dead letters, while its share coordinator is away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { DeadLetters } from '../../../src/broker/share/dead-letters.ts'
import { LedSharePartition } from '../../../src/broker/share/led-share-partition.ts'
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
  return { clock, persister, share, sent, acquire, settle, doneUpTo }
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
