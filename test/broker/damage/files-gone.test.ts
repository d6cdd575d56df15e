/**
 * The files of a partition are removed or moved by hand while a broker serves: that is noticed before the next record is acknowledged as
 * safe, and where nobody writes within a second or so; told once, with the path and what to do; and a stop does not vouch for them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../../src/broker/broker.ts'
import { goneError } from '../../../src/host/disk.ts'
import { SimulatedDisk } from '../../../src/host/simulated/disk.ts'
import { limits } from '../../../src/limits.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { batchOf, clockOf, createTopic, produce } from '../apis/records-setup.ts'
import { diskWith, filesOf, startMs, startOn } from './scene.ts'

const directory = 't1-0'
const log = `${directory}/00000000000000000000.log`
const scene = { files: new Map(), nowMs: startMs, promises: [] }

const slips: Readonly<Record<string, (disk: SimulatedDisk) => void>> = {
  'whose directory was removed': (disk) => disk.remove(directory),
  'whose directory was moved': (disk) => disk.rename(directory, 'elsewhere'),
  'whose records were removed': (disk) => disk.remove(log),
  'whose records were replaced by a copy': (disk) => disk.replaceFile(log, disk.readFile(log))
}

async function served() {
  const disk = new SimulatedDisk()
  const { broker, lines } = await startOn(scene, disk)
  await createTopic(broker, 't1')
  for (const partition of [0, 1]) assert.equal(await write(broker, partition), ErrorCode.NONE)
  // Whoever waits for it is synced, and so is what nobody waits for.
  await pass(broker, limits.unsyncedMs)
  return { disk, broker, lines }
}

async function write(broker: Broker, partition: number): Promise<number> {
  return (await produce(broker, { records: batchOf(['a']), partition })).errorCode
}

async function pass(broker: Broker, ms: number): Promise<void> {
  clockOf(broker).advance(ms)
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}

function assertTold(lines: readonly string[]): void {
  assert.equal(lines.length, 1, lines.join('\n'))
  const path = log.replace('.', String.raw`\.`)
  assert.match(
    lines[0] ?? '',
    new RegExp(
      `^t1-0 is offline: simulated/${path} is damaged: It is not there any more: .* If it was moved, stop the broker and put it back`
    )
  )
}

for (const [what, slip] of Object.entries(slips)) {
  // A file under the same name is taken for the right one by a sync, which has to be cheap.
  const isSeenBySync = !what.endsWith('copy')
  test(`a log ${what} acknowledges nothing more as safe: it is offline, and told once; the others serve`, async () => {
    const { disk, broker, lines } = await served()
    slip(disk)
    if (!isSeenBySync) await pass(broker, limits.directoryCheckMs)
    assert.equal(await write(broker, 0), ErrorCode.KAFKA_STORAGE_ERROR)
    assertTold(lines)
    assert.equal(broker.hosted('t1', 0).kind, 'offline')
    assert.equal(await write(broker, 1), ErrorCode.NONE)
    await pass(broker, limits.directoryCheckMs)
    assertTold(lines)
    await broker.stop()
    assertTold(lines)
  })

  test(`a log ${what} is noticed soon, also where nobody writes to it`, async () => {
    const { disk, broker, lines } = await served()
    slip(disk)
    await pass(broker, limits.directoryCheckMs)
    assertTold(lines)
    assert.equal(await write(broker, 0), ErrorCode.KAFKA_STORAGE_ERROR)
    await broker.stop()
  })

  test(`a log ${what} just before a stop is told by it, which does not count as clean, and by the next start`, async () => {
    const { disk, broker, lines } = await served()
    slip(disk)
    await broker.stop()
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] ?? '', /^t1-0 could not be closed cleanly: simulated\/t1-0\/0{20}\.log is damaged: It is not/)
    assert.equal(disk.exists('.kafka_cleanshutdown'), false)
    // A copy is as whole as what it was made of.
    if (!isSeenBySync) return
    const again = await startOn(scene, diskWith(filesOf(disk)))
    assert.equal(await write(again.broker, 0), ErrorCode.KAFKA_STORAGE_ERROR)
    assert.match(again.lines.join('\n'), /t1-0 is offline: simulated\/t1-0.* is damaged/)
    assert.equal(await write(again.broker, 1), ErrorCode.NONE)
    await again.broker.stop()
  })
}

test('what was moved and is put back after a stop is served again, with all that was acknowledged', async () => {
  const { disk, broker } = await served()
  disk.rename(directory, 'elsewhere')
  await pass(broker, limits.directoryCheckMs)
  await broker.stop()
  disk.rename('elsewhere', directory)
  const again = await startOn(scene, disk)
  assert.equal((await produce(again.broker, { records: batchOf(['b']) })).baseOffset, 1)
  assert.deepEqual(again.lines, [])
  await again.broker.stop()
})

test('where there are more logs than are looked for at a time, all are looked for in turn', async () => {
  const disk = new SimulatedDisk()
  const { broker, lines } = await startOn(scene, disk)
  const partitions = limits.filesLookedFor + 10
  await createTopic(broker, 'many', {}, partitions)
  disk.remove(`many-${partitions - 1}`)
  await pass(broker, limits.directoryCheckMs)
  assert.deepEqual(lines, [])
  await pass(broker, limits.directoryCheckMs)
  assert.equal(lines.length, 1)
  disk.remove('many-0')
  for (let second = 0; second < 3; second++) await pass(broker, limits.directoryCheckMs)
  assert.equal(lines.length, 2)
  await broker.stop()
})

test('a broker whose metadata log was removed ends itself: there would be no place for what the cluster knows', async () => {
  const { disk, broker, lines } = await served()
  disk.remove('__cluster_metadata-0')
  await pass(broker, limits.directoryCheckMs)
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(
    lines[0] ?? '',
    /^The broker has stopped itself\. simulated\/__cluster_metadata-0\/0{20}\.log is damaged/
  )
})

test('a log that is removed while it is synced acknowledges nothing: the look comes behind the sync', async () => {
  const { disk, broker, lines } = await served()
  disk.syncing = async (path) => {
    if (path === log) disk.remove(directory)
  }
  assert.equal(await write(broker, 0), ErrorCode.KAFKA_STORAGE_ERROR)
  assertTold(lines)
  await broker.stop()
})

test('where the whole data directory goes between two looks, that is told, and no partition is damaged', async () => {
  class LeavingDisk extends SimulatedDisk {
    looksLeft = Infinity

    override assertInPlace(): void {
      this.looksLeft -= 1
      if (this.looksLeft < 0) throw goneError(this.location)
    }
  }
  const disk = new LeavingDisk()
  const { broker, lines } = await startOn(scene, disk)
  await createTopic(broker, 't1')
  await pass(broker, limits.unsyncedMs)
  disk.remove(directory)
  // It is in its place when the directory is looked for, and not when the files are.
  disk.looksLeft = 1
  await pass(broker, limits.directoryCheckMs)
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(lines[0] ?? '', /^The broker has stopped itself\. The data directory simulated is gone/)
})

test('an index that was removed is made anew, and told', async () => {
  const { disk, broker } = await served()
  disk.remove(log.replace('.log', '.index'))
  await broker.stop()
  const again = await startOn(scene, disk)
  assert.equal((await produce(again.broker, { records: batchOf(['b']) })).baseOffset, 1)
  assert.match(again.lines.join('\n'), /t1-0\/0{20}\.index is damaged: It is not there\. It was made anew/)
  await again.broker.stop()
})

const segmentsOf = (disk: SimulatedDisk): string[] =>
  disk.list(directory).flatMap((name) => (name.endsWith('.log') ? [`${directory}/${name}`] : []))
const sealed = (disk: SimulatedDisk): string => segmentsOf(disk).at(0) ?? ''
const active = (disk: SimulatedDisk): string => segmentsOf(disk).at(-1) ?? ''

/** A log of two segments, of which the first is sealed. */
async function servedInSegments() {
  const disk = new SimulatedDisk()
  const { broker, lines } = await startOn(scene, disk)
  await createTopic(broker, 't1', { 'segment.bytes': '1048576' })
  for (const value of ['a', 'b'.repeat(600_000), 'c'.repeat(600_000)])
    assert.equal((await produce(broker, { records: batchOf([value]) })).errorCode, ErrorCode.NONE)
  await pass(broker, limits.unsyncedMs)
  assert.equal(segmentsOf(disk).length, 2)
  return { disk, broker, lines }
}

const half = (disk: SimulatedDisk): number => Math.floor((disk.sizeOf(active(disk)) ?? 0) / 2)

/** Where somebody cuts a file that is served. */
const cuts: Readonly<
  Record<string, readonly [path: (disk: SimulatedDisk) => string, sizeBytes: (disk: SimulatedDisk) => number]>
> = {
  'whose records were cut off': [active, () => 0],
  'whose records were cut in their middle': [active, half],
  'of which a sealed segment was emptied': [sealed, () => 0]
}

for (const [what, [path, sizeBytes]] of Object.entries(cuts)) {
  const cut = (disk: SimulatedDisk): void => disk.open(path(disk), 'existing').truncate(sizeBytes(disk))
  // What is written next may meet it before anybody looks.
  const told =
    /^t1-0 is offline: \S+\/0+\d\.log is damaged( at byte 0)?: (It has not all that was written to it: it was cut|The file ends here, and was longer)/

  for (const isBusy of [false, true]) {
    test(`a log ${what} is noticed within a second${isBusy ? ', also where more is written' : ''}; a stop is not clean, and the next start tells`, async () => {
      const { disk, broker, lines } = await servedInSegments()
      cut(disk)
      if (isBusy) await write(broker, 0)
      await pass(broker, limits.directoryCheckMs)
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', told)
      assert.equal(await write(broker, 0), ErrorCode.KAFKA_STORAGE_ERROR)
      assert.equal(await write(broker, 1), ErrorCode.NONE)
      await broker.stop()
      assert.equal(disk.exists('.kafka_cleanshutdown'), false)
      const again = await startOn(scene, diskWith(filesOf(disk)))
      assert.match(again.lines.join('\n'), /t1-0 is offline: simulated\/t1-0.* is damaged/)
      assert.doesNotMatch(again.lines.join('\n'), /nothing is lost|made anew/)
      assert.equal(await write(again.broker, 0), ErrorCode.KAFKA_STORAGE_ERROR)
      assert.equal(await write(again.broker, 1), ErrorCode.NONE)
      await again.broker.stop()
    })
  }

  test(`a log ${what} just before a stop is told by it, which does not count as clean`, async () => {
    const { disk, broker, lines } = await servedInSegments()
    cut(disk)
    await broker.stop()
    assert.match(
      lines.join('\n'),
      /^t1-0 could not be closed cleanly: .*\.log is damaged: It has not all that was written/
    )
    assert.equal(disk.exists('.kafka_cleanshutdown'), false)
  })
}

test('a log that was found damaged while it served keeps a stop from counting as clean', async () => {
  const { disk, broker, lines } = await served()
  disk.flipBit(log, (disk.sizeOf(log) ?? 0) - 1, 0)
  await pass(broker, disk.remembersMs)
  const read = broker.replica('t1', 0)?.log
  assert.throws(() => read?.read(0, { maxBytes: 1000, upTo: 1, atLeastOneBatch: 'yes' }), { problem: 'damaged' })
  assert.match(lines.join('\n'), /^t1-0 is offline: /)
  await broker.stop()
  assert.equal(disk.exists('.kafka_cleanshutdown'), false)
})

test('a broker whose metadata log was cut ends itself, and its stop is not clean', async () => {
  const { disk, broker, lines } = await served()
  disk.open('__cluster_metadata-0/00000000000000000000.log', 'existing').truncate(0)
  await pass(broker, limits.directoryCheckMs)
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(
    lines[0] ?? '',
    /^The broker has stopped itself\. simulated\/__cluster_metadata-0\/0{20}\.log is damaged: It has not all that was written to it/
  )
  assert.equal(disk.exists('.kafka_cleanshutdown'), false)
})

test('who the directory belongs to is written again when somebody has removed it, and told once: the next start finds it', async () => {
  const { disk, broker, lines } = await served()
  const before = disk.readFile('meta.properties')
  disk.remove('meta.properties')
  for (let look = 0; look < 3; look++) await pass(broker, limits.directoryCheckMs)
  assert.deepEqual(lines, [
    'simulated/meta.properties was removed. It says who the directory belongs to, and was written again.'
  ])
  assert.deepEqual(disk.readFile('meta.properties'), before)
  await broker.stop()
})
