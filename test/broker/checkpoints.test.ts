/** What the offset checkpoints say of partitions whose logs are offline. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Checkpoints } from '../../src/broker/checkpoints.ts'
import type { OffsetCheckpoint, PartitionOffsets } from '../../src/broker/data-directory.ts'
import type { HostedPartition } from '../../src/broker/hosted-partition.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { Slices } from '../../src/host/slices.ts'

/** Never opened: nobody knows how far its log came. */
const offline: HostedPartition = {
  kind: 'offline',
  topicId: 'b3JkZXJzLXRvcGljLWlkMQ',
  history: 'known',
  reason: new DiskError('too-many-files', 't-0', 'No file handle is left.'),
  closed: null,
  mayPass: true
}

function checkpointsOf(found: ReadonlyArray<readonly [string, number]>) {
  const files = new Map<OffsetCheckpoint, PartitionOffsets>()
  const directory = {
    cleaner: { forget: () => {}, saveForgotten: async () => {} },
    readOffsets: () => new Map(found),
    writeOffsets: async (checkpoint: OffsetCheckpoint, offsets: PartitionOffsets) => void files.set(checkpoint, offsets)
  }
  const hosted = () => [['t-0', offline]] as const
  return { files, checkpoints: new Checkpoints(directory, hosted, new Slices(new ManualClock()), () => {}) }
}

test('what the last run has left of a log that cannot be opened stays', async () => {
  const { files, checkpoints } = checkpointsOf([['t-0', 500]])
  await checkpoints.save('recovery-point-offset-checkpoint')
  assert.deepEqual(files.get('recovery-point-offset-checkpoint'), new Map([['t-0', 500]]))
})

test('what it has left of an earlier topic of the name does not come back', async () => {
  const { files, checkpoints } = checkpointsOf([['t-0', 500]])
  checkpoints.forget('t-0')
  for (const checkpoint of ['recovery-point-offset-checkpoint', 'log-start-offset-checkpoint'] as const) {
    await checkpoints.save(checkpoint)
    assert.deepEqual(files.get(checkpoint), new Map(), checkpoint)
  }
})
