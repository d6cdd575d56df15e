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
import { ScatteredNames } from './scattered-names.ts'

/** Some segments with keys that come again, tombstones, a transaction that is aborted and one that is not. */
async function scene<On extends SimulatedDisk>(
  simulated: On
): Promise<{ run: Run; disk: RefusingDisk; simulated: On }> {
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
  const { run, disk } = await scene(new SimulatedDisk())
  disk.refuse({ problem, call: Number.MAX_SAFE_INTEGER, lasts: 'once' })
  assert.ok((await run.compact()) !== null)
  return disk.calls
}

for (const problem of problems) {
  for (const lasts of ['once', 'from then on'] as const) {
    test(`whatever call of a compaction is refused (${problem}, ${lasts}), nothing is lost, and it is done later`, async () => {
      const calls = await callsOf(problem)
      for (let call = 1; call <= calls; call++) {
        const { run, disk, simulated } = await scene(new SimulatedDisk())
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

/** Does not let go of the segments that a compaction has replaced. */
class KeepingDisk extends SimulatedDisk {
  isKeeping = false

  override remove(path: string): void {
    if (this.isKeeping && path.endsWith('0.log')) throw new DiskError('failed', path, `${path}: it cannot be removed.`)
    super.remove(path)
  }
}

test('a segment that has not its names yet is not dropped: it would get them, and be back', async () => {
  const { run, disk, simulated } = await scene(new KeepingDisk())
  simulated.isKeeping = true
  await assert.rejects(run.compact(), { problem: 'failed' })
  assert.ok(simulated.list(directory).some((name) => name.endsWith('.log.swap')))
  const { logEndOffset } = run.log
  await run.log.deleteRecordsBefore(logEndOffset)
  assert.ok(!simulated.list(directory).includes('00000000000000000000.log.deleted'))
  simulated.isKeeping = false
  for (let round = 0; round < 8; round++)
    run.append({ producerId: 0, records: [{ key: 'k0', value: `later ${round}` }] })
  await run.compact()
  await run.log.close()
  assert.equal(disk.openFiles, 0)
  assert.deepEqual(run.told, [])
  const reopened = run.open({ shutdown: 'clean', recoveryPoint: run.log.logEndOffset, gaps: 'compacted' })
  assert.deepEqual([reopened.logStartOffset, reopened.logEndOffset], [logEndOffset, logEndOffset + 8])
  assert.deepEqual(run.told, [])
})

test('a power cut, or a kill, at any step of a compaction leaves a whole log', async () => {
  const { run, disk, simulated } = await scene(new SimulatedDisk())
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

test('whichever of the names a power cut leaves that were not synced, at any step of a compaction, the log is whole', async () => {
  const { run, disk, simulated } = await scene(new ScatteredNames(directory))
  // What it leaves is small: of these segments several become one.
  await run.compactAndCheck()
  for (let round = 0; round < 12; round++) run.append({ producerId: 0, records: [{ key: 'k0', value: `${round}` }] })
  await run.log.durable(run.log.logEndOffset)
  const { cleanedUpTo } = run
  const cuts: SimulatedDisk[] = []
  disk.onCall = () => {
    for (let seed = 1; seed <= 4; seed++) cuts.push(simulated.cutAmongNames(new SeededChance(cuts.length + seed)))
  }
  assert.ok((await run.compact()) !== null)
  disk.onCall = undefined
  assert.ok(cuts.length > 100)
  for (const cut of cuts) assertWhole(run, cut, { cleanedUpTo, indexes: 'may be made anew' })
})

interface Left {
  readonly hasGaps?: boolean
  readonly cleanedUpTo?: number | null
  readonly indexes?: 'are there' | 'may be made anew'
}

/** A start on what is left finds all that was to be kept, and nothing that is damaged. */
function assertWhole(
  run: Run,
  disk: SimulatedDisk,
  { hasGaps = true, cleanedUpTo = run.cleanedUpTo, indexes = 'are there' }: Left = {}
): void {
  const gaps = hasGaps ? 'compacted' : 'none'
  const again = new Run(
    disk,
    { segmentBytes: 600 },
    { of: run, opening: { gaps, recoveryPoint: run.checkpoint }, cleanedUpTo }
  )
  again.check()
  const isExpected = (line: string): boolean =>
    indexes === 'may be made anew' && /index is damaged: .* nothing is lost\.$/.test(line)
  assert.deepEqual(
    again.told.filter((line) => /damaged/.test(line) && !isExpected(line)),
    []
  )
  again.log.abandon()
}
