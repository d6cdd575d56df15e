/** DeleteRecords (21) on a whole broker: how far it may go, and that a crash does not bring back what was deleted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { DeleteRecordsRequest } from '../../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../../src/protocol/generated/api/delete-records-response.ts'
import { batchOf, createTopic, produce } from './records-setup.ts'
import { ask, startBroker } from './setup.ts'

async function deleteBefore(broker: Broker, offset: number): Promise<readonly (number | undefined)[]> {
  const body = { topics: [{ name: 't1', partitions: [{ partitionIndex: 0, offset }] }], timeoutMs: 1000 }
  const { topics } = await ask(broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, body)
  const answer = topics[0]?.partitions[0]
  return [answer?.errorCode, answer?.lowWatermark]
}

test('records that nobody can read, since they could not be synced, are not deleted', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  await produce(broker, { records: batchOf(['safe']) })
  const replica = broker.replica('t1', 0)
  disk.failSyncs()
  assert.ok(replica?.append(batchOf(['not synced']), 'client').ok)
  assert.deepEqual(await deleteBefore(broker, 2), [ErrorCode.OFFSET_OUT_OF_RANGE, -1])
  // In range; but such a disk does not keep where the log begins then.
  assert.deepEqual(await deleteBefore(broker, 1), [ErrorCode.KAFKA_STORAGE_ERROR, -1])
})

test('what was deleted is not back after a power cut', async () => {
  const disk = new SimulatedDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  for (const value of ['a', 'b', 'c']) await produce(broker, { records: batchOf([value]) })
  assert.deepEqual(await deleteBefore(broker, 2), [ErrorCode.NONE, 2])
  const after = await startBroker({}, disk.powerCut(new SeededChance(1)))
  const log = after.replica('t1', 0)?.log
  assert.deepEqual([log?.logStartOffset, log?.logEndOffset], [2, 3])
  await after.stop()
})
