/** Of each key the last record stays, nothing moves, and what was aborted goes: whatever is written, ended, cleaned and started again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { deleteRetentionMs, Run, step } from './modelled-compaction.ts'

test('whatever is written and cleaned, the log is what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const run = new Run(new SimulatedDisk())
      for (const action of steps) await run.take(action)
      await run.compactAndCheck()
    }),
    { numRuns: 300, includeErrorInReport: true }
  )
})

test('of each key the last record stays, with its offset', async () => {
  const run = new Run(new MemoryDisk())
  for (let round = 0; round < 50; round++) {
    run.append({ producerId: 0, records: [{ key: `k${round % 5}`, value: `${round} ${'x'.repeat(40)}` }] })
  }
  const { sizeBytes } = run.log
  const compacted = await run.compact()
  assert.ok(compacted !== null && compacted.cleanedUpTo > 30)
  assert.ok(run.log.sizeBytes < sizeBytes / 2)
  run.check()
  assert.equal(compacted.recordsAfter, 5)
})

test('what is left tells what each producer wrote last, and that its transaction has ended, where the snapshots are gone', async () => {
  const run = new Run(new SimulatedDisk())
  run.append({ producerId: 1, records: [{ key: 'k0', value: 'replaced' }] })
  run.append({ producerId: 10, records: [{ key: 'k1', value: 'stays' }] })
  run.end(10, 'commit')
  for (let round = 0; round < 3; round++) {
    for (let value = 0; value < 20; value++) run.append({ producerId: 0, records: [{ key: 'k0', value: `${value}` }] })
    await run.compactAndCheck()
    run.clock.advance(2 * deleteRetentionMs)
  }
  await run.take({ kind: 'restart', how: 'kill without snapshots' })
})
