/** The leader epoch of a batch stands outside its checksum: that it was changed is told by the epochs around it alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { DamageError } from '../../src/log/damage.ts'
import { batchSizeAt } from '../../src/protocol/records/batch.ts'
import { append, batchOf, directory, open, recordsFrom } from './setup.ts'

const epochsPath = `${directory}/leader-epoch-checkpoint`

const path = `${directory}/00000000000000000000.log`
const epochPosition = 12

/** Three batches in each of the epochs 0, 2 and 5, as a clean stop leaves them; gives where each batch begins. */
async function logOfThreeLeaders(disk: MemoryDisk): Promise<number[]> {
  for (const leaderEpoch of [0, 2, 5]) {
    const log = open({ disk, leaderEpoch })
    for (const value of ['a', 'b', 'c']) log.append(batchOf([value]), { leaderEpoch, origin: 'client' })
    await log.close()
  }
  const bytes = disk.readFile(path)
  const positions: number[] = []
  for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) positions.push(at)
  return positions
}

for (const [index, epoch, position] of [
  [4, 0, 'in the middle of its epoch'],
  [4, 5, 'in the middle of its epoch'],
  [7, 2, 'in the middle of the last epoch'],
  [7, -1, 'in the middle of the last epoch'],
  [8, 2, 'at the end of the log']
] as const) {
  test(`a batch ${position} that has the epoch ${epoch} now is not served`, async () => {
    const disk = new MemoryDisk()
    const positions = await logOfThreeLeaders(disk)
    const bytes = Buffer.from(disk.readFile(path))
    bytes.writeInt32BE(epoch, (positions[index] ?? 0) + epochPosition)
    disk.replaceFile(path, bytes)
    const lines: string[] = []
    const report = (line: string): void => void lines.push(line)
    const readAll = () => recordsFrom(open({ disk, leaderEpoch: 5, shutdown: 'clean', recoveryPoint: 9, report }))
    assert.throws(readAll, (error) => {
      assert.ok(error instanceof DamageError, String(error))
      assert.ok(error.message.includes(`${path} is damaged at byte ${positions[index]}: `), error.message)
      return true
    })
    assert.deepEqual(lines, [], 'the file of the epochs is not blamed')
  })
}

test('what was not synced, and has an epoch that no leader had, is cut off', async () => {
  const disk = new MemoryDisk()
  const [, second = 0] = await logOfThreeLeaders(disk)
  const bytes = Buffer.from(disk.readFile(path)).subarray(0, second * 2)
  bytes.writeInt32BE(6, second + epochPosition)
  disk.replaceFile(path, bytes)
  disk.remove(epochsPath)
  const log = open({ disk, leaderEpoch: 5, recoveryPoint: 1 })
  assert.equal(log.logEndOffset, 1)
  await log.close()
})

test('batches of all leaders are served when nothing was changed', async () => {
  const disk = new MemoryDisk()
  await logOfThreeLeaders(disk)
  const log = open({ disk, leaderEpoch: 5, shutdown: 'clean', recoveryPoint: 9, report: assert.fail })
  assert.equal(recordsFrom(log).length, 9)
  await log.close()
})

test('a log that was trimmed to its end has the epochs that it should have, and nothing is made anew', async () => {
  const disk = new MemoryDisk()
  await logOfThreeLeaders(disk)
  const log = open({ disk, leaderEpoch: 5, shutdown: 'clean', recoveryPoint: 9 })
  await log.deleteRecordsBefore(9)
  await log.close()
  const lines: string[] = []
  const report = (line: string): void => void lines.push(line)
  const again = open({ disk, leaderEpoch: 5, shutdown: 'clean', recoveryPoint: 9, logStartOffset: 9, report })
  assert.deepEqual([again.logStartOffset, again.latestEpoch, lines], [9, 5, []])
})

test('epochs that are made anew are never those of records that were deleted, not even for a moment', async () => {
  const disk = new MemoryDisk()
  await logOfThreeLeaders(disk)
  disk.remove(`${directory}/leader-epoch-checkpoint`)
  const told: string[] = []
  const { replaceFile } = disk
  disk.replaceFile = (path, bytes) => {
    if (path.endsWith('leader-epoch-checkpoint')) told.push(Buffer.from(bytes).toString())
    replaceFile.call(disk, path, bytes)
  }
  open({ disk, leaderEpoch: 5, shutdown: 'clean', recoveryPoint: 9, logStartOffset: 4 })
  assert.deepEqual(told, ['0\n2\n2 4\n5 6\n'])
})

test('an epoch that began behind the end that a power cut left begins at that end, once its leader goes on', () => {
  const disk = new MemoryDisk()
  const log = open({ disk, history: 'new' })
  append(log, batchOf(['a']))
  log.abandon()
  // The epoch was begun behind records that are lost.
  disk.replaceFile(`${directory}/leader-epoch-checkpoint`, Buffer.from('0\n2\n0 0\n1 5\n'))
  const after = open({ disk, leaderEpoch: 1 })
  after.beginEpoch(1)
  after.append(batchOf(['b']), { leaderEpoch: 1, origin: 'client' })
  assert.equal(recordsFrom(after).length, 2)
  assert.deepEqual(after.endOffsetForEpoch(0), { leaderEpoch: 0, endOffset: 1 })
})

test('that an epoch has begun is on the disk before its first record is acknowledged', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new SimulatedDisk()
    const log = open({ disk, history: 'new' })
    append(log, batchOf(['a']))
    await log.durable(1)
    log.append(batchOf(['b']), { leaderEpoch: 2, origin: 'client' })
    await log.durable(2)
    assert.equal(disk.powerCut(new SeededChance(seed)).readFile(epochsPath).toString(), '0\n2\n0 0\n2 1\n')
  }
})

test('an epoch that a kill kept from its file is read from the batches, and nobody is told of damage', () => {
  const disk = new MemoryDisk()
  const log = open({ disk, history: 'new' })
  append(log, batchOf(['a']))
  log.append(batchOf(['b']), { leaderEpoch: 2, origin: 'client' })
  log.abandon()
  const after = open({ disk, leaderEpoch: 2, report: assert.fail })
  assert.deepEqual(after.endOffsetForEpoch(0), { leaderEpoch: 0, endOffset: 1 })
  assert.equal(disk.readFile(epochsPath).toString(), '0\n2\n0 0\n2 1\n')
})

for (const shutdown of ['clean', 'unclean'] as const) {
  test(`a file of epochs that is gone, cut short or changed at any byte is made anew after a ${shutdown} stop, and told`, async () => {
    const disk = new MemoryDisk()
    await logOfThreeLeaders(disk)
    const whole = Buffer.from(disk.readFile(epochsPath))
    const changed = [...whole.keys()].flatMap((position) =>
      [...Buffer.from('0123456789 \n-\0\xff', 'latin1')].map((byte) => {
        const bytes = Buffer.from(whole)
        bytes.writeUInt8(byte, position)
        return bytes
      })
    )
    const cut = [...whole.keys()].map((length) => Buffer.from(whole.subarray(0, length)))
    const zeros = Buffer.alloc(whole.length)
    for (const bytes of [null, zeros, ...cut, ...changed]) {
      const what = bytes === null ? 'gone' : JSON.stringify(bytes.toString('latin1'))
      disk.remove(epochsPath)
      if (bytes !== null) disk.replaceFile(epochsPath, bytes)
      const lines: string[] = []
      const report = (line: string): void => void lines.push(line)
      const log = open({ disk, leaderEpoch: 5, shutdown, recoveryPoint: 9, logStartOffset: 0, report })
      const ends = [0, 2, 5].map((epoch) => log.endOffsetForEpoch(epoch).endOffset)
      assert.deepEqual([ends, log.logStartOffset, recordsFrom(log).length], [[3, 6, 9], 0, 9], what)
      log.abandon()
      // The end of the last line says nothing.
      const [now, before, changedTo] = [disk.readFile(epochsPath), whole, bytes].map((content) =>
        content?.toString('latin1').replace(/\n$/, '')
      )
      assert.equal(now, before, what)
      // Where an epoch seems to have begun behind what a crash left, the file may be as the crash left it.
      const isLost = shutdown === 'unclean' && /^5 6\d$/m.test(changedTo ?? '')
      assert.equal(lines.length, changedTo === before || isLost ? 0 : 1, what)
    }
  })
}

test('after a crash, where the first epoch begins hides no record that no checkpoint says was deleted', async () => {
  const disk = new MemoryDisk()
  await logOfThreeLeaders(disk)
  // A bit has flipped in '0 0'.
  disk.replaceFile(epochsPath, Buffer.from('0\n3\n0 1\n2 3\n5 6\n'))
  const lines: string[] = []
  const report = (line: string): void => void lines.push(line)
  const log = open({ disk, leaderEpoch: 5, shutdown: 'unclean', report })
  assert.deepEqual([log.logStartOffset, recordsFrom(log).length], [0, 9])
  assert.match(lines[0] ?? '', /log-start-offset-checkpoint is damaged: It does not say where orders-0 begins/)
  assert.match(lines[1] ?? '', /leader-epoch-checkpoint is damaged/)
  assert.equal(disk.readFile(epochsPath).toString(), '0\n3\n0 0\n2 3\n5 6\n')
})

test('an epoch that the disk had no room for when it began is safe after a clean stop, also where nothing was written in it', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk, history: 'new' })
  append(log, batchOf(['a']))
  await log.durable(1)
  disk.freeBytes = 0
  log.beginEpoch(3)
  disk.freeBytes = Infinity
  await log.close()
  assert.match(disk.readSynced(epochsPath).toString(), /\n3 1\n$/)
})
