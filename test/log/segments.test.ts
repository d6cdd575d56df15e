/** What a sync of a log makes safe beside the records: all that a start trusts below the recovery point. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError, type DiskFile } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { listProducerSnapshots } from '../../src/log/producer-snapshot.ts'
import { HeldDisk, hold } from '../broker/held-disk.ts'
import { append, batchOf, directory, open, recordsFrom } from './setup.ts'

const seeds = Array.from({ length: 20 }, (_, seed) => seed)

/** What the file holds after each of many power cuts. */
const afterCuts = (disk: SimulatedDisk, name: string): string[] =>
  seeds.map((seed) => disk.powerCut(new SeededChance(seed)).readFile(`${directory}/${name}`).toString('latin1'))

test('a finished segment has its indexes on the disk once the recovery point is behind it', async () => {
  const disk = new SimulatedDisk()
  const config = { segmentBytes: 200, indexIntervalBytes: 0 }
  const log = open({ disk, config, checkpointBytes: 1_000_000, history: 'new' })
  for (let index = 0; index < 20; index++) append(log, batchOf(['a']))
  await log.durable(20)
  assert.equal(log.recoveryPoint, 20)
  const names = disk
    .list(directory)
    .filter((name) => name.endsWith('index') && disk.sizeOf(`${directory}/${name}`) !== 0)
  assert.ok(names.length > 4, `${names}`)
  for (const name of names) {
    const whole = disk.readFile(`${directory}/${name}`).toString('latin1')
    for (const [seed, left] of afterCuts(disk, name).entries()) assert.equal(left, whole, `${name}, seed ${seed}`)
  }
})

/** Has no file handle left for what was finished, when it is to be synced. */
class IndexRefusingDisk extends SimulatedDisk {
  isRefusing = true

  override open(path: string, mode: 'existing' | 'create'): DiskFile {
    if (this.isRefusing && mode === 'existing' && path.endsWith('index'))
      throw new DiskError('too-many-files', path, `${path}: no file can be opened.`)
    return super.open(path, mode)
  }
}

test('a finished segment whose indexes could not be synced is behind no recovery point, until they are', async () => {
  const disk = new IndexRefusingDisk()
  const config = { segmentBytes: 200, indexIntervalBytes: 0 }
  const log = open({ disk, config, checkpointBytes: 1_000_000, history: 'new' })
  for (let index = 0; index < 20; index++) append(log, batchOf(['a']))
  await log.durable(20)
  assert.deepEqual([log.syncedEndOffset, log.recoveryPoint], [20, 0])
  disk.isRefusing = false
  append(log, batchOf(['a']))
  await log.durable(21)
  assert.equal(log.recoveryPoint, 21)
})

test('the files that a new log begins with are on the disk with its first records', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk, history: 'new' })
  log.beginEpoch(0)
  append(log, batchOf(['a']))
  await log.durable(1)
  for (const name of ['partition.metadata', 'leader-epoch-checkpoint']) {
    const whole = disk.readFile(`${directory}/${name}`).toString('latin1')
    assert.deepEqual(new Set(afterCuts(disk, name)), new Set([whole]), name)
  }
})

class ShortDisk extends SimulatedDisk {
  isShort = true

  override syncDirectory(path: string): Promise<void> {
    if (!this.isShort) return super.syncDirectory(path)
    return Promise.reject(new DiskError('too-many-files', path, `${path}: no file can be opened.`))
  }
}

test('trouble is told when it begins and when it is over, and ends with the log', async () => {
  const told: string[] = []
  const disk = new ShortDisk()
  const log = open({ disk, history: 'new' })
  log.onTrouble = (trouble) => told.push(typeof trouble === 'string' ? trouble : trouble.is)
  append(log, batchOf(['a']))
  for (let attempt = 0; attempt < 2; attempt++) await assert.rejects(log.durable(1))
  assert.deepEqual(told, ['passing'])
  disk.isShort = false
  await log.durable(1)
  assert.deepEqual(told, ['passing', 'over'])
  disk.failSyncs()
  append(log, batchOf(['b']))
  await assert.rejects(log.durable(2))
  log.setAside()
  assert.deepEqual(told, ['passing', 'over', 'final', 'ended'])
})

test('names that could not be synced for want of a file are synced by the next sync', async () => {
  const disk = new ShortDisk()
  const log = open({ disk, history: 'new' })
  append(log, batchOf(['a']))
  await assert.rejects(log.durable(1), { problem: 'too-many-files' })
  disk.isShort = false
  await log.durable(1)
  for (const seed of seeds) {
    const after = open({ disk: disk.powerCut(new SeededChance(seed)), recoveryPoint: 1 })
    assert.equal(recordsFrom(after).length, 1, `seed ${seed}`)
  }
})

test('a checkpoint that was begun before the log was deleted leaves nothing in the directory of the next of its name', async () => {
  const disk = new HeldDisk()
  const log = open({ disk, checkpointBytes: 1, history: 'new' })
  append(log, batchOf(['a']))
  const { over, release } = hold()
  disk.beforeSync = (path) => (path.endsWith('.index') ? over : Promise.resolve())
  const sync = log.durable(1)
  await settled()
  log.setAside()
  disk.createDirectory(directory)
  release()
  await sync.catch(() => {})
  await settled()
  assert.deepEqual(disk.list(directory), [])
})

/** A roll fails when it has made its first file, and that cannot be removed again. */
class RollRefusingDisk extends SimulatedDisk {
  isRefusing = false

  override open(path: string, mode: 'existing' | 'create'): DiskFile {
    if (this.isRefusing && path.endsWith('1.index'))
      throw new DiskError('too-many-files', path, `${path}: no file can be opened.`)
    return super.open(path, mode)
  }

  override remove(path: string): void {
    if (this.isRefusing) throw new DiskError('failed', path, `${path}: it cannot be removed.`)
    super.remove(path)
  }
}

test('the file of a roll that failed is not back after a power cut, where a sync has caught its name', async () => {
  for (const seed of seeds) {
    const disk = new RollRefusingDisk()
    const log = open({ disk, config: { segmentBytes: 100 }, history: 'new' })
    append(log, batchOf(['a']))
    disk.isRefusing = true
    assert.throws(() => append(log, batchOf(['b'])), { problem: 'too-many-files' })
    await log.durable(1)
    disk.isRefusing = false
    // There is room for it in the first segment now.
    const config = { ...log.config, segmentBytes: 1000 }
    log.updateConfig(config)
    append(log, batchOf(['b']))
    await log.durable(2)
    const after = disk.powerCut(new SeededChance(seed))
    assert.equal(recordsFrom(open({ disk: after, config, recoveryPoint: log.recoveryPoint })).length, 2, `seed ${seed}`)
  }
})

/** All that waits for nothing but its turn is done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('producers are kept at the base offset of each segment and at the end, and nowhere else (Kafka: ProducerStateManager)', async () => {
  const disk = new MemoryDisk()
  const config = { segmentBytes: 300 }
  let sequence = 0
  const stay = async (history: 'new' | 'known', records: number, end: 'stop' | 'kill' = 'stop'): Promise<number[]> => {
    const log = open({ disk, config, history, shutdown: 'clean' })
    for (let count = 0; count < records; count++) {
      assert.ok(append(log, batchOf(['a'], { producerId: 7, producerEpoch: 0, baseSequence: sequence++ })).ok)
    }
    if (end === 'stop') await log.close()
    else log.abandon()
    return disk.list(directory).flatMap((name) => (name.endsWith('.log') ? [Number.parseInt(name, 10)] : []))
  }
  await stay('new', 1)
  assert.deepEqual(listProducerSnapshots(disk, directory), [1])
  await stay('known', 1)
  assert.deepEqual(listProducerSnapshots(disk, directory), [2])
  const bases = await stay('known', 9)
  assert.ok(bases.length > 2, `several segments, not ${bases.join(', ')}`)
  assert.deepEqual(listProducerSnapshots(disk, directory), [...bases.slice(1), 11])
  const later = await stay('known', 5, 'kill')
  assert.ok(later.length > bases.length, `rolled since: ${later.join(', ')}`)
  assert.deepEqual(listProducerSnapshots(disk, directory), later.slice(1))
})
