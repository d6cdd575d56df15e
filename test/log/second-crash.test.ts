/**
 * A crash, a start that cuts off or makes anew what the crash left, and another crash before all of that is on the disk: the
 * second start must not believe what the first has found to be wrong.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { append, batchOf, directory, type Opening, open, recordsFrom, startMs } from './setup.ts'

const firstLog = `${directory}/00000000000000000000.log`
const valuesOf = (log: ReturnType<typeof open>): string[] => recordsFrom(log).map(({ value }) => String(value))

test('indexes that were made anew are not taken for those of an older checkpoint after a kill', async () => {
  const disk = new MemoryDisk()
  // An entry for each batch, and no checkpoint but that of the clean stop.
  const config = { segmentBytes: 100_000_000, indexIntervalBytes: 0 }
  const opening: Opening = { disk, config, checkpointBytes: 100_000_000 }
  // The newest record lies where the time index was not written yet when the offset index was.
  const times = Array.from({ length: 600 }, (_, index) => startMs + (index === 450 ? 1000 : Math.min(index, 449)))
  const stopped = open({ ...opening, history: 'new' })
  for (const timeMs of times) append(stopped, batchOf(['a'], {}, timeMs))
  await stopped.close()
  const { logEndOffset } = open(opening)
  const log = open({ ...opening, recoveryPoint: logEndOffset })
  assert.equal(log.maxTimestamp()?.offset, 450)
  assert.equal(log.offsetForTimestamp(startMs + 500)?.offset, 450)
})

test('what a start has cut off stays cut off by a clean stop, whatever a power cut does then', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const disk = new SimulatedDisk()
    const log = open({ disk, history: 'new' })
    append(log, batchOf(['a']))
    await log.durable(1)
    append(log, batchOf(['torn']))
    const file = disk.open(firstLog, 'existing')
    // All of the second batch has come to the disk but the last byte.
    file.writeAt(file.sizeBytes - 1, Buffer.from([0xff]))
    await file.sync()
    const again = open({ disk, recoveryPoint: 1 })
    assert.equal(again.logEndOffset, 1)
    await again.close()
    const after = disk.powerCut(new SeededChance(seed))
    assert.deepEqual(valuesOf(open({ disk: after, recoveryPoint: 1, shutdown: 'clean' })), ['a'], `seed ${seed}`)
  }
})

test('what one start has cut off, before it was killed, does not come back as damage once the log has gone on', async () => {
  const config = { segmentBytes: 100 }
  for (let seed = 0; seed < 30; seed++) {
    const disk = new SimulatedDisk()
    const log = open({ disk, config, history: 'new' })
    append(log, batchOf(['a']))
    await log.durable(1)
    const file = disk.open(firstLog, 'existing')
    file.append([Buffer.alloc(8)])
    await file.sync()
    const killed = open({ disk, config, recoveryPoint: 1 })
    assert.equal(killed.logEndOffset, 1)
    const next = open({ disk, config, recoveryPoint: 1 })
    for (const value of ['b', 'c', 'd']) append(next, batchOf([value]))
    if (seed % 2 === 0) await next.durable(4)
    const after = disk.powerCut(new SeededChance(seed))
    const values = valuesOf(open({ disk: after, config, recoveryPoint: seed % 2 === 0 ? next.recoveryPoint : 1 }))
    assert.deepEqual(values, ['a', 'b', 'c', 'd'].slice(0, seed % 2 === 0 ? 4 : values.length), `seed ${seed}`)
  }
})

for (const write of ['now', 'in this turn'] as const) {
  test(`what was written ${write} of a batch, before the disk was full, is safe to be cut off before the log has gone on behind it`, async () => {
    const disk = new SimulatedDisk()
    const log = open({ disk, config: { segmentBytes: 1000 }, history: 'new' })
    append(log, batchOf(['a']))
    await log.durable(1)
    disk.freeBytes = 0
    await assert.rejects(
      async () => {
        log.append(batchOf(['no room for that']), { leaderEpoch: 0, origin: 'client', write })
        await log.written()
      },
      { problem: 'full' }
    )
    disk.freeBytes = Infinity
    const synced: string[] = []
    disk.syncing = async (path) => {
      synced.push(path)
    }
    // The next batch begins another segment: nothing is written over what was cut off.
    log.updateConfig({ ...log.config, segmentBytes: 100 })
    append(log, batchOf(['b']))
    await log.durable(2)
    assert.ok(synced.includes(firstLog), String(synced))
  })
}

test('a segment that a start has dropped does not come back behind other records', () => {
  const config = { segmentBytes: 500 }
  let dropped = 0
  for (let seed = 0; seed < 300; seed++) {
    const disk = new SimulatedDisk()
    const lost = open({ disk, config, history: 'new' })
    for (let index = 0; index < 8; index++) append(lost, batchOf(['old']))
    const cut = disk.powerCut(new SeededChance(seed))
    const bases = cut.list(directory).flatMap((name) => (name.endsWith('.log') ? [Number.parseInt(name, 10)] : []))
    const log = open({ disk: cut, config })
    const next = bases.find((base) => base > log.logEndOffset)
    if (next === undefined) continue
    dropped += 1
    const kept = log.logEndOffset
    while (log.logEndOffset < next) append(log, batchOf(['new']))
    const values = valuesOf(open({ disk: cut.powerCut(new SeededChance(seed)), config }))
    const wanted = Array.from({ length: next }, (_, offset) => (offset < kept ? 'old' : 'new'))
    assert.deepEqual(values, wanted.slice(0, values.length), `seed ${seed}`)
  }
  assert.ok(dropped > 10, `${dropped} segments were dropped`)
})

test('what a start drops is gone for good before anything is appended: no power cut brings back its name', async () => {
  const disk = new SimulatedDisk()
  const config = { segmentBytes: 500 }
  const lost = open({ disk, config, history: 'new' })
  while (disk.list(directory).filter((name) => name.endsWith('.log')).length < 3) append(lost, batchOf(['old']))
  await lost.durable(lost.logEndOffset)
  await disk.syncDirectory(directory)
  lost.abandon()
  const [, ...later] = disk.list(directory).filter((name) => /\.(log|snapshot)$/.test(name))
  const file = disk.open(firstLog, 'existing')
  file.truncate(file.sizeBytes - 5)
  await file.sync()
  const isSafe = (name: string): boolean => disk.readSynced(`${directory}/${name}`).length > 0
  const dropped = later.filter(isSafe)
  assert.ok(dropped.some((name) => name.endsWith('.log')) && dropped.some((name) => name.endsWith('.snapshot')))
  open({ disk, config }).abandon()
  assert.deepEqual(dropped.filter(isSafe), [])
})

test('a snapshot of producers behind the end is gone for good as well, where no segment goes', async () => {
  const disk = new SimulatedDisk()
  const stopped = open({ disk, history: 'new' })
  for (let count = 0; count < 3; count++)
    append(stopped, batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: count }))
  await stopped.close()
  const snapshot = `${directory}/00000000000000000003.snapshot`
  assert.ok(disk.readSynced(snapshot).length > 0)
  const file = disk.open(firstLog, 'existing')
  file.truncate(file.sizeBytes - 5)
  await file.sync()
  const log = open({ disk })
  assert.deepEqual([log.logEndOffset, disk.readSynced(snapshot).length], [2, 0])
  log.abandon()
})

test('where a log begins that was trimmed is known also after two kills, one while its segments go and one right behind the next start', () => {
  const disk = new MemoryDisk()
  const log = open({ disk, history: 'new' })
  log.beginEpoch(0)
  for (let count = 0; count < 20; count++) append(log, batchOf(['x'.repeat(500)]))
  log.abandon()
  const logs = disk.list(directory).filter((name) => name.endsWith('.log'))
  const [first = '', second = ''] = logs
  assert.ok(logs.length > 2)
  disk.rename(`${directory}/${first}`, `${directory}/${first}.deleted`)

  open({ disk }).abandon()
  assert.ok(!disk.exists(`${directory}/${first}.deleted`))
  const after = open({ disk })
  assert.deepEqual([after.logStartOffset, after.logEndOffset], [Number.parseInt(second, 10), 20])
})

test('an index that ends within an entry is made anew, and told: what is appended behind it would be read askew', async () => {
  const disk = new MemoryDisk()
  const opening: Opening = { disk, config: { segmentBytes: 100_000, indexIntervalBytes: 0 } }
  const log = open({ ...opening, history: 'new' })
  for (let count = 0; count < 10; count++) append(log, batchOf(['a']))
  await log.close()
  const path = `${directory}/00000000000000000000.index`
  const whole = disk.readFile(path)
  disk.replaceFile(path, whole.subarray(0, whole.length - 3))
  const told: string[] = []
  const after = open({ ...opening, shutdown: 'clean', recoveryPoint: 10, report: (line) => told.push(line) })
  assert.match(told.join('\n'), /\.index is damaged: It ends within an entry\. It was made anew/)
  await after.close()
  assert.deepEqual(disk.readFile(path), whole)
})

test('a time index that is made anew beside a cut has an entry for each that it had, not for the newest record alone', async () => {
  const disk = new MemoryDisk()
  const opening: Opening = { disk, config: { indexIntervalBytes: 0 } }
  const log = open({ ...opening, history: 'new' })
  for (let count = 0; count < 40; count++) append(log, batchOf(['x'.repeat(100)], {}, startMs + count))
  await log.close()
  const [, second = ''] = disk.list(directory).filter((name) => name.endsWith('.log'))
  const timeIndex = firstLog.replace('.log', '.timeindex')
  const whole = disk.readFile(timeIndex)
  disk.replaceFile(timeIndex, whole.subarray(0, whole.length - 5))
  // What was cut off, and has come back by a power cut.
  disk.open(firstLog, 'existing').append([Buffer.alloc(8)])
  open({ ...opening, recoveryPoint: Number.parseInt(second, 10) })
  assert.ok(whole.length > 5 * 12)
  assert.deepEqual(disk.readFile(timeIndex), whole)
})
