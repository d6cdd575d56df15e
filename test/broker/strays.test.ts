/** Which directories a start sets aside, or removes, before it opens any log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertKnowsTopics } from '../../src/broker/lost-metadata.ts'
import { setStraysAside } from '../../src/broker/strays.ts'
import { ClusterImage } from '../../src/coordination/metadata/image.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { DamageError } from '../../src/log/damage.ts'
import { setDirectoryAside } from '../../src/log/deleted-directory.ts'
import { readTopicId } from '../../src/log/partition-metadata.ts'
import { partitionOf, topicIdOf } from '../controller/setup.ts'

const network = { listen: () => Promise.reject(new Error('a start has no sockets here')) }

/** A directory with a record, which says that it is of this topic. */
function directory(disk: MemoryDisk, name: string, topicId: string): void {
  disk.createDirectory(name)
  disk.replaceFile(`${name}/00000000000000000000.log`, Buffer.from('a record'))
  disk.replaceFile(`${name}/partition.metadata`, Buffer.from(`version: 0\ntopic_id: ${topicId}`))
}

function imageWith(topics: readonly string[], deleted: readonly string[] = []): ClusterImage {
  const image = new ClusterImage()
  for (const name of [...topics, ...deleted]) {
    image.putTopic(name, topicIdOf(name))
    image.putPartition(topicIdOf(name), partitionOf(0, { replicas: [1] }))
  }
  for (const name of deleted) image.removeTopic(topicIdOf(name))
  return image
}

function setAside(disk: MemoryDisk, image: ClusterImage, wasSynced: boolean): readonly string[] {
  const forgotten: string[] = []
  setStraysAside({
    host: { disk, clock: new ManualClock(), chance: new SeededChance(1), network },
    ...{ image, nodeId: 1, wasSynced: () => wasSynced, log: () => {} },
    onSetAside: (name) => forgotten.push(name)
  })
  return forgotten
}

test('what a deleted topic left in the place of a later one is set aside, also when the checkpoints speak of it', () => {
  const disk = new MemoryDisk()
  const image = imageWith(['t'], ['gone'])
  directory(disk, 't-0', topicIdOf('gone'))
  assert.deepEqual(setAside(disk, image, true), ['t-0'])
  assert.deepEqual(disk.exists('t-0'), false)
})

test('what was synced and speaks of a topic that nobody knows is damage, and stays for its log to tell', () => {
  const disk = new MemoryDisk()
  directory(disk, 't-0', topicIdOf('unknown'))
  assert.deepEqual(setAside(disk, imageWith(['t']), true), [])
  assert.deepEqual(setAside(disk, imageWith(['t']), false), ['t-0'])
})

test('of a deletion that never was the records are put back, and what has taken the name meanwhile is set aside', () => {
  for (const isTaken of [false, true]) {
    const disk = new MemoryDisk()
    directory(disk, 't-0', topicIdOf('t'))
    setDirectoryAside(disk, 't-0', topicIdOf('t'))
    if (isTaken) directory(disk, 't-0', topicIdOf('later'))
    assert.deepEqual(setAside(disk, imageWith(['t']), true), isTaken ? ['t-0'] : [])
    assert.equal(readTopicId(disk, 't-0'), topicIdOf('t'))
    assert.equal(disk.list('').length, isTaken ? 2 : 1)
  }
})

test('of a topic that is deleted nothing is left; what has taken its name stays', () => {
  const disk = new MemoryDisk()
  directory(disk, 't-0', topicIdOf('gone'))
  setDirectoryAside(disk, 't-0', topicIdOf('gone'))
  directory(disk, 't-0', topicIdOf('t'))
  assert.deepEqual(setAside(disk, imageWith(['t'], ['gone']), true), [])
  assert.deepEqual(disk.list(''), ['t-0'])
})

test('what was set aside is put back where the metadata knows it again, and nothing is in its place', () => {
  const disk = new MemoryDisk()
  directory(disk, 't-0', topicIdOf('t'))
  setAside(disk, imageWith([]), true)
  assert.equal(disk.exists('t-0'), false)
  setAside(disk, imageWith(['t']), true)
  assert.equal(readTopicId(disk, 't-0'), topicIdOf('t'))
  assert.deepEqual(disk.list(''), ['t-0'])
})

test('of several that were set aside the one with most records is put back; none over what is there, or that others have', () => {
  const disk = new MemoryDisk()
  for (const [stray, records] of [
    ['t-0.a-stray', 'few'],
    ['t-0.b-stray', 'many more'],
    ['t-0.c-stray', '']
  ] as const) {
    directory(disk, stray, topicIdOf('t'))
    disk.replaceFile(`${stray}/00000000000000000000.log`, Buffer.from(records))
  }
  const ofOthers = imageWith([])
  ofOthers.putTopic('t', topicIdOf('t'))
  ofOthers.putPartition(topicIdOf('t'), partitionOf(0, { replicas: [1, 2], inSyncReplicas: [2] }))
  setAside(disk, ofOthers, true)
  assert.equal(disk.exists('t-0'), false)
  setAside(disk, imageWith(['t']), true)
  assert.equal(disk.readFile('t-0/00000000000000000000.log').toString(), 'many more')
  setAside(disk, imageWith(['t']), true)
  assert.deepEqual(disk.list(''), ['t-0', 't-0.a-stray', 't-0.c-stray'])
})

test('directories whose names were swapped get their names back, by what they say of themselves', () => {
  const disk = new MemoryDisk()
  directory(disk, 't-0', topicIdOf('u'))
  directory(disk, 'u-0', topicIdOf('t'))
  setAside(disk, imageWith(['t', 'u']), false)
  for (const name of ['t', 'u']) assert.equal(readTopicId(disk, `${name}-0`), topicIdOf(name))
})

test('a partition that the metadata does not know is told as that, also where it knows the topic', () => {
  const disk = new MemoryDisk()
  directory(disk, 't-1', topicIdOf('t'))
  const lines: string[] = []
  setStraysAside({
    host: { disk, clock: new ManualClock(), chance: new SeededChance(1), network },
    ...{
      image: imageWith(['t']),
      nodeId: 1,
      wasSynced: () => true,
      log: (line) => lines.push(line),
      onSetAside: () => {}
    }
  })
  assert.match(
    lines.join(),
    /t-1 is of a partition of t that the metadata does not know, .*the metadata has lost records\. Restore/
  )
})

const knowing: Readonly<Record<string, { readonly image: ClusterImage; readonly hasSnapshot?: true }>> = {
  'knows of a topic': { image: imageWith(['t']) },
  'knows of a topic that was deleted': { image: imageWith([], ['t']) },
  'begins with a snapshot, in which no topic was left': { image: new ClusterImage(), hasSnapshot: true }
}

for (const [what, { image, hasSnapshot = false }] of Object.entries(knowing)) {
  test(`a metadata log that ${what} has not lost its topics, whatever the brokers have`, () => {
    const disk = new MemoryDisk()
    directory(disk, 't-0', topicIdOf('t'))
    assertKnowsTopics({ image, hasSnapshot, disk: new MemoryDisk() }, [disk])
    assert.throws(() => {
      assertKnowsTopics({ image: new ClusterImage(), hasSnapshot: false, disk: new MemoryDisk() }, [disk])
    }, DamageError)
  })
}

test('once the deleted topics are forgotten nobody can tell that there were none, and nothing is refused', () => {
  const disk = new MemoryDisk()
  directory(disk, 't-0', topicIdOf('t'))
  const image = new ClusterImage()
  image.forgetRemoved()
  assertKnowsTopics({ image, hasSnapshot: false, disk: new MemoryDisk() }, [disk])
})
