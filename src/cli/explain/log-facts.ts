/**
 * What the cluster tells of partitions that somebody reads, or wants to: where their logs begin and end, how far is committed what
 * transactions wrote, and whether a reader is given anything from where it stands.
 */
import type { Cluster } from '../cluster.ts'
import { Reader } from '../consume/reader.ts'
import type { KafkaFailure } from '../kafka-failure.ts'
import {
  failureOf,
  findBoundsNow,
  groupedBy,
  type LedPartition,
  ledPartitions,
  partitionName,
  type TopicPartition
} from '../partitions.ts'
import { unknownTopics } from '../passing-errors.ts'
import { ownedIfTold } from '../transactions/open-transactions.ts'
import { UnreadableError } from '../unreadable.ts'

export type LogFacts =
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreadable'; readonly failure: KafkaFailure }
  | KnownLog

export interface KnownLog {
  readonly kind: 'known'
  readonly start: bigint
  /** The high watermark. */
  readonly end: bigint
  /** The last stable offset: who reads what is committed gets no further. */
  readonly stable: bigint
  /** Transactional ids whose open transactions hold that back, as far as anybody tells. */
  readonly holders: readonly string[]
  /** Between the position and the last stable offset are aborted transactions and markers alone. */
  readonly givesNothing: boolean
}

/** Where somebody stands in a partition; null where nobody knows. */
export interface Standing extends TopicPartition {
  readonly position: bigint | null
}

/** How long is looked whether there is a record to be given: what is there first tells. */
const lookMs = 2000

/** By `topic:partition`. */
export async function logFacts(cluster: Cluster, standings: readonly Standing[]): Promise<Map<string, LogFacts>> {
  const { led, refused } = await look(cluster, standings)
  const whole = await findBoundsNow(cluster, [...led.values()])
  const committed = await findBoundsNow(cluster, [...led.values()], 'committed')
  const isHeldBack = (one: LedPartition): boolean => {
    const name = partitionName(one)
    return (committed.bounds.get(name)?.end ?? 0n) < (whole.bounds.get(name)?.end ?? 0n)
  }
  const holders = await holdersOf(cluster, [...led.values()].filter(isHeldBack))
  const facts = new Map<string, LogFacts>()
  for (const { position, ...one } of standings) {
    const name = partitionName(one)
    const partition = led.get(name)
    const [bounds, stable] = [whole.bounds.get(name), committed.bounds.get(name)?.end]
    const failure = refused.get(one.topic) ?? (whole.unreadable.get(name) ?? committed.unreadable.get(name))?.failure
    if (failure !== undefined) facts.set(name, { kind: 'unreadable', failure })
    else if (partition === undefined) facts.set(name, { kind: 'gone' })
    else if (bounds !== undefined && stable !== undefined) {
      const given = await whatIsGiven(cluster, partition, position, stable)
      const known = { ...bounds, stable, holders: holders.get(name) ?? [], givesNothing: given === 'nothing' }
      facts.set(name, typeof given === 'object' ? given : { kind: 'known', ...known })
    }
  }
  return facts
}

interface Looked {
  readonly led: ReadonlyMap<string, LedPartition>
  /** Topics of which the cluster does not tell. */
  readonly refused: ReadonlyMap<string, KafkaFailure>
}

async function look(cluster: Cluster, asked: readonly TopicPartition[]): Promise<Looked> {
  const names = [...new Set(asked.map(({ topic }) => topic))]
  const topics = names.length === 0 ? [] : (await cluster.metadata(names, 'leave')).topics
  const led = ledPartitions(topics.filter(({ errorCode }) => errorCode === 0))
  const refused = topics.filter(({ errorCode }) => errorCode !== 0 && !unknownTopics.has(errorCode))
  return {
    led: new Map(led.map((one) => [partitionName(one), one])),
    refused: new Map(refused.map(({ name, errorCode }) => [name ?? '', failureOf(cluster, errorCode)]))
  }
}

async function holdersOf(
  cluster: Cluster,
  partitions: readonly LedPartition[]
): Promise<ReadonlyMap<string, readonly string[]>> {
  const owned = partitions.length === 0 ? [] : await ownedIfTold(cluster, partitions)
  const named = owned.filter(({ transactionalId }) => transactionalId !== undefined)
  const byPartition = groupedBy(named, ({ transaction }) => partitionName(transaction))
  return new Map(
    [...byPartition].map(([name, of]) => [name, of.flatMap(({ transactionalId }) => transactionalId ?? []).sort()])
  )
}

async function whatIsGiven(
  cluster: Cluster,
  partition: LedPartition,
  position: bigint | null,
  stable: bigint
): Promise<'something' | 'nothing' | Extract<LogFacts, { kind: 'unreadable' }>> {
  if (position === null || position >= stable) return 'something'
  const interrupted = AbortSignal.timeout(lookMs)
  const reader = new Reader(cluster, { isolation: 'committed', interrupted, onNotice: () => {} })
  reader.add(partition, position, stable)
  try {
    for await (const records of reader.read()) if (records.length > 0) return 'something'
    return reader.finished ? 'nothing' : 'something'
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    return { kind: 'unreadable', failure: failureOf(cluster, error.apiCode) }
  }
}
