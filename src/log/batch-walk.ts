/**
 * Walking over the batches of a file of records, from one to the next. A walk yields batches as long as each continues the one
 * before (`continuity.ts`), and gives what stands in its way; null when it came to the end of the file.
 */
import type { ReadMemory } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { type BatchHeader, batchHeaderBytes, lastOffsetOf, readBatchHeader } from '../protocol/records/batch.ts'
import { objectionToBatchAt, type Surroundings } from './continuity.ts'

/** A batch in its place. */
export interface PlacedBatch {
  readonly header: BatchHeader
  readonly position: number
}

export interface WholeBatch extends PlacedBatch {
  readonly bytes: Buffer
}

/** Where a walk begins: at the first byte of a batch. */
export interface WalkStart {
  readonly position: number
  /** Of the batch that begins there; `anyOffset` when it is not known. */
  readonly nextOffset: number
}

export interface Obstacle {
  readonly position: number
  readonly what: string
}

export interface WalkedFile extends Surroundings {
  /** What is in the file. */
  readonly writtenBytes: number
  read(position: number, lengthBytes: number, memory?: ReadMemory): Buffer
}

/** The headers only. One read of the file serves many. */
export function* walkHeaders(file: WalkedFile, start: WalkStart): Generator<PlacedBatch, Obstacle | null> {
  let window: Buffer = Buffer.alloc(0)
  let windowStart = 0
  let { position: at, nextOffset } = start
  for (; at < file.writtenBytes; ) {
    if (at < windowStart || at + batchHeaderBytes > windowStart + window.length) {
      window = file.read(at, limits.headerScanBytes)
      windowStart = at
    }
    const objection = objectionToBatchAt(window, at - windowStart, file.writtenBytes - at, nextOffset, file)
    if (objection !== null) return { position: at, what: objection }
    const header = readBatchHeader(window, at - windowStart)
    yield { header, position: at }
    nextOffset = lastOffsetOf(header) + 1
    at += header.sizeBytes
  }
  return null
}

/** The same with their bytes, many at a time: for who has to look at all of them. The bytes are good until the next. */
export function* walkBatches(file: WalkedFile, start: WalkStart): Generator<WholeBatch, Obstacle | null> {
  const memory = memoryUsedAgain()
  let window: Buffer = Buffer.alloc(0)
  let windowStart = 0
  let { position: at, nextOffset } = start
  for (; at < file.writtenBytes; ) {
    if (at < windowStart || at + batchHeaderBytes > windowStart + window.length) {
      window = file.read(at, limits.recoveryReadBytes, memory)
      windowStart = at
    }
    const objection = objectionToBatchAt(window, at - windowStart, file.writtenBytes - at, nextOffset, file)
    if (objection !== null) return { position: at, what: objection }
    const header = readBatchHeader(window, at - windowStart)
    if (at + header.sizeBytes > windowStart + window.length) {
      window = file.read(at, Math.max(header.sizeBytes, limits.recoveryReadBytes), memory)
      windowStart = at
    }
    const begin = at - windowStart
    yield { header, position: at, bytes: window.subarray(begin, begin + header.sizeBytes) }
    nextOffset = lastOffsetOf(header) + 1
    at += header.sizeBytes
  }
  return null
}

function memoryUsedAgain(): ReadMemory {
  let space: Buffer = Buffer.alloc(0)
  return {
    take(sizeBytes) {
      if (space.length < sizeBytes) space = Buffer.allocUnsafeSlow(sizeBytes)
      return space.subarray(0, sizeBytes)
    }
  }
}
