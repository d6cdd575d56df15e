/**
 * Writes down how far the logs of this broker are safe and where they begin (its checkpoints). On a full disk as well: what makes room may
 * not wait for room. Who waits for it hears when it survives a power cut; where nobody does, the disk's refusal is told and it is tried again.
 */
import type { Checkpoints } from './checkpoints.ts'
import type { DataDirectory } from './data-directory.ts'
import type { Telling } from './telling.ts'

interface Saved {
  readonly checkpoints: Checkpoints
  readonly directory: DataDirectory
  readonly telling: Telling
  /** How far the log is safe that holds what the cluster knows; 0 where it is kept elsewhere. */
  readonly metadataPoint: () => number
}

export class Saving {
  readonly #of: Saved
  /** What the checkpoint says of the metadata log at least. */
  #savedMetadataPoint = 0

  constructor(of: Saved) {
    this.#of = of
  }

  /** Resolves when they survive a power cut. Rejects with DiskError. */
  logStartOffsets(): Promise<void> {
    const { checkpoints, directory, telling } = this.#of
    const save = (): Promise<void> => checkpoints.save('log-start-offset-checkpoint')
    return telling.beside('log start offsets', () => directory.reserve.spendSoon(save))
  }

  /** Resolves when they survive a power cut. Rejects with DiskError. */
  recoveryPoints(): Promise<void> {
    return this.#of.checkpoints.save('recovery-point-offset-checkpoint')
  }

  /** Resolves when all of them survive a power cut. Rejects with DiskError. */
  all(): Promise<void> {
    return this.#of.directory.reserve.spendSoon(() => this.#of.checkpoints.saveAll())
  }

  /** The same; a refusal of the disk is told. */
  allTold(): Promise<void> {
    return this.#of.telling.beside('checkpoints', () => this.all())
  }

  logStartOffsetsSoon(): void {
    this.#of.telling.attemptSoon('log start offsets', () => this.logStartOffsets())
  }

  /** Without them a start does. */
  recoveryPointsIfRoom(): void {
    this.#of.telling.attemptSoon('recovery points', () => this.recoveryPoints())
  }

  /**
   * The same where the metadata log has grown: it grows seldom and little, so that nothing else has its recovery point written, and one
   * that is cut on the border of a batch looks whole.
   */
  metadataPointIfRoom(): void {
    const point = this.#of.metadataPoint()
    if (point <= this.#savedMetadataPoint) return
    this.#of.telling.attemptSoon('recovery points', async () => {
      await this.recoveryPoints()
      this.#savedMetadataPoint = point
    })
  }

  /** After a recovery: without them the next start recovers again. On a full disk all can be read and made smaller. */
  allIfRoom(): void {
    this.#of.telling.attemptSoon('checkpoints', () => this.#of.checkpoints.saveAll())
  }

  /** Names are let go of, and may be taken again. */
  allSoon(): void {
    this.#of.telling.attemptSoon('checkpoints', () => this.all())
  }
}
