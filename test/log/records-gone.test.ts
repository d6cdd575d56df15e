/** Where records are gone, no file is touched: whoever puts them back finds everything else as it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { DamageError } from '../../src/log/damage.ts'
import { append, batchOf, directory, open, recordsFrom } from './setup.ts'

const config = { indexIntervalBytes: 0 }

async function stoppedCleanly(): Promise<{ disk: MemoryDisk; endOffset: number }> {
  const disk = new MemoryDisk()
  const log = open({ disk, config })
  for (let index = 0; index < 40; index++) assert.ok(append(log, batchOf([`value ${index}`.padEnd(100, '.')])).ok)
  await log.close()
  return { disk, endOffset: 40 }
}

function filesOf(disk: MemoryDisk): Map<string, string> {
  return new Map(disk.list(directory).map((name) => [name, disk.readFile(`${directory}/${name}`).toString('hex')]))
}

const start = (disk: MemoryDisk, recoveryPoint: number, lines: string[]) =>
  open({ disk, config, shutdown: 'clean', recoveryPoint, report: (line) => lines.push(line) })

for (const [which, at] of [
  ['first', 0],
  ['last', -1]
] as const) {
  test(`a log whose ${which} segment was cut to 0 after a clean stop is refused, with no file touched, and is whole when that is put back`, async () => {
    const { disk, endOffset } = await stoppedCleanly()
    const logs = disk.list(directory).filter((name) => name.endsWith('.log'))
    assert.ok(logs.length > 2)
    const path = `${directory}/${logs.at(at)}`
    const whole = disk.readFile(path)
    disk.replaceFile(path, Buffer.alloc(0))
    const before = filesOf(disk)
    const lines: string[] = []
    for (let attempt = 0; attempt < 2; attempt++)
      assert.throws(
        () => start(disk, endOffset, lines),
        (error) => error instanceof DamageError && error.message.includes(path) && / are gone\./.test(error.message)
      )
    assert.deepEqual(filesOf(disk), before)
    assert.deepEqual(lines, [], 'nothing is said to be made anew')
    disk.replaceFile(path, whole)
    const log = start(disk, endOffset, lines)
    assert.equal(recordsFrom(log).length, endOffset)
    await log.close()
    assert.deepEqual(lines, [])
  })
}

test('where a later segment is gone, the index of an earlier one that cannot be believed stays as it is', async () => {
  const { disk, endOffset } = await stoppedCleanly()
  const names = disk.list(directory)
  const index = `${directory}/${names.find((name) => name.endsWith('.index'))}`
  disk.replaceFile(index, Buffer.alloc(disk.sizeOf(index) ?? 0, 7))
  const last = `${directory}/${names.findLast((name) => name.endsWith('.log'))}`
  const whole = disk.readFile(last)
  disk.replaceFile(last, Buffer.alloc(0))
  const before = filesOf(disk)
  const lines: string[] = []
  assert.throws(() => start(disk, endOffset, lines), DamageError)
  assert.deepEqual(filesOf(disk), before)
  assert.deepEqual(lines, [])
  disk.replaceFile(last, whole)
  const log = start(disk, endOffset, lines)
  assert.equal(recordsFrom(log).length, endOffset)
  await log.close()
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /\.index is damaged.*made anew/)
})

test('indexes that were emptied are made anew as they were', async () => {
  const { disk, endOffset } = await stoppedCleanly()
  const whole = filesOf(disk)
  for (const name of disk.list(directory))
    if (/\.(index|timeindex)$/.test(name)) disk.replaceFile(`${directory}/${name}`, Buffer.alloc(0))
  const lines: string[] = []
  const log = start(disk, endOffset, lines)
  assert.equal(recordsFrom(log).length, endOffset)
  await log.close()
  assert.deepEqual(filesOf(disk), whole)
  assert.equal(lines.length, [...whole.keys()].filter((name) => name.endsWith('.log')).length)
})
