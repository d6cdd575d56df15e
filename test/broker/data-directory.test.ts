/** The files of a data directory that are not the log of a partition. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataDirectory, type OffsetCheckpoint } from '../../src/broker/data-directory.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'

const network = { listen: () => Promise.reject(new Error('this directory has no sockets')) }

function openWith(names: readonly string[]): DataDirectory {
  const disk = new MemoryDisk()
  for (const name of names) disk.replaceFile(name, Buffer.from('text'))
  const host = { disk, clock: new ManualClock(), chance: new SeededChance(1), network }
  try {
    return DataDirectory.open(host, { nodeId: 1, nodeIdAsked: null, clusterIdAsked: null }, DataDirectory.take(disk))
  } catch (error) {
    assert.deepEqual(disk.list(''), names, 'what was there is there, and nothing else')
    throw error
  }
}

test('logs are not put among the files of somebody: what lies there is named, and stays as it is', () => {
  const refusal = /has what is none of a broker's: README\.md, package\.json, src and 1 more\. Nothing was changed\./
  assert.throws(() => openWith(['README.md', 'package.json', 'src', 'test']), refusal)
  assert.throws(() => openWith(['.git']), /none of a broker's: \.git\. /)
})

test('a directory is new also with what file systems, desktops and a start that did not come to its end leave there', () => {
  const names = ['$RECYCLE.BIN', '.DS_Store', '.address', '.gitkeep', '.lock', '.reserve', 'lost+found']
  assert.equal(openWith([]).isNew, true)
  assert.equal(openWith([...names, 'meta.properties.tmp', 'recovery-point-offset-checkpoint']).isNew, true)
})

test('of a damaged checkpoint it is told what its own loss costs', () => {
  const disk = new MemoryDisk()
  const host = { disk, clock: new ManualClock(), chance: new SeededChance(1), network }
  const directory = DataDirectory.open(
    host,
    { nodeId: 1, nodeIdAsked: null, clusterIdAsked: null },
    DataDirectory.take(disk)
  )
  const told = (checkpoint: OffsetCheckpoint) => {
    disk.replaceFile(checkpoint, Buffer.from('no list of offsets'))
    const lines: string[] = []
    assert.equal(directory.readOffsets(checkpoint, (line) => lines.push(line)).size, 0)
    return lines.join()
  }
  assert.match(told('log-start-offset-checkpoint'), /that DeleteRecords had removed may be read again/)
  const ends = told('recovery-point-offset-checkpoint')
  assert.match(ends, /whether the disk has lost the end of one cannot be told this time/)
  assert.doesNotMatch(ends, /DeleteRecords/)
})

test('once the mark of a clean stop is forgotten no power cut brings it back', async () => {
  const disk = new SimulatedDisk()
  const opened = (): DataDirectory => {
    const host = { disk, clock: new ManualClock(), network, chance: new SeededChance(1) }
    return DataDirectory.open(host, { nodeId: 1, nodeIdAsked: null, clusterIdAsked: null }, DataDirectory.take(disk))
  }
  const first = opened()
  first.markCleanlyStopped(-1)
  first.release()
  const second = opened()
  assert.equal(second.wasStoppedCleanly, true)
  await second.forgetCleanStop()
  assert.equal(disk.readSynced('.kafka_cleanshutdown').length, 0)
})
