/**
 * Whatever the disk refuses while a log is compacted, and wherever its process is killed or its power is cut: all that was to be kept is
 * there, at its offset, and the next compaction does what is left.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError } from '../../../src/host/disk.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { type Refusal, RefusingDisk } from '../../../src/host/simulated/refusing-disk.ts'
import { directory } from '../setup.ts'
import { Run } from './modelled-compaction.ts'

/** Some segments with keys that come again, tombstones, a transaction that is aborted and one that is not. */
async function scene(): Promise<{ run: Run; disk: RefusingDisk; simulated: SimulatedDisk }> {
  const simulated = new SimulatedDisk()
  const disk = new RefusingDisk(simulated, null)
  const run = new Run(disk, { segmentBytes: 600 })
  for (let round = 0; round < 12; round++) {
    const records = [0, 1].map((index) => ({
      key: `k${(round + index) % 4}`,
      value: round % 5 === 3 ? null : `value ${round}`
    }))
    run.append({ producerId: ([0, 1, 10, 11] as const)[round % 4] ?? 0, records })
    if (round % 4 === 3) {
      run.end(10, 'abort')
      run.end(11, 'commit')
    }
  }
  await run.log.durable(run.log.logEndOffset)
  return { run, disk, simulated }
}

const problems: readonly Refusal['problem'][] = ['too-many-files', 'full', 'failed']

/** Of the calls that a compaction makes of the disk. */
async function callsOf(problem: Refusal['problem']): Promise<number> {
  const { run, disk } = await scene()
  disk.refuse({ problem, call: Number.MAX_SAFE_INTEGER, lasts: 'once' })
  assert.ok((await run.compact()) !== null)
  return disk.calls
}

for (const problem of problems) {
  for (const lasts of ['once', 'from then on'] as const) {
    test(`whatever call of a compaction is refused (${problem}, ${lasts}), nothing is lost, and it is done later`, async () => {
      const calls = await callsOf(problem)
      for (let call = 1; call <= calls; call++) {
        const { run, disk, simulated } = await scene()
        disk.refuse({ problem, call, lasts })
        await run.compact().catch((error: unknown) => assert.ok(error instanceof DiskError, String(error)))
        disk.heal()
        run.check()
        run.append({ producerId: 0, records: [{ key: 'k0', value: `after ${call}` }] })
        await run.compactAndCheck()
        assert.ok((run.cleanedUpTo ?? 0) > 0, `call ${call}`)
        const left = simulated.list(directory).filter((name) => /\.(cleaned|swap)$/.test(name))
        assert.deepEqual(left, [], `call ${call}`)
        await run.log.durable(run.log.logEndOffset)
        assertWhole(run, simulated.powerCut(new SeededChance(call)))
        await run.log.close()
        assert.equal(disk.openFiles, 0, `call ${call}`)
      }
    })
  }
}

test('a power cut, or a kill, at any step of a compaction leaves a whole log', async () => {
  const { run, disk, simulated } = await scene()
  const cuts: { disk: SimulatedDisk; hasGaps: boolean }[] = []
  let hasGaps = false
  disk.onCall = () => {
    for (const seed of [1, 2, 3]) cuts.push({ disk: simulated.powerCut(new SeededChance(cuts.length + seed)), hasGaps })
  }
  const noteGaps = async (): Promise<void> => {
    hasGaps = true
  }
  assert.ok((await run.compact(1000, { noteGaps })) !== null)
  disk.onCall = undefined
  assert.ok(cuts.length > 100)
  // The checkpoint says how far it was compacted when that is over.
  for (const cut of cuts) assertWhole(run, cut.disk, { hasGaps: cut.hasGaps, cleanedUpTo: null })
})

/** A start on what is left finds all that was to be kept, and nothing that is damaged. */
function assertWhole(
  run: Run,
  disk: SimulatedDisk,
  { hasGaps = true, cleanedUpTo = run.cleanedUpTo }: { hasGaps?: boolean; cleanedUpTo?: number | null } = {}
): void {
  const gaps = hasGaps ? 'compacted' : 'none'
  const again = new Run(
    disk,
    { segmentBytes: 600 },
    { of: run, opening: { gaps, recoveryPoint: run.checkpoint }, cleanedUpTo }
  )
  again.check()
  assert.deepEqual(
    again.told.filter((line) => /damaged/.test(line)),
    []
  )
  again.log.abandon()
}
