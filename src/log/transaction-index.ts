/**
 * The transactions of a segment that were aborted: what a reader of committed records has to leave out.
 * An entry is version int16 (0), producer id, first offset, last offset, last stable offset (int64 each); Kafka: AbortedTxn.
 */
import type { Disk } from '../host/disk.ts'
import { IndexFile } from './index-file.ts'

const entryBytes = 34

export interface AbortedEntry {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly lastStableOffset: number
}

export class TransactionIndex {
  readonly #file: IndexFile

  constructor(disk: Disk, path: string) {
    this.#file = new IndexFile(disk, path, entryBytes)
  }

  get file(): IndexFile {
    return this.#file
  }

  append(entry: AbortedEntry): void {
    const bytes = Buffer.alloc(entryBytes)
    bytes.writeBigInt64BE(BigInt(entry.producerId), 2)
    bytes.writeBigInt64BE(BigInt(entry.firstOffset), 10)
    bytes.writeBigInt64BE(BigInt(entry.lastOffset), 18)
    bytes.writeBigInt64BE(BigInt(entry.lastStableOffset), 26)
    this.#file.append(bytes)
  }

  *entries(): Iterable<AbortedEntry> {
    for (const entry of this.#file.all()) yield decode(entry)
  }

  /** Keeps the transactions that ended below the offset, as far as the entries make sense: behind them may be anything. */
  keepBelow(offset: number): void {
    let lastOffset = -1
    let count = 0
    for (const entry of this.entries()) {
      if (entry.lastOffset >= offset || entry.lastOffset <= lastOffset || entry.firstOffset >= entry.lastOffset) break
      lastOffset = entry.lastOffset
      count += 1
    }
    this.#file.keep(count)
  }

  /** Whether every entry can be one of a segment with these offsets. */
  liesWithin(baseOffset: number, endOffset: number): boolean {
    let before = baseOffset - 1
    for (const { firstOffset, lastOffset } of this.entries()) {
      if (lastOffset <= before || lastOffset >= endOffset || firstOffset < 0 || firstOffset >= lastOffset) return false
      before = lastOffset
    }
    return true
  }

  cutFrom(offset: number): void {
    this.#file.cut((entry) => decode(entry).lastOffset >= offset)
  }
}

function decode(entry: Buffer): AbortedEntry {
  return {
    producerId: Number(entry.readBigInt64BE(2)),
    firstOffset: Number(entry.readBigInt64BE(10)),
    lastOffset: Number(entry.readBigInt64BE(18)),
    lastStableOffset: Number(entry.readBigInt64BE(26))
  }
}
