/**
 * Each single call to the disk is refused in turn, once, or from then on, during everything that a broker does; then the
 * disk gives room again. Whatever was acknowledged is there: in the same broker, after a stop, a kill and a power cut.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { type Refusal, RefusingDisk } from '../../../src/host/simulated/refusing-disk.ts'
import { Life } from './life.ts'

const problems = ['too-many-files', 'full', 'failed'] as const
const never = { call: Number.MAX_SAFE_INTEGER, lasts: 'once' } as const

/** Of so many calls one is tried: all of them with REFUSALS=all. */
const everyNth = process.env.REFUSALS === 'all' ? 1 : 7

for (const problem of problems) {
  for (const lasts of ['once', 'from then on'] as const) {
    test(`whatever call is refused (${problem}, ${lasts}), nothing acknowledged is lost`, async () => {
      const calls = await livedWith({ ...never, problem })
      assert.ok(calls > 100, `${calls} calls`)
      const failures: string[] = []
      for (let call = 1 + (everyNth === 1 ? 0 : problem.length % everyNth); call <= calls; call += everyNth) {
        await livedWith({ problem, lasts, call }).catch((error: unknown) => {
          failures.push(`call ${call}: ${error instanceof Error ? error.message : error}`)
        })
      }
      assert.equal(failures.length, 0, failures.join('\n\n'))
    })
  }
}

/** A whole life with this refusal; gives the number of calls that could have met the problem. */
async function livedWith(refusal: Refusal): Promise<number> {
  const simulated = new SimulatedDisk()
  const disk = new RefusingDisk(simulated, refusal)
  const life = new Life()
  try {
    await life.start(disk)
    await life.work()
    await life.stop(disk)
    await life.start(disk)
    await life.produceEverywhere()
    const { calls } = disk
    await afterPowerCut(life, simulated, refusal.call)
    disk.heal()
    life.pass(11_000)
    await setImmediate()
    if (life.broker === null) assert.ok(await life.start(disk))
    // A failed sync, and a log that could not be read, wait for the next start.
    const mayBeOffline = refusal.problem === 'failed'
    if (mayBeOffline) await life.assertServesWhatIsSynced()
    else await life.assertPromises('written')
    await life.assertWorks(mayBeOffline ? 'what a sync failed for' : 'nothing')
    await life.stop(disk)
    assert.ok(await life.start(disk))
    await life.assertPromises('written')
    await life.assertWorks('nothing')
    disk.kill()
    const next = new RefusingDisk(simulated, null)
    assert.ok(await life.start(next))
    await life.assertPromises('written')
    await life.assertWorks('nothing')
    await life.stop(next)
    return calls
  } catch (error) {
    const what = disk.refused.slice(0, 3).join('; ')
    throw new Error(`${what} refused, then: ${error instanceof Error ? error.stack : error}`)
  }
}

/** A second broker looks at what a power cut leaves; the first one goes on. */
async function afterPowerCut(life: Life, simulated: SimulatedDisk, seed: number): Promise<void> {
  const { broker } = life
  const survivor = new RefusingDisk(simulated.powerCut(new SeededChance(seed)), null)
  assert.ok(await life.start(survivor))
  await life.assertPromises('synced')
  await life.stop(survivor)
  life.broker = broker
}
