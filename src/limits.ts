/**
 * Every bound of the broker in one table: name, value, reason. A queue, cache, count or wait without a line here is a defect.
 * Bytes and milliseconds are in the names.
 */
export const limits = {
  /** A coordinator's log is replayed in pieces of this size at start, so that a long log never lies in memory whole. */
  coordinatorLoadBytes: 1024 * 1024,

  /** Fetch sessions kept (Kafka: max.incremental.fetch.session.cache.slots). A client without one sends whole requests. */
  fetchSessions: 1000,
  /** A session idle for this long may be given up for a new one (Kafka: min.incremental.fetch.session.eviction.ms). */
  fetchSessionIdleMs: 120_000,
  /** Bytes one Fetch may ask for in all (Kafka: fetch.max.bytes on the broker). */
  fetchBytes: 55 * 1024 * 1024,
  /** A fetch waits at most this long, whatever it asks for: an answer every so often shows that the connection lives. */
  fetchWaitMs: 5 * 60_000,

  /** A compressed batch may not grow past this when it is read: more is a bomb, not data. */
  decompressedBatchBytes: 256 * 1024 * 1024,

  /** Producer ids taken from the metadata log at a time (Kafka: ProducerIdsBlock). */
  producerIdBlock: 1000,

  /** A clean stop waits this long for requests in flight before it closes all the same. */
  stopWaitMs: 5_000
} as const
