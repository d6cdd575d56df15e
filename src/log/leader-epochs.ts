/**
 * Where each leader epoch begins in the log (KIP-101; Kafka: LeaderEpochFileCache). Epochs and their start offsets only
 * grow. The file is text: version 0, the count, then 'epoch startOffset' for each.
 *
 * What changes here changes in memory, and is written later: nobody waits for the disk in the midst of an append. Until then the batches
 * tell their epochs themselves (`epoch-check.ts`); nothing is acknowledged before it was written.
 */
import { type Disk, DiskError } from '../host/disk.ts'
import { replaceFileSoon, writeNewFile } from '../host/new-file.ts'

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
  #starts: readonly EpochStart[]
  /** What the file says, or will once it was synced with the other files of a new log. */
  #saved: readonly EpochStart[]
  #saving: Promise<void> | null = null
  #hasEnded = false

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#path = `${directory}/${leaderEpochFile}`
    this.#starts = readLeaderEpochs(disk, directory) ?? []
    this.#saved = this.#starts
  }

  /** Whether the file says what is known. */
  get isSaved(): boolean {
    return this.#saved === this.#starts
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

  /** Says what the batches say. */
  replace(starts: readonly EpochStart[]): void {
    this.#starts = starts
  }

  /**
   * A batch of this epoch begins here; an epoch that is known already changes nothing. Throws DiskError where it is the first one of a
   * new log: there is no record yet whose epoch could be forgotten, and the first sync takes the file along.
   */
  assign(epoch: number, startOffset: number): void {
    if (epoch <= this.latest) return
    const isFirst = this.#saved.length === 0 && startOffset === 0 && this.#saving === null
    const starts = [...this.#starts.filter((start) => start.startOffset < startOffset), { epoch, startOffset }]
    if (isFirst) this.#write(starts)
    this.#starts = starts
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
      this.#starts = this.#starts.filter((start) => start.startOffset < offset)
    }
  }

  /** The log begins later: of the epochs before, only the one it now begins with is kept, from there on. */
  cutBefore(offset: number): void {
    const starts = startsFrom(this.#starts, offset)
    if (starts[0]?.startOffset !== this.#starts[0]?.startOffset) this.#starts = starts
  }

  /**
   * Resolves when what is known now survives a power cut. Throws DiskError at once when the disk does not take it, and rejects with one
   * later: the file is as it was, or says it already.
   */
  save(): Promise<void> {
    if (this.isSaved) return Promise.resolve()
    return this.#writing(this.#starts).then(() => this.save())
  }

  /** The same, which only rejects. */
  async saveSoon(): Promise<void> {
    await this.save()
  }

  /**
   * Writes what will be known once the log is cut at the offset, which is about to happen: a crash before leaves batches of epochs that
   * the file does not tell, and those tell it themselves.
   */
  async saveCutFrom(offset: number): Promise<void> {
    while (this.#saving !== null) await this.#saving.catch(() => {})
    await this.#writing(this.#starts.filter((start) => start.startOffset < offset))
  }

  /** The same before it returns: for a start. */
  saveNow(): void {
    if (this.isSaved) return
    this.#disk.replaceFile(this.#path, encode(this.#starts))
    this.#saved = this.#starts
  }

  /** The log was closed or deleted: nothing is written from now on. */
  end(): void {
    this.#hasEnded = true
  }

  /** The writing that is under way, or else that of these. */
  #writing(starts: readonly EpochStart[]): Promise<void> {
    if (this.#hasEnded) throw new DiskError('not-found', this.#path, `${this.#path} is not written any more.`)
    if (this.#saving !== null) return this.#saving
    const written = replaceFileSoon(this.#disk, this.#path, encode(starts), () => !this.#hasEnded)
    const saving = written.then(
      () => {
        this.#saved = starts
        this.#saving = null
      },
      (error) => {
        this.#saving = null
        throw error
      }
    )
    this.#saving = saving
    return saving
  }

  #write(starts: readonly EpochStart[]): void {
    writeNewFile(this.#disk, this.#path, encode(starts))
    this.#saved = starts
  }
}

function encode(starts: readonly EpochStart[]): Buffer {
  const lines = [
    fileVersion,
    String(starts.length),
    ...starts.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`)
  ]
  return Buffer.from(`${lines.join('\n')}\n`)
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

/** Null when it is not what was written. Kafka makes the file before it knows of an epoch (CheckpointFile): it is empty until then. */
function parse(text: string): EpochStart[] | null {
  if (text === '') return []
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
