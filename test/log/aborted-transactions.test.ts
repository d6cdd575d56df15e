/** Where the index of aborted transactions is lost, or parts of it, a reader of committed records is told of them all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { AbortedTransaction } from '../../src/log/types.ts'
import { append, batchOf, directory, endTransaction, open } from './setup.ts'

const producers = [5, 6, 7].map((producerId) => ({ producerId, producerEpoch: 0 }))

/** Transactions of three producers across some segments, of which every second is aborted, as a clean stop leaves them. */
async function logWithTransactions(disk: MemoryDisk): Promise<number> {
  const log = open({ disk })
  const sequences = new Map<number, number>()
  for (let round = 0; round < 27; round++) {
    for (const [index, producer] of producers.entries()) {
      const baseSequence = sequences.get(producer.producerId) ?? 0
      const values = [`${producer.producerId} ${round}`, 'x'.repeat(40)]
      assert.ok(append(log, batchOf(values, { ...producer, isTransactional: true, baseSequence })).ok)
      sequences.set(producer.producerId, baseSequence + values.length)
      // The third one's transactions are long: they reach over the end of a segment.
      const every = index === 2 ? 9 : 1
      if (round % every === every - 1) endTransaction(log, producer, (round + index) % 2 === 0 ? 'abort' : 'commit')
    }
  }
  await log.close()
  return log.logEndOffset
}

/** What a reader of committed records is told with each read, from the beginning to the end. */
function toldBy(log: PartitionLog): AbortedTransaction[][] {
  const told: AbortedTransaction[][] = []
  for (let offset = 0; offset < log.lastStableOffset; ) {
    const read = log.read(offset, { maxBytes: 500, upTo: log.lastStableOffset, atLeastOneBatch: 'yes' })
    assert.ok(!('error' in read))
    told.push(log.abortedTransactions(offset, read))
    offset = read.nextOffset
  }
  return told
}

const damages: Readonly<Record<string, (bytes: Buffer) => Buffer | null>> = {
  'is gone': () => null,
  'is empty': () => Buffer.alloc(0),
  'lacks its last entry': (bytes) => bytes.subarray(0, bytes.length - 34),
  'names another producer': (bytes) => overwritten(bytes, 9, 99),
  'has a stable offset that is too high': (bytes) => overwritten(bytes, 32, 99)
}

for (const [what, damage] of Object.entries(damages)) {
  test(`an index of aborted transactions that ${what} is made anew, and told of`, async () => {
    const disk = new MemoryDisk()
    const recoveryPoint = await logWithTransactions(disk)
    const whole = open({ disk, shutdown: 'clean', recoveryPoint, report: assert.fail })
    const expected = toldBy(whole)
    assert.ok(expected.flat().length > 20, 'there are aborted transactions')
    await whole.close()
    const indexes = disk.list(directory).filter((name) => name.endsWith('.txnindex'))
    assert.ok(indexes.length > 2, 'in some segments')
    for (const name of indexes) {
      const path = `${directory}/${name}`
      const bytes = disk.readFile(path)
      const damaged = damage(bytes)
      if (damaged === null) disk.remove(path)
      else disk.replaceFile(path, damaged)
      const lines: string[] = []
      const log = open({ disk, shutdown: 'clean', recoveryPoint, report: (line) => lines.push(line) })
      assert.deepEqual(toldBy(log), expected, name)
      assert.deepEqual(toldBy(log), expected, name)
      assert.equal(lines.length, 1, `${name}: ${lines}`)
      assert.ok(lines[0]?.includes(`${path} is damaged: `), lines[0])
      await log.close()
      assert.ok(disk.readFile(path).equals(bytes), `${name} is as it was`)
    }
  })
}

function overwritten(bytes: Buffer, position: number, by: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[position] = by
  return changed
}
