/**
 * The entries of index files as they lie in bytes (Kafka: OffsetIndex, TimeIndex, TransactionIndex). Kafka makes the first two as
 * large as they may become and cuts them when they are closed: what is not used yet is zeros.
 */

export interface IndexEntries<Entry> {
  readonly entries: readonly Entry[]
  /** Bytes behind them that are zeros. */
  readonly unusedBytes: number
  /** Bytes at the end that are less than an entry. */
  readonly excessBytes: number
}

export interface OffsetEntry {
  readonly offset: number
  readonly position: number
}

export interface TimeEntry {
  readonly timestamp: number
  readonly offset: number
}

export interface AbortedTransactionEntry {
  readonly version: number
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly lastStableOffset: number
}

const offsetEntryBytes = 8
const timeEntryBytes = 12
const abortedEntryBytes = 34

export function readOffsetIndex(bytes: Buffer, baseOffset: number): IndexEntries<OffsetEntry> {
  return readEntries(bytes, offsetEntryBytes, (at) => ({
    offset: baseOffset + bytes.readInt32BE(at),
    position: bytes.readInt32BE(at + 4)
  }))
}

export function readTimeIndex(bytes: Buffer, baseOffset: number): IndexEntries<TimeEntry> {
  return readEntries(bytes, timeEntryBytes, (at) => ({
    timestamp: Number(bytes.readBigInt64BE(at)),
    offset: baseOffset + bytes.readInt32BE(at + 8)
  }))
}

export function readTransactionIndex(bytes: Buffer): IndexEntries<AbortedTransactionEntry> {
  return readEntries(bytes, abortedEntryBytes, (at) => ({
    version: bytes.readInt16BE(at),
    producerId: Number(bytes.readBigInt64BE(at + 2)),
    firstOffset: Number(bytes.readBigInt64BE(at + 10)),
    lastOffset: Number(bytes.readBigInt64BE(at + 18)),
    lastStableOffset: Number(bytes.readBigInt64BE(at + 26))
  }))
}

function readEntries<Entry>(bytes: Buffer, entryBytes: number, decode: (at: number) => Entry): IndexEntries<Entry> {
  const excessBytes = bytes.length % entryBytes
  let usedBytes = bytes.length - excessBytes
  while (usedBytes > 0 && isZero(bytes, usedBytes - entryBytes, entryBytes)) usedBytes -= entryBytes
  const entries: Entry[] = []
  for (let at = 0; at < usedBytes; at += entryBytes) entries.push(decode(at))
  return { entries, unusedBytes: bytes.length - excessBytes - usedBytes, excessBytes }
}

function isZero(bytes: Buffer, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++) if (bytes[at] !== 0) return false
  return true
}
