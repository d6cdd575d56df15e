/** Appends of one turn of the event loop: one write, and either all of them in the log or none. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import * as fc from '../harness/properties.ts'
import { batchOf, open, recordsFrom, startMs } from './setup.ts'

interface Sent {
  readonly values: readonly string[]
  readonly producerId: number
  readonly baseSequence: number
}

function appendSoon(log: PartitionLog, { values, producerId, baseSequence }: Sent) {
  const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence }
  return log.append(batchOf(values, producer), { leaderEpoch: 0, origin: 'client', write: 'in this turn' })
}

const valuesOf = (log: PartitionLog): string[] => recordsFrom(log).map(({ value }) => String(value))

/** The sizes of the appends to the log's own file. */
function watchWrites(disk: Disk): number[] {
  const sizes: number[] = []
  const openFile = disk.open.bind(disk)
  disk.open = (path, mode) => {
    const file = openFile(path, mode)
    const append = file.append.bind(file)
    file.append = (chunks) => {
      if (path.endsWith('.log')) sizes.push(chunks.length)
      append(chunks)
    }
    return file
  }
  return sizes
}

test('batches of one turn are written together, before anyone is told', async () => {
  const disk = new SimulatedDisk()
  const writes = watchWrites(disk)
  const log = open({ disk, durability: 'os' })
  for (const value of ['a', 'b', 'c']) appendSoon(log, { values: [value], producerId: -1, baseSequence: -1 })
  assert.deepEqual([log.logEndOffset, log.syncedEndOffset], [3, 0])
  let wasTold = false
  log.onSynced = () => {
    wasTold = true
  }
  await log.written()
  assert.deepEqual([writes, log.syncedEndOffset, wasTold], [[3], 3, true])
  assert.deepEqual(valuesOf(log), ['a', 'b', 'c'])
})

test('one sync serves all that came in a turn, and a power cut after it takes none of them', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk })
  const waits = ['a', 'b', 'c'].map((value) => {
    appendSoon(log, { values: [value], producerId: -1, baseSequence: -1 })
    return log.durable(log.logEndOffset)
  })
  await Promise.all(waits)
  assert.equal(log.syncedEndOffset, 3)
  assert.deepEqual(valuesOf(open({ disk: disk.powerCut(new SeededChance(1)) })), ['a', 'b', 'c'])
})

test('an append that cannot wait, a read and a close bring what was gathered into the file first', async () => {
  const disk = new SimulatedDisk()
  const log = open({ disk })
  const soon = (value: string) => appendSoon(log, { values: [value], producerId: -1, baseSequence: -1 })
  soon('a')
  assert.ok(log.append(batchOf(['b']), { leaderEpoch: 0, origin: 'coordinator' }).ok)
  soon('c')
  assert.deepEqual(valuesOf(log), ['a', 'b', 'c'])
  soon('d')
  await log.close()
  assert.deepEqual(valuesOf(open({ disk, shutdown: 'clean' })), ['a', 'b', 'c', 'd'])
})

test('what does not fit on the disk is taken back, whoever waits is told, and the log is as if it had never come', async () => {
  const turn = fc.record({
    room: fc.oneof({ weight: 2, arbitrary: fc.constant(Infinity) }, fc.nat(600)),
    batches: fc.array(
      fc.record({
        producer: fc.integer({ min: -1, max: 2 }),
        values: fc.array(fc.string(), { minLength: 1, maxLength: 3 })
      }),
      { minLength: 1, maxLength: 5 }
    )
  })
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 8 }), async (turns) => {
      const disk = new SimulatedDisk()
      const twinDisk = new SimulatedDisk()
      // No segment is rolled, and no index written: the disk refuses the records alone.
      const config = { segmentBytes: 1_000_000 }
      const log = open({ disk, config })
      const twin = open({ disk: twinDisk, config })
      for (const each of [log, twin]) each.beginEpoch(0)
      const sequences = new Map<number, number>()
      for (const { room, batches } of turns) {
        disk.freeBytes = room
        const before = new Map(sequences)
        const sent = batches.map(({ producer, values }): Sent => {
          const baseSequence = sequences.get(producer) ?? 0
          sequences.set(producer, baseSequence + values.length)
          return { values, producerId: producer < 0 ? -1 : 70 + producer, baseSequence }
        })
        const waits = sent.map((batch) => {
          assert.ok(appendSoon(log, batch).ok)
          return log.durable(log.logEndOffset)
        })
        const outcomes = new Set((await Promise.allSettled(waits)).map(({ status }) => status))
        assert.equal(outcomes.size, 1, 'all or none')
        if (outcomes.has('fulfilled')) for (const batch of sent) assert.ok(appendSoon(twin, batch).ok)
        else {
          sequences.clear()
          for (const [producer, sequence] of before) sequences.set(producer, sequence)
        }
        await twin.written()
        assert.deepEqual(log.activeProducers(), twin.activeProducers())
        assert.deepEqual(log.offsetForTimestamp(startMs), twin.offsetForTimestamp(startMs))
        assert.deepEqual(log.maxTimestamp(), twin.maxTimestamp())
      }
      disk.freeBytes = Infinity
      assert.deepEqual(recordsFrom(log), recordsFrom(twin))
      await Promise.all([log.close(), twin.close()])
      assert.deepEqual(
        recordsFrom(open({ disk, config, shutdown: 'clean' })),
        recordsFrom(open({ disk: twinDisk, config, shutdown: 'clean' }))
      )
    })
  )
})
