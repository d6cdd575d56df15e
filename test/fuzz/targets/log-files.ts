/**
 * The files of a log: one of them is replaced by an input, and the log is opened. It is refused with what is wrong, or read from
 * beginning to end. The first byte of an input chooses the file, the second how the log was stopped.
 */
import assert from 'node:assert/strict'
import { DiskError } from '../../../src/host/disk.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { readOffsetCheckpoint, writeOffsetCheckpoint } from '../../../src/log/offset-checkpoint.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { append, batchOf, directory, endTransaction, open, startMs } from '../../log/setup.ts'
import type { Target } from '../target.ts'

const checkpoint = 'recovery-point-offset-checkpoint'
const producer = { producerId: 7, producerEpoch: 0 }
/** What each file is by itself, and where the log was safe up to. */
interface Stopped {
  readonly files: ReadonlyMap<string, Buffer>
  readonly recoveryPoint: number
}

let stopped: Stopped | null = null

async function stoppedLog(): Promise<Stopped> {
  const disk = new MemoryDisk()
  const clock = new ManualClock(startMs)
  const log = open({ disk, clock })
  for (let sequence = 0; sequence < 12; sequence++) {
    append(log, batchOf(['some', 'more', 'records'], {}, startMs + sequence * 1000))
    append(log, batchOf(['in a transaction'], { ...producer, baseSequence: sequence, isTransactional: true }))
    if (sequence % 4 === 3) endTransaction(log, producer, sequence === 7 ? 'abort' : 'commit')
  }
  await log.close()
  await writeOffsetCheckpoint(disk, checkpoint, new Map([[directory, log.recoveryPoint]]), () => true)
  const paths = [checkpoint, ...disk.list(directory).map((name) => `${directory}/${name}`)]
  return { files: new Map(paths.map((path) => [path, disk.readFile(path)])), recoveryPoint: log.recoveryPoint }
}

export const logFiles: Target = {
  name: 'log-files',
  share: 0.1,

  async seeds() {
    const { files } = await known()
    return [...files.values()].flatMap((bytes, index) =>
      [0, 1].map((stop) => Buffer.concat([Buffer.from([index, stop]), bytes]))
    )
  },

  async reset() {
    await known()
  },

  run(input) {
    if (stopped === null || input.length < 2) return
    const paths = [...stopped.files.keys()]
    const replaced = paths[input.readUInt8(0) % paths.length] ?? checkpoint
    const disk = new MemoryDisk()
    disk.createDirectory(directory)
    for (const [path, bytes] of stopped.files) disk.replaceFile(path, path === replaced ? input.subarray(2) : bytes)
    try {
      readOffsetCheckpoint(disk, checkpoint)
      const shutdown = (input.readUInt8(1) & 1) === 0 ? 'clean' : 'unclean'
      readWhole(open({ disk, clock: new ManualClock(startMs), shutdown, recoveryPoint: stopped.recoveryPoint }))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }
}

async function known(): Promise<Stopped> {
  stopped ??= await stoppedLog()
  return stopped
}

function readWhole(log: PartitionLog): void {
  try {
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const read = log.read(offset, { maxBytes: 1000, upTo: log.logEndOffset, atLeastOneBatch: 'yes' })
      assert.ok(!('error' in read) && read.nextOffset > offset, 'a read makes progress')
      offset = read.nextOffset
    }
    log.offsetForTimestamp(startMs + 3000)
    log.maxTimestamp()
    append(log, batchOf(['one more']))
  } finally {
    log.abandon()
  }
}
