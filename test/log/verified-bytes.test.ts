/** What lies on a disk may change there: records are believed as long as the disk has them in memory, and no longer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { batchOf, directory, open } from './setup.ts'

const all = { maxBytes: 1000, upTo: 2, atLeastOneBatch: 'yes' } as const

test('a bit that flips in what this process has written is noticed when it is read after the disk may have forgotten it', async () => {
  const [disk, clock] = [new SimulatedDisk(), new ManualClock()]
  const log = open({ disk, clock, history: 'new' })
  for (const value of ['a', 'b']) log.append(batchOf([value]), { leaderEpoch: 0, origin: 'client', write: 'now' })
  await log.durable(2)
  const second = Number(disk.sizeOf(`${directory}/00000000000000000000.log`)) / 2
  assert.ok('nextOffset' in log.read(0, all))
  clock.advance(disk.remembersMs)
  disk.flipBit(`${directory}/00000000000000000000.log`, 2 * second - 1, 0)
  const first = log.read(0, all)
  assert.equal('nextOffset' in first && first.nextOffset, 1, 'what lies before it is given')
  assert.throws(() => log.read(1, all), new RegExp(`00000000000000000000.log is damaged at byte ${second}: `))
  await log.close()
})

test('what was read lately is not checked again, and after a while it is', async () => {
  const [disk, clock] = [new SimulatedDisk(), new ManualClock()]
  const before = open({ disk, clock, history: 'new' })
  before.append(batchOf(['a']), { leaderEpoch: 0, origin: 'client', write: 'now' })
  await before.close()
  const log = open({ disk, clock, shutdown: 'clean', recoveryPoint: 1 })
  assert.ok('nextOffset' in log.read(0, all))
  disk.flipBit(`${directory}/00000000000000000000.log`, 65, 0)
  assert.ok('nextOffset' in log.read(0, all))
  clock.advance(disk.remembersMs)
  assert.throws(() => log.read(0, all), /is damaged at byte 0: /)
  await log.close()
})
