/**
 * The power of a whole broker is cut, at any call to its disk, while clients make, grow, reconfigure, trim and delete topics,
 * write and commit: whatever was acknowledged by then is there at the next start, and a cut during that start changes nothing.
 *
 * POWER_CUTS=N lives N lives (20), POWER_CUT_SEED=N begins with another seed: the name of a failing one says which.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../../src/host/simulated/refusing-disk.ts'
import { Life } from './life.ts'

const lives = Number(process.env.POWER_CUTS ?? 20)
const firstSeed = Number(process.env.POWER_CUT_SEED ?? 1)
const stages = 4
const deedsOfStage = 12
const names = ['orders', 'short', 'auto'] as const

/** A disk as a power cut leaves it, and what was promised by then. */
interface Cut {
  readonly disk: SimulatedDisk
  readonly life: Life
}

for (let seed = firstSeed; seed < firstSeed + lives; seed += 1) {
  test(`seed ${seed}: what was acknowledged before the power was cut is there`, () =>
    liveThrough(new SeededChance(seed)))
}

async function liveThrough(chance: SeededChance): Promise<void> {
  let { disk, life }: Cut = { disk: new SimulatedDisk(), life: new Life() }
  for (let stage = 0; stage < stages; stage += 1) {
    const process = new RefusingDisk(disk, null)
    const cuts = takeCuts(process, { disk, life }, chance)
    assert.ok(await life.start(process))
    await life.assertPromises('synced')
    for (let deeds = 0; deeds < deedsOfStage; deeds += 1) await doSomething(life, chance)
    const end = chance.below(3)
    if (end === 0) await life.stop(process)
    process.kill()
    for (const cut of cuts) await assertSurvives(cut, chance)
    if (end === 2) ({ disk, life } = cuts.at(-1) ?? { disk, life })
  }
}

/** The power is cut at calls made by chance; the broker that uses the disk goes on all the same. */
function takeCuts(process: RefusingDisk, { disk, life }: Cut, chance: SeededChance): Cut[] {
  const cuts: Cut[] = []
  atSomeCalls(process, 100, chance, () => cuts.push({ disk: disk.powerCut(chance), life: life.afterPowerCut() }))
  return cuts
}

/** A start after the cut, another cut while it starts, and a start after that one; or after a kill, where it was over before. */
async function assertSurvives({ disk, life }: Cut, chance: SeededChance): Promise<void> {
  const process = new RefusingDisk(disk, null)
  let next: SimulatedDisk | undefined
  atSomeCalls(process, 60, chance, () => {
    next ??= disk.powerCut(chance)
  })
  await assertStarts(process, life.afterPowerCut())
  await assertStarts(new RefusingDisk(next ?? disk, null), life.afterPowerCut())
}

async function assertStarts(process: RefusingDisk, life: Life): Promise<void> {
  assert.ok(await life.start(process))
  await life.assertPromises('synced')
  process.kill()
}

/** Again and again after as many calls to the disk as chance says. */
function atSomeCalls(process: RefusingDisk, most: number, chance: SeededChance, work: () => void): void {
  let callsLeft = 1 + chance.below(most)
  process.onCall = () => {
    callsLeft -= 1
    if (callsLeft > 0) return
    callsLeft = 1 + chance.below(most)
    work()
  }
}

/** One change of topics, groups or producers, and writers beside it; or time that passes. */
async function doSomething(life: Life, chance: SeededChance): Promise<void> {
  const name = names[chance.below(names.length)] ?? 'orders'
  const value = chance.below(1000)
  const writers = life.partitions().filter((each) => each.name !== name && chance.below(2) === 0)
  const writes = writers.map((each) => life.produce(each.name, each.partition, chance.below(3) === 0 ? 1 : -1))
  await Promise.all([...writes, change(life, name, value, chance)])
  if (chance.below(4) === 0) life.pass([500, 2000, 70_000][chance.below(3)] ?? 0)
  await setImmediate()
}

function change(life: Life, name: string, value: number, chance: SeededChance): Promise<unknown> {
  const ours = life.partitions().filter((each) => each.name === name)
  const some = ours[value % Math.max(1, ours.length)]
  if (some === undefined) return value % 8 === 0 ? life.deleteTopic(name) : life.createTopic(name, 1 + (value % 3))
  const deeds = [
    () => life.produce(name, some.partition, -1),
    () => life.produce(name, some.partition, -1),
    () => life.produce(name, some.partition, 1),
    () => life.trim(name, some.partition, chance.below(life.endOffset(name, some.partition) + 1)),
    () => life.reconfigure(name, String(3_600_000 + value)),
    () => life.grow(name, ours.length + 1),
    () => life.deleteTopic(name),
    () => life.commitNext(),
    () => life.initProducer()
  ]
  return (deeds[value % deeds.length] ?? deeds[0])?.() ?? Promise.resolve()
}
