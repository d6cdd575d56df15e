/**
 * Room that is kept for making room: a file `.reserve` that holds nothing. On a full disk a broker could not even take its
 * lock, write that a topic is deleted, or where a log begins from now on; so the file is removed for that, and made again
 * before anybody else can use the room. Apache Kafka passes it over: it looks at directories only (LogManager.loadLogs).
 */
import type { Chance } from '../host/chance.ts'
import { attempt, type Disk, DiskError, type DiskFile } from '../host/disk.ts'
import { limits } from '../limits.ts'

const file = '.reserve'

/** What file systems give out at least. */
const blockBytes = 4096

/** True when the error was a full disk that has some room now: what met it is worth another try. */
export function giveUpReserveAt(error: unknown, disk: Disk): boolean {
  if (!(error instanceof DiskError) || error.problem !== 'full' || !disk.exists(file)) return false
  disk.remove(file)
  return true
}

export class Reserve {
  readonly #disk: Disk
  readonly #chance: Chance

  constructor(disk: Disk, chance: Chance) {
    this.#disk = disk
    this.#chance = chance
  }

  /** Does what makes room, a second time without the reserve when the disk is full: `work` has changed nothing then. */
  spend<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (!giveUpReserveAt(error, this.#disk)) throw error
    }
    try {
      return work()
    } finally {
      this.keep()
    }
  }

  /** The same, of work that ends later. */
  async spendSoon(work: () => Promise<void>): Promise<void> {
    try {
      return await work()
    } catch (error) {
      if (!giveUpReserveAt(error, this.#disk)) throw error
    }
    try {
      return await work()
    } finally {
      this.keep()
    }
  }

  /** Before a start or a stop, which write in many places: gives the reserve up when the disk has no more than that. */
  giveUpIfShort(): void {
    const space = this.#disk.space()
    if (space !== null && space.freeBytes < limits.reserveBytes) this.#disk.remove(file)
  }

  /** Makes it, or as much of it as there is room for. Nothing rests on it, so that a disk that refuses is asked again later. */
  keep(): void {
    if (this.#disk.isPersistent) attempt(() => this.#fill())
  }

  #fill(): void {
    if (this.#disk.sizeOf(file) === limits.reserveBytes) return
    const reserve = this.#disk.open(file, 'create')
    try {
      for (let pieceBytes = limits.reserveBytes; pieceBytes >= blockBytes; ) {
        const missingBytes = limits.reserveBytes - reserve.sizeBytes
        if (missingBytes <= 0) return
        if (!this.#append(reserve, Math.min(pieceBytes, missingBytes))) pieceBytes /= 2
      }
    } finally {
      reserve.close()
    }
  }

  /** False when there is no room for that. Random bytes: of others some file systems keep less than was written. */
  #append(reserve: DiskFile, sizeBytes: number): boolean {
    try {
      reserve.append([this.#chance.bytes(sizeBytes)])
      return true
    } catch (error) {
      if (error instanceof DiskError && error.problem === 'full') return false
      throw error
    }
  }
}
