/** Where the transactions of transactional ids stand, each as its coordinator tells it. */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { whileCoordinatorMoves } from '../coordinator-moves.ts'
import { ExitCode } from '../exit-codes.ts'
import { groupedBy, type TopicPartition } from '../partitions.ts'
import { refusedIn } from '../refused-in.ts'

export interface TransactionDescription {
  readonly transactionalId: string
  readonly state: string
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** When the last one began; undefined: it never had one. */
  readonly startMs: number | undefined
  readonly coordinator: number
  /** To which its markers are still to be written. */
  readonly partitions: readonly TopicPartition[]
}

/** In the order of the ids. Throws where one of them is not known. */
export async function describeTransactions(
  cluster: Cluster,
  transactionalIds: readonly string[]
): Promise<TransactionDescription[]> {
  const found = await knownTransactions(cluster, transactionalIds)
  return transactionalIds.map((id) => {
    const one = found.get(id)
    if (one === undefined) throw noSuchTransaction(id)
    return one
  })
}

const transactionalIdNotFound = 105

/** By their ids; without those that are not known. */
export async function knownTransactions(
  cluster: Cluster,
  transactionalIds: readonly string[]
): Promise<Map<string, TransactionDescription>> {
  return await whileCoordinatorMoves(cluster, () => askKnown(cluster, transactionalIds))
}

async function askKnown(
  cluster: Cluster,
  transactionalIds: readonly string[]
): Promise<Map<string, TransactionDescription>> {
  const placed = await Promise.all(
    transactionalIds.map(async (id) => ({ id, coordinator: await cluster.transactionCoordinator(id) }))
  )
  const asked = groupedBy(placed, ({ coordinator }) => coordinator)
  const answers = await Promise.all(
    [...asked].map(async ([coordinator, ids]) => {
      const answer = await cluster.answer(
        'DescribeTransactions',
        coordinator,
        ids.map(({ id }) => id)
      )
      return answer.transactionStates.map((one) => ({ ...one, coordinator }))
    })
  )
  const known = new Map<string, TransactionDescription>()
  for (const one of answers.flat()) {
    if (one.errorCode === transactionalIdNotFound) continue
    if (one.errorCode !== 0)
      throw refusedIn(cluster, one.errorCode, `the transaction of "${one.transactionalId}" cannot be described`)
    known.set(one.transactionalId, {
      transactionalId: one.transactionalId,
      state: one.transactionState,
      producerId: one.producerId,
      producerEpoch: one.producerEpoch,
      timeoutMs: one.transactionTimeoutMs,
      startMs: one.transactionStartTimeMs < 0n ? undefined : Number(one.transactionStartTimeMs),
      coordinator: one.coordinator,
      partitions: one.topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
    })
  }
  return known
}

function noSuchTransaction(transactionalId: string): CliError {
  return new CliError({
    what: `there is no transactional id "${transactionalId}"`,
    why: `TRANSACTIONAL_ID_NOT_FOUND (${transactionalIdNotFound})`,
    next: 'odradek transactions list',
    exitCode: ExitCode.notFound
  })
}
