/** Whatever call the disk refuses to a broker that runs, whoever runs it is told, with the file and the cause, and not again and again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../../src/host/simulated/refusing-disk.ts'
import { Life } from './life.ts'

/** Of so many calls one is tried: all of them with REFUSALS=all. */
const everyNth = process.env.REFUSALS === 'all' ? 1 : 7

/** Nothing comes of these: the reserve is looked after again, and an index of a segment that is to go is removed under its own name. */
const withoutConsequence = / \.reserve$|^rename .*index$/

/** What was refused once, and the lines that speak of it; undefined where the call came before the broker ran, or never. */
async function livedWith(call: number): Promise<{ calls: number; refused: string | undefined; lines: string[] }> {
  const disk = new RefusingDisk(new SimulatedDisk(), { problem: 'failed', lasts: 'once', call })
  const life = new Life()
  const hasStarted = await life.start(disk)
  if (hasStarted) await life.work()
  const { calls } = disk
  const [refused] = hasStarted ? disk.refused : []
  await life.stop(disk)
  return { calls, refused, lines: refused === undefined ? [] : life.lines.filter((line) => line.includes(refused)) }
}

test('each call that a disk refuses to a running broker is told, once for what comes of it', async () => {
  const { calls } = await livedWith(Number.MAX_SAFE_INTEGER)
  const untold: string[] = []
  let told = 0
  for (let call = 3; call <= calls; call += everyNth) {
    const { refused, lines } = await livedWith(call)
    if (refused === undefined || withoutConsequence.test(refused)) continue
    if (lines.length === 0) untold.push(`call ${call}: ${refused}`)
    // Another thing may wait for the same one, as a snapshot of the metadata does for what it stands for.
    assert.ok(lines.length <= 2, lines.join('\n'))
    told += lines.length
  }
  assert.deepEqual(untold, [])
  assert.ok(told > 50, `${told} lines`)
})
