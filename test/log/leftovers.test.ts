/** A compaction of Kafka that was stopped anywhere is completed or undone: what its last record of each key was is there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../../src/host/disk.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { removeSetAside, settleLeftovers } from '../../src/log/leftovers.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'

const directory = 't-0'

function put(disk: Disk, name: string, bytes: Buffer): void {
  const file = disk.open(`${directory}/${name}`, 'create')
  file.append([bytes])
  file.close()
}

function batch(baseOffset: number, value: string): Buffer {
  return buildBatch({ baseOffset, records: [{ timestamp: 1, key: null, value: Buffer.from(value), headers: [] }] })
}

const base = (offset: number) => String(offset).padStart(20, '0')
const suffixes = ['.log', '.index', '.timeindex']

/** Segments at 0, 10 and 20; the first two were compacted into one that begins at 0 and has this batch. */
function compaction(kept = batch(14, 'after')): { disk: Disk; steps: (() => void)[] } {
  const disk = new MemoryDisk()
  disk.createDirectory(directory)
  for (const offset of [0, 10, 20]) {
    put(disk, `${base(offset)}.log`, batch(offset, 'before'))
    put(disk, `${base(offset)}.index`, Buffer.from(`before ${offset}`))
    put(disk, `${base(offset)}.timeindex`, Buffer.from(`before ${offset}`))
  }
  const rename = (from: string, to: string) => () => disk.rename(`${directory}/${from}`, `${directory}/${to}`)
  const steps = [
    () => put(disk, `${base(0)}.log.cleaned`, kept),
    () => put(disk, `${base(0)}.index.cleaned`, Buffer.from('after')),
    () => put(disk, `${base(0)}.timeindex.cleaned`, Buffer.from('after')),
    ...suffixes.map((suffix) => rename(`${base(0)}${suffix}.cleaned`, `${base(0)}${suffix}.swap`)),
    ...[0, 10].flatMap((offset) =>
      suffixes.map((suffix) => rename(`${base(offset)}${suffix}`, `${base(offset)}${suffix}.deleted`))
    ),
    ...suffixes.map((suffix) => rename(`${base(0)}${suffix}.swap`, `${base(0)}${suffix}`))
  ]
  return { disk, steps }
}

const untouched = [0, 10, 20].flatMap((offset) => suffixes.map((suffix) => `${base(offset)}${suffix}`)).sort()
const swapped = [0, 20].flatMap((offset) => suffixes.map((suffix) => `${base(offset)}${suffix}`)).sort()
/** From here on every file of the new segment is a swap: the compaction is finished. */
const finishedAfter = 6

for (let stopped = 0; stopped <= compaction().steps.length; stopped += 1) {
  const is = stopped >= finishedAfter ? 'completed' : 'undone'
  test(`a compaction that was stopped after ${stopped} steps is ${is}`, () => {
    const { disk, steps } = compaction()
    for (const step of steps.slice(0, stopped)) step()
    const names = settleLeftovers(disk, directory, disk.list(directory))
    assert.deepEqual([...names].sort(), is === 'completed' ? swapped : untouched)
    removeSetAside(disk, directory, disk.list(directory))
    assert.deepEqual(names, disk.list(directory))
    const first = disk.readFile(`${directory}/${base(0)}.log`)
    assert.deepEqual(first, is === 'completed' ? batch(14, 'after') : batch(0, 'before'))
    const index = disk.readFile(`${directory}/${base(0)}.index`).toString()
    assert.equal(index, is === 'completed' ? 'after' : 'before 0')
  })
}

test('a compaction that kept the last record of what it was made of takes nothing of the segment behind', () => {
  const { disk, steps } = compaction(batch(19, 'after'))
  for (const step of steps.slice(0, finishedAfter)) step()
  assert.deepEqual([...settleLeftovers(disk, directory, disk.list(directory))].sort(), swapped)
  assert.deepEqual(disk.readFile(`${directory}/${base(20)}.log`), batch(20, 'before'))
})

test('a finished compaction that is damaged is refused, and nothing is removed', () => {
  const { disk, steps } = compaction()
  for (const step of steps.slice(0, finishedAfter)) step()
  const path = `${directory}/${base(0)}.log.swap`
  const file = disk.open(path, 'existing')
  file.truncate(file.sizeBytes - 1)
  file.close()
  const before = disk.list(directory)
  assert.throws(
    () => settleLeftovers(disk, directory, before),
    /is damaged at byte 0: No whole batch begins here; a compaction had finished the file/
  )
  assert.deepEqual(disk.list(directory), before)
})

/** Loses its process after so many changes. */
class DyingDisk extends MemoryDisk {
  changesLeft = Infinity

  override remove(path: string): void {
    this.#change()
    super.remove(path)
  }

  override rename(from: string, to: string): void {
    this.#change()
    super.rename(from, to)
  }

  #change(): void {
    this.changesLeft -= 1
    if (this.changesLeft < 0) throw new Error('killed')
  }
}

for (const killedAfter of [0, 1, 2, 3, 4, 5]) {
  test(`a compaction into two segments, of which one was renamed, is undone also by a start that is killed after ${killedAfter} steps`, () => {
    const disk = new DyingDisk()
    disk.createDirectory(directory)
    for (const suffix of suffixes) {
      for (const offset of [0, 10, 20]) put(disk, `${base(offset)}${suffix}`, batch(offset, 'before'))
      put(disk, `${base(0)}${suffix}.cleaned`, batch(4, 'after'))
      put(disk, `${base(10)}${suffix}.swap`, batch(14, 'after'))
    }
    disk.changesLeft = killedAfter
    assert.throws(() => settleLeftovers(disk, directory, disk.list(directory)), /killed/)
    disk.changesLeft = Infinity
    const names = settleLeftovers(disk, directory, disk.list(directory))
    assert.deepEqual([...names].sort(), untouched)
    for (const offset of [0, 10, 20]) {
      assert.deepEqual(disk.readFile(`${directory}/${base(offset)}.log`), batch(offset, 'before'))
    }
  })
}
