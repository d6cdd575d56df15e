/**
 * What a partition of `__share_group_state` says of each share partition: hard state, changed by replay alone (KIP-932; Kafka:
 * ShareCoordinatorShard, ShareGroupOffset).
 */
import type { StateBatch } from './batches.ts'

/** A partition as one share group reads it. */
export interface SharePartitionKey {
  readonly groupId: string
  readonly topicId: string
  readonly partition: number
}

export const unknownStartOffset = -1
/** What a writer sends that does not count. */
export const noCount = -1

export interface ShareState {
  readonly snapshotEpoch: number
  /** Grows with each initialization. */
  readonly stateEpoch: number
  /** Of the partition's leader that read it last. */
  readonly leaderEpoch: number
  /** Everything before it is done; -1: the leader is to find it, by what the group has configured. */
  readonly startOffset: number
  /** How many records from the start offset on are done. */
  readonly deliveryCompleteCount: number
  readonly batches: readonly StateBatch[]
}

/** A share partition's state, and what its log holds of it. */
export interface KnownShare {
  readonly key: SharePartitionKey
  readonly state: ShareState
  /** The newest that were ever seen: a later initialization begins with leader epoch 0, and fences whoever was fenced before. */
  readonly newestLeaderEpoch: number
  readonly newestStateEpoch: number
  readonly updatesSinceSnapshot: number
  /** Where its newest snapshot lies: what comes before it in the log says nothing that is not in it. */
  readonly snapshotOffset: number
  readonly createTimestampMs: number
  /** When its newest snapshot was written. */
  readonly snapshotTimestampMs: number
}

export class ShareStates {
  readonly #byKey = new Map<string, KnownShare>()
  #batchCount = 0

  get size(): number {
    return this.#byKey.size
  }

  get(key: SharePartitionKey): KnownShare | undefined {
    return this.#byKey.get(nameOf(key))
  }

  /** Batches of all of them. */
  get batchCount(): number {
    return this.#batchCount
  }

  put(known: KnownShare): void {
    const name = nameOf(known.key)
    const before = this.#byKey.get(name)?.state.batches.length ?? 0
    this.#batchCount += known.state.batches.length - before
    this.#byKey.set(name, known)
  }

  remove(key: SharePartitionKey): void {
    this.#batchCount -= this.get(key)?.state.batches.length ?? 0
    this.#byKey.delete(nameOf(key))
  }

  all(): Iterable<KnownShare> {
    return this.#byKey.values()
  }
}

/** Also what chooses the partition of `__share_group_state`. A topic's id and a number have no colon, so a group's id may have some. */
export function nameOf({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId}:${topicId}:${partition}`
}

/**
 * The same of the key of a share partition as clients write it; null where it is none. Kafka takes colons at its end and padding of the id,
 * and no group of nothing but space (SharePartitionKey.getInstance, Uuid.fromString).
 */
export function nameOfKey(key: string): string | null {
  let end = key.length
  while (key[end - 1] === ':') end -= 1
  const parts = key.slice(0, end).split(':')
  const [topicId = '', partition = ''] = parts.slice(-2)
  const groupId = parts.slice(0, -2).join(':')
  if (isBlank(groupId) || !/^[\w-]{22}(==)?$/.test(topicId) || !/^[+-]?\d+$/.test(partition)) return null
  const number = Number(partition)
  if (number < -(2 ** 31) || number >= 2 ** 31) return null
  return nameOf({ groupId, topicId: Buffer.from(topicId, 'base64url').toString('base64url'), partition: number })
}

/** Java's String.trim leaves nothing of it. */
function isBlank(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x20) return false
  return true
}
