/**
 * A topic has its first records, and the process is killed long before the checkpoints are written by the minute. What was acknowledged and
 * is gone is missed all the same: how far a log is safe is written down soon after its first sync.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { batchOf, clockOf, createTopic, produce } from '../apis/records-setup.ts'
import { diskWith, filesOf, startMs, startOn } from './scene.ts'

const log = 't1-0/00000000000000000000.log'
const scene = { files: new Map(), nowMs: startMs, promises: [] }

/** What a kill leaves so many milliseconds after a record was acknowledged. */
async function killedAfter(ms: number): Promise<Map<string, Buffer>> {
  const disk = new SimulatedDisk()
  const { broker } = await startOn(scene, disk)
  await createTopic(broker, 't1')
  assert.equal((await produce(broker, { records: batchOf(['a']) })).errorCode, ErrorCode.NONE)
  clockOf(broker).advance(ms)
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  const files = filesOf(disk)
  await broker.stop()
  return files
}

const losses: Readonly<Record<string, (files: Map<string, Buffer>) => void>> = {
  missing: (files) => void files.delete(log),
  empty: (files) => void files.set(log, Buffer.alloc(0))
}

for (const [what, lose] of Object.entries(losses)) {
  test(`a log that is ${what} is damaged: its partition is offline, and told once; the others serve`, async () => {
    const files = await killedAfter(limits.recoveryPointsMs)
    lose(files)
    const { broker, lines } = await startOn(scene, diskWith(files))
    assert.equal((await produce(broker, { records: batchOf(['b']) })).errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
    assert.equal((await produce(broker, { records: batchOf(['b']), partition: 1 })).errorCode, ErrorCode.NONE)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(
      lines[0] ?? '',
      /t1-0 is offline: .*t1-0\/0{20}\.log is damaged.* Restore the directory of this partition/
    )
    await broker.stop()
  })
}

test('a log that is missing, and of which nothing says that it was safe, is told of once and made anew', async () => {
  const files = await killedAfter(0)
  losses.missing?.(files)
  const disk = diskWith(files)
  const { broker, lines } = await startOn(scene, disk)
  assert.equal((await produce(broker, { records: batchOf(['b']) })).baseOffset, 0)
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(
    lines[0] ?? '',
    /t1-0\/0{20}\.log is damaged: It is not there, and its index is; none of its records was known/
  )
  const left = filesOf(disk)
  await broker.stop()
  const again = await startOn(scene, diskWith(left))
  assert.deepEqual(again.lines, [])
  await again.broker.stop()
})
