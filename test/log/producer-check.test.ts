/** A snapshot of producers that is whole, and tells of something else than the log it lies in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { encodeProducerSnapshot } from '../../src/log/producer-snapshot.ts'
import type { ProducerEntry } from '../../src/log/producer-state.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { crc32c } from '../../src/protocol/records/crc32c.ts'
import { append, batchOf, directory, open, startMs } from './setup.ts'

const path = `${directory}/00000000000000000006.snapshot`

function entry(producerId: number, lastOffset: number, more: Partial<ProducerEntry> = {}): ProducerEntry {
  const batch = { firstSequence: 4, lastSequence: 5, firstOffset: lastOffset - 1, lastOffset, timestampMs: startMs }
  const rest = { coordinatorEpoch: -1, lastTimestampMs: startMs, transactionStartOffset: -1 }
  return { producerId, producerEpoch: 0, batches: [batch], ...rest, ...more }
}

const others: Readonly<Record<string, readonly ProducerEntry[]>> = {
  'no producer': [],
  'another producer': [entry(8, 5)],
  'another producer beside the right one': [entry(8, 3), entry(7, 1)],
  'a batch beyond its offset': [entry(7, 5), entry(8, 9)],
  'a transaction beyond its offset': [entry(7, 5, { transactionStartOffset: 6 })],
  'another place of the last batch': [entry(7, 4)],
  'another epoch': [entry(7, 5, { producerEpoch: 3 })]
}

/** Bytes that are no snapshot, though their checksum is right: found by the fuzzer. */
const unreadable: Readonly<Record<string, Buffer>> = {
  'a list that is null': Buffer.from([0xff, 0xff, 0xff, 0xff]),
  'more producers than it holds': Buffer.from([0, 0, 0, 9]),
  'half a producer': Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.alloc(40)]),
  'nothing, not even a count': Buffer.alloc(0)
}

const snapshots = [
  ...Object.entries(others).map(([what, entries]) => [what, encodeProducerSnapshot(entries)] as const),
  ...Object.entries(unreadable).map(([what, content]) => [what, checksummed(content)] as const)
]

function checksummed(content: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 0]), content])
  bytes.writeUInt32BE(crc32c(bytes, 6), 2)
  return bytes
}

for (const [what, snapshot] of snapshots) {
  test(`a snapshot of producers that tells of ${what} is told of, and the log is read instead`, async () => {
    const disk = await diskWithLog()
    disk.replaceFile(path, snapshot)
    const lines: string[] = []
    const log = reopen(disk, (line) => lines.push(line))
    assert.equal(lines.length, 1, String(lines))
    assert.ok(lines[0]?.includes(`${path} is damaged: `), lines[0])
    const again = append(log, batchOf(['e', 'f'], { producerId: 7, producerEpoch: 0, baseSequence: 4 }))
    assert.ok(again.ok && again.isDuplicate && again.firstOffset === 4, 'a retry is known')
    const gap = append(log, batchOf(['i'], { producerId: 7, producerEpoch: 0, baseSequence: 8 }))
    assert.ok(!gap.ok && gap.error === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    await log.close()
    await reopen(disk, assert.fail).close()
  })
}

test('a snapshot of producers that tells of another producer is told of, also where none has written last', async () => {
  const disk = await diskWithLog()
  const log = reopen(disk, assert.fail)
  append(log, batchOf(['g']))
  await log.close()
  disk.replaceFile(`${directory}/00000000000000000007.snapshot`, encodeProducerSnapshot([entry(8, 5)]))
  const lines: string[] = []
  const after = reopen(disk, (line) => lines.push(line), 7)
  assert.match(lines.join('\n'), /00000000000000000007\.snapshot is damaged: /)
  assert.deepEqual(
    after.activeProducers().map(({ producerId }) => producerId),
    [7]
  )
})

test('producers that were forgotten because they were silent are not missed', async () => {
  const disk = await diskWithLog()
  disk.replaceFile(path, encodeProducerSnapshot([]))
  const clock = new ManualClock(startMs + 25 * 60 * 60 * 1000)
  const log = open({ disk, clock, shutdown: 'clean', recoveryPoint: 6, report: assert.fail })
  await log.close()
})

test('a snapshot of producers behind the end of an older copy of the log is not taken for what is written there later', async () => {
  const disk = new MemoryDisk()
  const log = open({ disk, clock: new ManualClock(startMs) })
  append(log, batchOf(['a', 'b', 'c', 'd']))
  await log.close()
  const copy = disk
    .list(directory)
    .map((name) => [`${directory}/${name}`, disk.readFile(`${directory}/${name}`)] as const)
  const next = reopen(disk, assert.fail, 4)
  append(next, batchOf(['e', 'f'], { producerId: 7, producerEpoch: 0, baseSequence: 4 }))
  await next.close()
  assert.ok(disk.exists(path))
  for (const [name, bytes] of copy) disk.replaceFile(name, bytes)

  // As the advice says, with no checkpoint that knows better.
  const restored = reopen(disk, assert.fail, null)
  append(restored, batchOf(['g', 'h'], { producerId: 8, producerEpoch: 0, baseSequence: 0 }))
  await restored.close()
  const after = reopen(disk, assert.fail)
  assert.deepEqual(
    after.activeProducers().map(({ producerId }) => producerId),
    [8]
  )
})

/** Three batches of one producer, as a clean stop leaves them. */
async function diskWithLog(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const log = open({ disk, clock: new ManualClock(startMs) })
  for (const [index, values] of [
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f']
  ].entries()) {
    assert.ok(append(log, batchOf(values, { producerId: 7, producerEpoch: 0, baseSequence: 2 * index })).ok)
  }
  await log.close()
  assert.ok(disk.exists(path))
  return disk
}

function reopen(disk: MemoryDisk, report: (line: string) => void, recoveryPoint: number | null = 6) {
  return open({
    disk,
    clock: new ManualClock(startMs),
    shutdown: 'clean',
    report,
    ...(recoveryPoint === null ? {} : { recoveryPoint })
  })
}
