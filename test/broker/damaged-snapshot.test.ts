/**
 * A snapshot of the metadata is the only copy of what it stands for, once the log before it is gone: one that is not as it was written
 * refuses the start, which says where and what to do, and touches nothing but what is made anew from the log.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { DamagedSnapshot, newestSnapshot, readSnapshot } from '../../src/coordination/metadata/snapshot.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { DamageError } from '../../src/log/damage.ts'
import { batchSizeAt, readBatchHeader } from '../../src/protocol/records/batch.ts'
import { raftControlBatch } from '../../src/protocol/records/raft-control-records.ts'
import { createTopic } from './apis/records-setup.ts'
import { startBroker } from './apis/setup.ts'

const directory = '__cluster_metadata-0'
const restless = { 'metadata.log.max.record.bytes.between.snapshots': '600', 'metadata.max.retention.bytes': '1' }

/** Beside the log, from its records, whatever comes of the start. */
const madeAnew = /^__cluster_metadata-0\/\d{20}\.(index|timeindex|snapshot)$/

interface Trimmed {
  readonly disk: MemoryDisk
  readonly path: string
  readonly bytes: Buffer
}

async function trimmed(): Promise<Trimmed> {
  const disk = new MemoryDisk()
  const broker = await startBroker(restless, disk)
  for (let index = 0; index < 6; index += 1) await createTopic(broker, `t${index}`)
  for (let turn = 0; turn < 1000; turn += 1) {
    await setImmediate()
    if (newestSnapshot(disk.list(directory)) !== null) break
  }
  await broker.stop()
  const found = newestSnapshot(disk.list(directory))
  assert.ok(found !== null, 'a snapshot was written')
  const path = `${directory}/${found.name}`
  return { disk, path, bytes: disk.readFile(path) }
}

function filesOf(disk: MemoryDisk): Map<string, string> {
  return new Map(entriesOf(disk, ''))
}

function entriesOf(disk: MemoryDisk, under: string): [string, string][] {
  return disk.list(under).flatMap((name): [string, string][] => {
    const path = under === '' ? name : `${under}/${name}`
    return disk.sizeOf(path) === null ? entriesOf(disk, path) : [[path, disk.readFile(path).toString('hex')]]
  })
}

async function assertRefused(disk: MemoryDisk, path: string, position: number | null): Promise<void> {
  const before = filesOf(disk)
  await assert.rejects(startBroker({}, disk), (error) => {
    assert.ok(error instanceof DamageError, String(error))
    const at = position === null ? '\\d+' : String(position)
    assert.match(error.message, new RegExp(`/${path} is damaged at byte ${at}: It is no whole snapshot: .+\\.`))
    assert.match(error.message, /Nothing was changed\. Restore the file from a backup;/)
    return true
  })
  const after = filesOf(disk)
  const touched = [...before.keys(), ...after.keys()].filter((file) => before.get(file) !== after.get(file))
  assert.deepEqual(
    touched.filter((file) => !madeAnew.test(file)),
    []
  )
}

/** Where each batch begins. */
function batchesOf(bytes: Buffer): number[] {
  const starts: number[] = []
  for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) starts.push(at)
  return starts
}

test('whichever bit of it is another, the batch is named that it lies in', async () => {
  const { path, bytes } = await trimmed()
  const id = newestSnapshot([path.slice(directory.length + 1)])
  assert.ok(id !== null)
  const starts = batchesOf(bytes)
  for (let at = 0; at < bytes.length; at += 1) {
    const position = starts.findLast((start) => start <= at)
    for (let bit = 0; bit < 8; bit += 1)
      assert.throws(
        () => readSnapshot(flipped(bytes, at, bit), id),
        (error) => error instanceof DamagedSnapshot && error.position === position,
        `bit ${bit} of byte ${at}`
      )
  }
})

test('the start that meets it says where, and what to do; put back, it says all it said', async () => {
  const { disk, path, bytes } = await trimmed()
  const starts = batchesOf(bytes)
  for (let at = 0; at < bytes.length; at += 59) {
    disk.replaceFile(path, flipped(bytes, at, at % 8))
    await assertRefused(disk, path, starts.findLast((start) => start <= at) ?? 0)
  }
  disk.replaceFile(path, bytes)
  const broker = await startBroker({}, disk)
  assert.equal(broker.image.topicCount, 6)
  await broker.stop()
})

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const damaged = Buffer.from(bytes)
  damaged.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
  return damaged
}

test('one that begins with something else than the header, has no end or goes on behind it, or lacks a batch is refused', async () => {
  const { disk, path, bytes } = await trimmed()
  const [, second = 0, third = 0] = batchesOf(bytes)
  const last = batchesOf(bytes).at(-1) ?? 0
  const { partitionLeaderEpoch, baseOffset } = readBatchHeader(bytes.subarray(last))
  const end = { type: 'snapshotFooter', value: { version: 0 } } as const
  const endAt = (offset: number): Buffer =>
    raftControlBatch({ partitionLeaderEpoch, baseOffset: offset, timestampMs: 0, records: [end] })
  const wrong: readonly (readonly [Buffer, number])[] = [
    [Buffer.alloc(0), 0],
    [endAt(0), 0],
    [bytes.subarray(0, last), last],
    [Buffer.concat([bytes, endAt(baseOffset + 1)]), bytes.length],
    [Buffer.concat([bytes.subarray(0, second), bytes.subarray(third)]), second]
  ]
  for (const [damaged, position] of wrong) {
    disk.replaceFile(path, damaged)
    await assertRefused(disk, path, position)
  }
})

test('one that has the name of another epoch is refused', async () => {
  const { disk, path } = await trimmed()
  const renamed = path.replace(/\d{10}\.checkpoint$/, '0000000077.checkpoint')
  disk.rename(path, renamed)
  await assertRefused(disk, renamed, 0)
})
