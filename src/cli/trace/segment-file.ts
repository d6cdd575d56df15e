/**
 * Where a batch lies in the files of a partition: the segment is found by its name, the place in it through the offset index
 * (when there is one) and from there by walking from header to header, as Kafka's LogSegment does.
 *
 * Segment `00000000000000000042.log` begins at offset 42. Its `.index` holds pairs of four bytes, offset (from 42 on) and
 * position, in ascending order; the index of the segment in use may end in zeros.
 */
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface BatchPlace {
  readonly path: string
  readonly position: number
  readonly sizeBytes: number
  readonly crc: number
}

const headerBytes = 21
/** Offset and length, which `length` does not count. */
const prefixBytes = 12
const smallestBatchBytes = 61
const windowBytes = 64 * 1024
const indexEntryBytes = 8

/** Undefined: no batch in this directory begins at that offset. */
export async function locateBatch(directory: string, firstOffset: bigint): Promise<BatchPlace | undefined> {
  const segment = segmentOf(await readdir(directory), firstOffset)
  if (segment === undefined) return undefined
  const path = join(directory, `${segment}.log`)
  const from = indexedPosition(await indexOf(directory, segment), firstOffset - BigInt(segment))
  const file = await open(path)
  try {
    const found = await walk(file, from, firstOffset)
    const batch = found ?? (from > 0 ? await walk(file, 0, firstOffset) : undefined)
    return batch && { path, ...batch }
  } finally {
    await file.close()
  }
}

/** The name, without its ending, of the segment that would hold this offset. */
export function segmentOf(names: readonly string[], offset: bigint): string | undefined {
  return names
    .filter((name) => /^\d{20}\.log$/.test(name))
    .map((name) => name.slice(0, 20))
    .filter((name) => BigInt(name) <= offset)
    .sort()
    .at(-1)
}

async function indexOf(directory: string, segment: string): Promise<Buffer> {
  try {
    return await readFile(join(directory, `${segment}.index`))
  } catch {
    return Buffer.alloc(0)
  }
}

/** The position of the last entry at or below an offset; 0, the beginning, when there is none. */
export function indexedPosition(index: Buffer, relativeOffset: bigint): number {
  let low = 0
  let high = Math.floor(index.length / indexEntryBytes)
  while (low < high) {
    const middle = (low + high) >> 1
    const position = index.readUInt32BE(middle * indexEntryBytes + 4)
    const isUnused = position === 0
    if (isUnused || BigInt(index.readUInt32BE(middle * indexEntryBytes)) > relativeOffset) high = middle
    else low = middle + 1
  }
  return low === 0 ? 0 : index.readUInt32BE((low - 1) * indexEntryBytes + 4)
}

type Place = Omit<BatchPlace, 'path'>

async function walk(file: FileHandle, from: number, firstOffset: bigint): Promise<Place | undefined> {
  let position = from
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(windowBytes), 0, windowBytes, position)
    const step = walkBytes(buffer.subarray(0, bytesRead), firstOffset)
    if (step.found) return { ...step.found, position: position + step.passed }
    if (step.passed === 0) return undefined
    position += step.passed
  }
}

interface Step {
  /** How many bytes lie before the batch, or before what was not looked at. */
  readonly passed: number
  readonly found?: { readonly sizeBytes: number; readonly crc: number }
}

/** From header to header, as far as they lie in these bytes; passes nothing where there is nothing more to find. */
function walkBytes(bytes: Buffer, firstOffset: bigint): Step {
  let at = 0
  while (at + headerBytes <= bytes.length) {
    const offset = bytes.readBigInt64BE(at)
    const sizeBytes = prefixBytes + bytes.readInt32BE(at + 8)
    if (offset > firstOffset || sizeBytes < smallestBatchBytes) return { passed: 0 }
    if (offset === firstOffset) return { passed: at, found: { sizeBytes, crc: bytes.readUInt32BE(at + 17) } }
    at += sizeBytes
  }
  return { passed: at }
}
