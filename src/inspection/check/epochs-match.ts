/** Whether `leader-epoch-checkpoint` tells the epochs that the batches have, which carry their epoch themselves (KIP-101). */
import type { PlacedBatch } from '../../log/batch-walk.ts'
import type { EpochStart } from '../../log/leader-epochs.ts'

export class EpochsMatch {
  readonly #starts: readonly EpochStart[]
  #latest = -1
  #problem: string | null = null

  constructor(starts: readonly EpochStart[]) {
    this.#starts = starts
  }

  /** Says when no leader can have written the batch: one of an older epoch never comes after one of a newer. */
  take({ header }: Pick<PlacedBatch, 'header'>): string | null {
    const { partitionLeaderEpoch: epoch, baseOffset } = header
    const before = this.#latest
    this.#latest = Math.max(before, epoch)
    if (epoch < before) return `A batch of the leader epoch ${epoch} stands behind one of ${before}.`
    const known = this.#starts.findLast(({ startOffset }) => startOffset <= baseOffset)?.epoch
    // Before the first that is told, a batch may be of any epoch up to it.
    const isTold = known === undefined ? epoch <= (this.#starts[0]?.epoch ?? -1) : epoch === known
    if (!isTold)
      this.#problem ??= `The batch at offset ${baseOffset} is of leader epoch ${epoch}, and it tells ${known ?? 'none'} there.`
    return null
  }

  end(logEndOffset: number): string | null {
    const [beyond] = this.#starts.filter(({ startOffset }) => startOffset > logEndOffset)
    if (beyond !== undefined) {
      this.#problem ??= `It has leader epoch ${beyond.epoch} begin at offset ${beyond.startOffset}, and the log ends at ${logEndOffset}.`
    }
    const isGrowing = this.#starts.every(({ epoch, startOffset }, index) => {
      const before = this.#starts[index - 1]
      return before === undefined || (epoch > before.epoch && startOffset > before.startOffset)
    })
    if (!isGrowing) this.#problem ??= 'Its epochs do not grow.'
    return this.#problem
  }
}
