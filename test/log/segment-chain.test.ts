/** Where a segment may begin, by where the one before it ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { continues } from '../../src/log/segment-chain.ts'
import { append, batchOf, directory, type Opening, open } from './setup.ts'

test('a segment begins where the one before it ends; compaction leaves gaps, and never two that have the same offsets', () => {
  const begins = { at: 30, later: 40, within: 20 }
  assert.deepEqual(
    Object.values(begins).map((offset) => continues(30, offset, 'none')),
    [true, false, false]
  )
  assert.deepEqual(
    Object.values(begins).map((offset) => continues(30, offset, 'compacted')),
    [true, true, false]
  )
})

test('a log that lost its last batch after a clean stop is not opened: the offset would be given again', async () => {
  const disk = new MemoryDisk()
  const log = open({ disk, history: 'new' })
  for (const value of ['a', 'b', 'c']) append(log, batchOf([value]))
  const two = 2 * (log.sizeBytes / 3)
  await log.close()
  disk.open(`${directory}/00000000000000000000.log`, 'existing').truncate(two)
  const opening: Opening = { disk, shutdown: 'clean', recoveryPoint: 3 }
  assert.throws(
    () => open(opening),
    /The log ends at offset 2, and the last clean stop left it with 3: records are gone/
  )
})
