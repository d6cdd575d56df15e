/**
 * Where each leader epoch begins in the log (KIP-101; Kafka: LeaderEpochFileCache). Epochs and their start offsets only
 * grow. The file is text: version 0, the count, then 'epoch startOffset' for each.
 */
import type { Disk } from '../host/disk.ts'
import { writeNewFile } from './new-file.ts'

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
    this.#starts = disk.exists(this.#path) ? parse(disk.readFile(this.#path).toString('utf8')) : []
  }

  /** -1 when nothing is known. */
  get latest(): number {
    return this.#starts.at(-1)?.epoch ?? -1
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
    const epoch = this.epochOf(offset)
    const kept = this.#starts.filter((start) => start.startOffset > offset)
    if (epoch < 0 || this.#starts.length - kept.length === 0) return
    const first = { epoch, startOffset: offset }
    if (this.#starts[0]?.startOffset !== offset) this.#set([first, ...kept])
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

function parse(text: string): EpochStart[] {
  const [version, count, ...lines] = text.split('\n')
  if (version !== fileVersion) return []
  const starts: EpochStart[] = []
  for (const line of lines) {
    const [epoch, startOffset] = line.split(' ').map(Number)
    if (epoch !== undefined && startOffset !== undefined && Number.isSafeInteger(startOffset))
      starts.push({ epoch, startOffset })
  }
  // A file that a power cut tore says nothing that can be trusted.
  return starts.length === Number(count) ? starts : []
}
