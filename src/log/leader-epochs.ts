/**
 * Where each leader epoch begins in the log (KIP-101; Kafka: LeaderEpochFileCache). Epochs and their start offsets only
 * grow. The file is text: version 0, the count, then 'epoch startOffset' for each.
 */
import type { Disk } from '../host/disk.ts'
import { writeNewFile } from '../host/new-file.ts'

const fileVersion = '0'
export const leaderEpochFile = 'leader-epoch-checkpoint'

export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

export interface EpochEnd {
  readonly leaderEpoch: number
  readonly endOffset: number
}

const unknown: EpochEnd = { leaderEpoch: -1, endOffset: -1 }

export class LeaderEpochs {
  readonly #disk: Disk
  readonly #path: string
  #starts: EpochStart[]

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#path = `${directory}/${leaderEpochFile}`
    this.#starts = readLeaderEpochs(disk, directory) ?? []
  }

  /** -1 when nothing is known. */
  get latest(): number {
    return this.#starts.at(-1)?.epoch ?? -1
  }

  /** Where the first known epoch begins; null when none is known. */
  get first(): number | null {
    return this.#starts[0]?.startOffset ?? null
  }

  get starts(): readonly EpochStart[] {
    return this.#starts
  }

  /** Says what the batches say. Throws DiskError. */
  replace(starts: readonly EpochStart[]): void {
    this.#set([...starts])
  }

  /** A batch of this epoch begins here; an epoch that is known already changes nothing. */
  assign(epoch: number, startOffset: number): void {
    if (epoch <= this.latest) return
    this.#set([...this.#starts.filter((start) => start.startOffset < startOffset), { epoch, startOffset }])
  }

  /** The epoch that the record at this offset was written in; -1 when that is not known. */
  epochOf(offset: number): number {
    return this.#starts.findLast((start) => start.startOffset <= offset)?.epoch ?? -1
  }

  /**
   * Whether a batch at this offset can be of this epoch: of the one that began last. Before the first that is known it may be
   * any up to that one, and none (-1): batches are older than epochs are.
   */
  admits(epoch: number, offset: number): boolean {
    const known = this.epochOf(offset)
    return known >= 0 ? epoch === known : epoch >= -1 && epoch <= (this.#starts[0]?.epoch ?? -1)
  }

  /** The largest known epoch up to the one asked for, and where it ends (LeaderEpochFileCache.endOffsetFor). */
  endOf(epoch: number, logEndOffset: number): EpochEnd {
    if (epoch < 0 || epoch > this.latest) return unknown
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const next = this.#starts.find((start) => start.epoch > epoch)
    const floor = this.#starts.findLast((start) => start.epoch <= epoch)
    return { leaderEpoch: floor?.epoch ?? epoch, endOffset: next?.startOffset ?? logEndOffset }
  }

  /** The log was cut: epochs that began at or beyond the offset never were. */
  cutFrom(offset: number): void {
    if (this.#starts.some((start) => start.startOffset >= offset)) {
      this.#set(this.#starts.filter((start) => start.startOffset < offset))
    }
  }

  /** The log begins later: of the epochs before, only the one it now begins with is kept, from there on. */
  cutBefore(offset: number): void {
    const starts = startsFrom(this.#starts, offset)
    if (starts[0]?.startOffset !== this.#starts[0]?.startOffset) this.#set(starts)
  }

  #set(starts: EpochStart[]): void {
    const lines = [
      fileVersion,
      String(starts.length),
      ...starts.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`)
    ]
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    // The first epoch of a new log: there is no record yet whose epoch could be forgotten.
    if (this.#starts.length === 0 && starts.every(({ startOffset }) => startOffset === 0)) {
      writeNewFile(this.#disk, this.#path, bytes)
    } else {
      this.#disk.replaceFile(this.#path, bytes)
    }
    this.#starts = starts
  }
}

/** Null when there is no such file, or when it is not what was written: a power cut may have torn it. */
export function readLeaderEpochs(disk: Pick<Disk, 'exists' | 'readFile'>, directory: string): EpochStart[] | null {
  const path = `${directory}/${leaderEpochFile}`
  return disk.exists(path) ? parse(disk.readFile(path).toString('utf8')) : null
}

/** Of a log that begins here: of the epochs before, only the one it begins with is kept, from there on. */
export function startsFrom(starts: readonly EpochStart[], offset: number): EpochStart[] {
  const before = starts.findLast((start) => start.startOffset <= offset)
  const kept = starts.filter((start) => start.startOffset > offset)
  return before === undefined ? kept : [{ epoch: before.epoch, startOffset: offset }, ...kept]
}

/** Null when it is not what was written. */
function parse(text: string): EpochStart[] | null {
  const [version, count, ...lines] = text.replace(/\n$/, '').split('\n')
  if (version !== fileVersion || count !== String(lines.length)) return null
  const starts: EpochStart[] = []
  for (const line of lines) {
    const [, epoch, startOffset] = (/^(\d+) (\d+)$/.exec(line) ?? []).map(Number)
    if (epoch === undefined || startOffset === undefined || !Number.isSafeInteger(startOffset)) return null
    starts.push({ epoch, startOffset })
  }
  return starts
}
