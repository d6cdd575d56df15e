/** What a broker itself writes to a partition that is led here, where whoever asked for it waits until it is committed. */
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import type { AppendResult } from '../log/types.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { CommitTimeout, NotLeading, type Replica } from './replication/replica.ts'

/** Resolves with NONE when it is committed, or with why it is not, or not known to be. */
export async function appendCommitted(
  replica: Replica,
  append: () => AppendResult,
  patience: { readonly clock: Clock; readonly timeoutMs: number }
): Promise<ErrorCode> {
  if (!replica.hasEnoughInSyncReplicas) return ErrorCode.NOT_ENOUGH_REPLICAS
  try {
    const result = append()
    if (!result.ok) return result.error
    await replica.committed(result.lastOffset + 1, patience)
    return ErrorCode.NONE
  } catch (error) {
    if (error instanceof NotLeading) return ErrorCode.NOT_LEADER_OR_FOLLOWER
    if (error instanceof CommitTimeout) return ErrorCode.REQUEST_TIMED_OUT
    if (error instanceof DiskError) return ErrorCode.KAFKA_STORAGE_ERROR
    throw error
  }
}
