/**
 * What this broker has of a partition (Kafka: HostedPartition): a replica that serves, or one whose log the disk has lost or
 * damaged. That one is offline: whoever asks for it gets KAFKA_STORAGE_ERROR, and everything else goes on.
 */
import { DiskError } from '../host/disk.ts'
import type { Replica } from './replication/replica.ts'

/** The log knows a later leader epoch than the metadata: the metadata is older than the records, and nobody may write in its epochs. */
export class OlderMetadataError extends DiskError {
  constructor(path: string, message: string) {
    super('failed', path, message)
  }
}

export interface OnlinePartition {
  readonly kind: 'online'
  readonly replica: Replica
}

export interface OfflinePartition {
  readonly kind: 'offline'
  readonly topicId: string
  /** Whether it was there when the broker started. */
  readonly history: 'new' | 'known'
  /** Says what happened, with file and position, and what to do. */
  readonly reason: DiskError
  /** What served until the damage was found, and knows how far it came; null when it was found before. */
  readonly closed: Replica | null
  /** Whether another moment may mend it, of itself: there were no files or no room for it. */
  readonly mayPass: boolean
}

export type HostedPartition = OnlinePartition | OfflinePartition | { readonly kind: 'none' }

/** Not a partition of this broker. */
export const notHosted: HostedPartition = { kind: 'none' }
