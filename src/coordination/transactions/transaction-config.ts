/** The part of the broker's configuration that transaction coordinators obey; names and meaning as in Kafka's (TransactionStateManagerConfig). */
export interface TransactionConfig {
  readonly maxTimeoutMs: number
  readonly transactionalIdExpirationMs: number
  readonly abortTimedOutIntervalMs: number
  readonly removeExpiredIntervalMs: number
}
