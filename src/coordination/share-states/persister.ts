/** Who keeps how far share partitions are, for their leaders and for their groups, wherever in the cluster it is kept (KIP-932; Kafka: Persister). */
import type { InitializeRequest } from './initialize.ts'
import type { ShareStateAnswer } from './objection.ts'
import type { ReadAnswer, SummaryAnswer } from './read.ts'
import type { SharePartitionKey } from './state.ts'
import type { WriteRequest } from './write.ts'

/**
 * Each resolves when what it asks for is safe. Whoever asks has an answer in any case: a share coordinator that moves or is being loaded is
 * asked again for a while (`limits.ts`), and then the answer is COORDINATOR_NOT_AVAILABLE, or NOT_COORDINATOR.
 */
export interface SharePersister {
  initialize(request: InitializeRequest): Promise<ShareStateAnswer>
  read(key: SharePartitionKey, leaderEpoch: number): Promise<ReadAnswer>
  write(request: WriteRequest): Promise<ShareStateAnswer>
  summarize(key: SharePartitionKey): Promise<SummaryAnswer>
  remove(key: SharePartitionKey): Promise<ShareStateAnswer>
}
