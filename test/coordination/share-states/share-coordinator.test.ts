/** A share coordinator over a log: what it answers when, what a restart finds, and that its log stays short. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateBatch } from '../../../src/coordination/share-states/batches.ts'
import { initialize } from '../../../src/coordination/share-states/initialize.ts'
import { snapshotRecord } from '../../../src/coordination/share-states/records.ts'
import { ShareCoordinator } from '../../../src/coordination/share-states/share-coordinator.ts'
import { ShareStates } from '../../../src/coordination/share-states/state.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { MemoryStateLog, topicId } from '../groups/setup.ts'

const { NONE, NOT_COORDINATOR, POLICY_VIOLATION } = ErrorCode
const key = { groupId: 'g', topicId: topicId('t1'), partition: 0 }
const batch = { firstOffset: 3, lastOffset: 5, deliveryState: 2, deliveryCount: 1 }

class Shares {
  readonly clock = new ManualClock()
  readonly log = new MemoryStateLog()
  readonly deletedBefore: number[] = []

  async load(): Promise<ShareCoordinator> {
    const options = {
      ...{ log: this.log, clock: this.clock, isInCluster: () => true },
      config: { writeTimeoutMs: 5000, updatesPerSnapshot: 10, pruneIntervalMs: 1000, coldSnapshotIntervalMs: 1000 },
      deleteRecordsBefore: async (offset: number): Promise<void> => void this.deletedBefore.push(offset)
    }
    const coordinator = await ShareCoordinator.load(
      options,
      () => null,
      () => true
    )
    assert.ok(coordinator)
    return coordinator
  }
}

function writeOf(startOffset: number, of = key) {
  const epochs = { stateEpoch: 1, leaderEpoch: 2 }
  return { key: of, ...epochs, startOffset, deliveryCompleteCount: 3, stateBatches: [batch] }
}

test('what was answered is there after a restart', async () => {
  const shares = new Shares()
  const first = await shares.load()
  await first.initialize({ key, stateEpoch: 1, startOffset: 0 })
  await first.read(key, 2)
  await first.write(writeOf(2))
  first.close()
  assert.equal((await first.read(key, 2)).errorCode, NOT_COORDINATOR)
  const second = await shares.load()
  const { errorCode, stateEpoch, startOffset, stateBatches } = await second.read(key, 3)
  assert.deepEqual([errorCode, stateEpoch, startOffset, stateBatches], [NONE, 1, 2, [batch]])
  assert.equal((await second.write(writeOf(4))).errorCode, ErrorCode.FENCED_LEADER_EPOCH)
  assert.equal((await second.summarize(key)).leaderEpoch, 3)
  await second.remove(key)
  assert.equal(second.size, 0)
  second.close()
})

test('an answer waits until what it rests on is safe, and where that is in doubt the coordinator ends', async () => {
  const shares = new Shares()
  const coordinator = await shares.load()
  shares.log.holdSyncs()
  let isAnswered = false
  const initialized = coordinator.initialize({ key, stateEpoch: 1, startOffset: 0 }).then((answer) => {
    isAnswered = true
    return answer
  })
  await Promise.resolve()
  assert.equal(isAnswered, false)
  shares.log.releaseSyncs()
  assert.equal((await initialized).errorCode, NONE)
  shares.log.hasLostSyncs = true
  assert.equal((await coordinator.summarize(key)).errorCode, NOT_COORDINATOR)
  assert.equal(coordinator.isClosed, true)
  assert.equal(shares.clock.waiting, 0)
})

test('a disk without room refuses that request alone', async () => {
  const shares = new Shares()
  const coordinator = await shares.load()
  shares.log.isFull = true
  assert.equal((await coordinator.initialize({ key, stateEpoch: 1, startOffset: 0 })).errorCode, NOT_COORDINATOR)
  shares.log.isFull = false
  assert.equal((await coordinator.initialize({ key, stateEpoch: 1, startOffset: 0 })).errorCode, NONE)
  coordinator.close()
})

test('the log is cut where nothing before is needed, once what stands for it is safe', async () => {
  const shares = new Shares()
  const coordinator = await shares.load()
  const still = { ...key, partition: 1 }
  await coordinator.initialize({ key: still, stateEpoch: 1, startOffset: 7 })
  await coordinator.initialize({ key, stateEpoch: 1, startOffset: 0 })
  for (let index = 0; index < 30; index += 1) await coordinator.write(writeOf(index))
  shares.log.holdSyncs()
  shares.clock.advance(1000)
  await turns()
  assert.deepEqual(shares.deletedBefore, [])
  shares.log.releaseSyncs()
  await turns()
  const [cut = 0] = shares.deletedBefore
  assert.ok(cut >= 22, `${cut} of ${shares.log.records.length}`)

  const before = [await coordinator.summarize(key), await coordinator.summarize(still)]
  coordinator.close()
  shares.log.records.splice(0, cut)
  const again = await shares.load()
  assert.deepEqual([await again.summarize(key), await again.summarize(still)], before)
  again.close()
})

test('one that is full takes no new share partition, and goes on with those that it has', async () => {
  const shares = new Shares()
  const states = new ShareStates()
  for (let partition = 0; partition < limits.shareStatesPerCoordinator; partition += 1) {
    const request = { key: { ...key, partition }, stateEpoch: 1, startOffset: 0 }
    shares.log.append(initialize(states, request, true, 0).records)
  }
  const coordinator = await shares.load()
  const next = { ...key, partition: limits.shareStatesPerCoordinator }
  const asked = (of: typeof key) => coordinator.initialize({ key: of, stateEpoch: 2, startOffset: 0 })
  assert.equal((await asked(next)).errorCode, POLICY_VIOLATION)
  assert.equal((await asked(key)).errorCode, NONE)
  coordinator.close()
})

test('one that holds as many batches as it may takes no writes that make more of them, and those that make fewer', async () => {
  const shares = new Shares()
  const apart = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...batch, firstOffset: 2 * index, lastOffset: 2 * index }))
  const many = limits.shareBatchesPerCoordinator / 200
  const whole = { snapshotEpoch: 0, stateEpoch: 1, leaderEpoch: 0, startOffset: 0, deliveryCompleteCount: 0 }
  const stamps = { createTimestampMs: 0, writeTimestampMs: 0 }
  for (let partition = 0; partition < 200; partition += 1)
    shares.log.append([snapshotRecord({ ...key, partition }, { ...whole, batches: apart(many), ...stamps })])
  const coordinator = await shares.load()
  const write = async (partition: number, startOffset: number, stateBatches: readonly StateBatch[]) => {
    const epochs = { stateEpoch: 1, leaderEpoch: 0, deliveryCompleteCount: 0 }
    return (await coordinator.write({ key: { ...key, partition }, ...epochs, startOffset, stateBatches })).errorCode
  }
  const far = { ...batch, firstOffset: 10 * many, lastOffset: 10 * many }
  await coordinator.initialize({ key: { ...key, partition: 200 }, stateEpoch: 1, startOffset: 0 })
  assert.equal(await write(200, 0, [far]), POLICY_VIOLATION)
  assert.equal(await write(7, 4, [far]), NONE, 'two of its batches are done')
  assert.equal(await write(200, 0, [far]), NONE)
  assert.equal(await write(200, 0, [{ ...far, deliveryCount: 2 }]), NONE)
  assert.equal(await write(200, 0, [{ ...far, firstOffset: 1, lastOffset: 1 }]), POLICY_VIOLATION)
  await coordinator.remove({ ...key, partition: 3 })
  assert.equal(await write(200, 0, [{ ...far, firstOffset: 1, lastOffset: 1 }]), NONE)
  coordinator.close()
})

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}
