/** Of each key the last record stays, nothing moves, and what was aborted goes: whatever is written, ended, cleaned and started again. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import * as fc from '../../harness/properties.ts'
import { deleteRetentionMs, Run, readAll, step } from './modelled-compaction.ts'

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

test('what was aborted stays unseen after a start, where compaction has taken only the part of it in an earlier segment', async () => {
  const run = new Run(new SimulatedDisk())
  const filler = { key: 'k0', value: 'x'.repeat(60) }
  const aborted = { producerId: 11 as const, records: [{ key: 'k1', value: 'aborted' }] }
  // As many keys as the map has room for: the compaction ends where the next segment brings another.
  run.append({ producerId: 0, records: [2, 3, 4, 5, 7].map((key) => ({ key: `k${key}`, value: 'x' })) })
  for (let count = 0; count < 3; count++) run.append({ producerId: 0, records: [filler] })
  run.append(aborted)
  run.append({ producerId: 0, records: [{ ...filler, key: 'k6' }, filler] })
  run.append(aborted)
  for (let count = 0; count < 4; count++) run.append({ producerId: 0, records: [filler] })
  run.end(11, 'abort')
  await run.compactAndCheck(6)
  const offsets = readAll(run.log).map(({ offset }) => offset)
  assert.ok(
    !offsets.includes(8) && offsets.includes(11),
    `of what was aborted the first is gone, the second is not: ${offsets}`
  )
  await run.take({ kind: 'restart', how: 'close' })
})
