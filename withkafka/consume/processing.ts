/** The ways to deal with a message share this form. */
import type { ConsumedMessage, Partition } from './message.ts'

export interface Processing {
  /** How many messages of a partition are dealt with before their offset is committed, at most. */
  readonly portionMax: number
  /** Deals with messages of one partition, in their order. What it resolves for is done for good. */
  process(messages: readonly ConsumedMessage[]): Promise<void>
  /** For a way that knows better than the group where to read on. Waits until this process may have the partition. */
  readonly position?: (partition: Partition, cancel: AbortSignal) => Promise<number>
  /** Lets go of all partitions but these: others may have them now. */
  readonly keepOnly?: (partitions: readonly Partition[]) => void
}

/** A command or a call did not succeed. What becomes of the message is the user's choice. */
export class ActionFailure extends Error {}
