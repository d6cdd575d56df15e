/**
 * What is open in partitions, as their leaders tell it (DescribeProducers), and which of it hangs: its coordinator does not know of it,
 * so it will never end by itself (KIP-664; Kafka's TransactionsCommand decides by the same).
 */
import type { Cluster } from '../cluster.ts'
import { failureOf, groupedBy, type LedPartition, partitionName, type TopicPartition } from '../partitions.ts'
import type { Unreadable } from '../unreadable.ts'
import { knownTransactions } from './describe-transactions.ts'
import { everyTransaction } from './every-transaction.ts'

export interface OpenTransaction extends TopicPartition {
  readonly leader: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly startOffset: bigint
  /** When the producer wrote last. */
  readonly lastMs: number
}

export interface FoundOpen {
  readonly open: readonly OpenTransaction[]
  readonly unreadable: ReadonlyMap<string, Unreadable>
}

export async function openTransactions(cluster: Cluster, partitions: readonly LedPartition[]): Promise<FoundOpen> {
  const leaderless = partitions.filter(({ leader }) => leader < 0)
  const failure = failureOf(cluster, leaderNotAvailable)
  const unreadable = new Map(leaderless.map((one): [string, Unreadable] => [partitionName(one), { ...one, failure }]))
  const byLeader = groupedBy(
    partitions.filter(({ leader }) => leader >= 0),
    ({ leader }) => leader
  )
  const answers = await Promise.all([...byLeader].map(([leader, led]) => openAtLeader(cluster, leader, led)))
  return {
    open: answers.flatMap((answer) => answer.open),
    unreadable: new Map([...unreadable, ...answers.flatMap((answer) => [...answer.unreadable])])
  }
}

const leaderNotAvailable = 5

async function openAtLeader(cluster: Cluster, leader: number, led: readonly LedPartition[]): Promise<FoundOpen> {
  const asked = [...groupedBy(led, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitionIndexes: ofTopic.map(({ partition }) => partition)
  }))
  const { topics } = await cluster.answer('DescribeProducers', leader, asked)
  const open: OpenTransaction[] = []
  const unreadable = new Map<string, Unreadable>()
  for (const { name: topic, partitions } of topics) {
    for (const { partitionIndex: partition, errorCode, errorMessage, activeProducers } of partitions) {
      const place = { topic, partition }
      if (errorCode !== 0)
        unreadable.set(partitionName(place), { ...place, failure: failureOf(cluster, errorCode, errorMessage) })
      for (const producer of activeProducers) {
        if (producer.currentTxnStartOffset < 0n) continue
        open.push({
          ...place,
          leader,
          producerId: producer.producerId,
          producerEpoch: producer.producerEpoch,
          // A producer that never saw a marker has none.
          coordinatorEpoch: Math.max(0, producer.coordinatorEpoch),
          startOffset: producer.currentTxnStartOffset,
          lastMs: Number(producer.lastTimestamp)
        })
      }
    }
  }
  return { open, unreadable }
}

/** Who is going to end it; undefined: nobody, it hangs. */
export interface Owned {
  readonly transaction: OpenTransaction
  readonly transactionalId: string | undefined
}

/** Each with the transactional id that its coordinator has open there, or is about to end. */
export async function ownersOf(cluster: Cluster, open: readonly OpenTransaction[]): Promise<Owned[]> {
  if (open.length === 0) return []
  const producerIds = [...new Set(open.map(({ producerId }) => producerId))]
  const listed = await everyTransaction(cluster, { states: [], producerIds, longerThanMs: undefined })
  const known = await knownTransactions(
    cluster,
    listed.map(({ transactionalId }) => transactionalId)
  )
  const owners = new Map(listed.map(({ producerId, transactionalId }) => [producerId, known.get(transactionalId)]))
  return open.map((transaction) => {
    const owner = owners.get(transaction.producerId)
    const isTold = owner?.partitions.some((one) => partitionName(one) === partitionName(transaction)) === true
    return { transaction, transactionalId: isTold ? owner.transactionalId : undefined }
  })
}

/** What is open in these partitions, with who is going to end it; nothing where a broker does not tell, or not everybody. */
export async function ownedIfTold(cluster: Cluster, partitions: readonly LedPartition[]): Promise<readonly Owned[]> {
  try {
    const { open } = await openTransactions(cluster, partitions)
    return await ownersOf(cluster, open)
  } catch {
    return []
  }
}
