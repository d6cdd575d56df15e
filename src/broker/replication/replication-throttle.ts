/**
 * Holds replication back where an administrator says so, mostly for a reassignment (KIP-73; Kafka: ReplicationQuotaManager). A topic
 * names its throttled replicas, a broker the bytes that may come, or go, in a second for all of them. Who is in sync is not held back:
 * the throttle must not break what is promised.
 */

/** Bytes of one second. */
interface Sample {
  readonly startMs: number
  bytes: number
}

const sampleMs = 1000
/** As many seconds are looked at, the one that runs among them (replication.quota.window.num). */
const samplesMax = 11
/** From here on there is no bound: Kafka's default, the largest int64. */
const unbounded = 2 ** 63

export class ReplicationThrottle {
  readonly #monotonicMs: () => number
  readonly #bytesPerSecond: () => number
  readonly #isNamed: (topic: string, partition: number) => boolean
  #samples: Sample[] = []

  constructor(options: {
    readonly monotonicMs: () => number
    readonly bytesPerSecond: () => number
    /** Whether the topic names this broker's replica as one to be held back. */
    readonly isNamed: (topic: string, partition: number) => boolean
  }) {
    this.#monotonicMs = options.monotonicMs
    this.#bytesPerSecond = options.bytesPerSecond
    this.#isNamed = options.isNamed
  }

  /** Whether nothing more of this partition may be replicated now. */
  holdsBack(topic: string, partition: number): boolean {
    const bound = this.#bytesPerSecond()
    return bound < unbounded && this.#rate() > bound && this.#isNamed(topic, partition)
  }

  /** So much of this partition was replicated. */
  record(topic: string, partition: number, bytes: number): void {
    if (bytes === 0 || this.#bytesPerSecond() >= unbounded || !this.#isNamed(topic, partition)) return
    const nowMs = this.#monotonicMs()
    const last = this.#samples.at(-1)
    if (last !== undefined && nowMs - last.startMs < sampleMs) last.bytes += bytes
    else this.#samples.push({ startMs: nowMs, bytes })
  }

  /** On average since the oldest second that is looked at, and over a second at least (Kafka: SimpleRate). */
  #rate(): number {
    const nowMs = this.#monotonicMs()
    this.#samples = this.#samples.filter(({ startMs }) => nowMs - startMs < samplesMax * sampleMs)
    const [oldest] = this.#samples
    if (oldest === undefined) return 0
    const bytes = this.#samples.reduce((sum, sample) => sum + sample.bytes, 0)
    return (bytes * 1000) / Math.max(nowMs - oldest.startMs, sampleMs)
  }
}

/** What a topic's list says: '*', or PARTITION:BROKER,… (Kafka: TopicConfigHandler.parseThrottledPartitions). */
export function isThrottledReplica(list: string, partition: number, nodeId: number): boolean {
  const value = list.trim()
  return value === '*' || value.split(',').some((item) => item.trim() === `${partition}:${nodeId}`)
}
