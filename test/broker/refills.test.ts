/** How often a replica whose disk fails is filled again, and what is kept of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refills } from '../../src/broker/refills.ts'
import { Removals } from '../../src/broker/removals.ts'
import { Telling } from '../../src/broker/telling.ts'
import { DiskError } from '../../src/host/disk.ts'
import type { Host } from '../../src/host/host.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SharedSlices } from '../../src/host/slices.ts'
import { limits } from '../../src/limits.ts'
import { network } from './apis/setup.ts'

const removals = (host: Host): Removals =>
  new Removals(host, new SharedSlices(host.clock), new Telling(() => {}, host.clock))

test('a disk that fails for ever is tried ever less often, and keeps what failed first and no more', async () => {
  const host = { disk: new MemoryDisk(), clock: new ManualClock(), network, chance: new SeededChance(1) }
  const told: string[] = []
  const refills = new Refills(host, removals(host), (line) => told.push(line))
  const broken = new DiskError('failed', 't1-0', 'It is broken.')
  const dayMs = 24 * 3_600_000
  for (let timeMs = 0; timeMs < dayMs; timeMs += limits.openAgainMs) {
    if (!host.disk.exists('t1-0')) {
      host.disk.createDirectory('t1-0')
      refills.failed('t1-0')
    }
    host.clock.advance(limits.openAgainMs)
    if (refills.isDue('t1-0')) refills.setAside('t1-0', broken, 2)
    await new Promise(setImmediate)
  }
  assert.ok(told.length > 20 && told.length < 40, `${told.length} lines in a day`)
  assert.equal(host.disk.list('').filter((name) => name.endsWith('-stray')).length, 1)
})

test('a disk that has served well for long is tried soon again', () => {
  const host = { disk: new MemoryDisk(), clock: new ManualClock(), network, chance: new SeededChance(1) }
  const refills = new Refills(host, removals(host), () => {})
  for (let time = 0; time < 3; time++) {
    refills.failed('t1-0')
    assert.ok(!refills.isDue('t1-0'))
    host.clock.advance(limits.openAgainMs)
    assert.ok(refills.isDue('t1-0'))
    refills.setAside('t1-0', new DiskError('failed', 't1-0', 'It is broken.'), 2)
    host.clock.advance(2 * limits.refillPauseMaxMs)
  }
})
