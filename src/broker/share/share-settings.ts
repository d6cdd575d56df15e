import type { SharePartitionSettings } from '../../coordination/config/share-config.ts'

/** What of a share group's configuration decides which records go to whom. */
export type ShareSettings = Pick<
  SharePartitionSettings,
  'maxRecordLocks' | 'deliveryCountLimit' | 'recordLockDurationMs' | 'renewsLocks' | 'deadLetterTopic'
>
