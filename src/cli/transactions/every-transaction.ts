/** The transactional ids of a cluster. Each broker knows those that it coordinates, so each is asked for its own. */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { listTransactionsRequest } from './requests.ts'

/** Kafka's words for where a transaction stands. */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence'
] as const

/** Its records are neither committed nor aborted yet. */
export const openStates: readonly string[] = ['Ongoing', 'PrepareCommit', 'PrepareAbort']

export interface ListedTransaction {
  readonly transactionalId: string
  readonly state: string
  readonly producerId: bigint
  /** The broker that coordinates it. */
  readonly coordinator: number
}

/** Those that meet every condition; an empty list asks for all. */
export interface TransactionFilter {
  readonly states: readonly string[]
  readonly producerIds: readonly bigint[]
  /** Begun longer ago; undefined: whenever. */
  readonly longerThanMs: number | undefined
}

const everything: TransactionFilter = { states: [], producerIds: [], longerThanMs: undefined }

/** By their ids. */
export async function everyTransaction(
  cluster: Cluster,
  { states, producerIds, longerThanMs }: TransactionFilter = everything
): Promise<ListedTransaction[]> {
  const version = longerThanMs === undefined ? 0 : 1
  if (version === 1) await refuseWithoutDurations(cluster)
  const request = listTransactionsRequest(cluster.library, version)
  const listed = await Promise.all(
    cluster.nodeIds.map(async (coordinator) => {
      const found = await cluster.ask(request, coordinator, states, producerIds, BigInt(longerThanMs ?? -1))
      return found.map((one) => ({ ...one, coordinator }))
    })
  )
  return listed.flat().sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
}

/** A broker that does not know the condition would list them all. */
async function refuseWithoutDurations(cluster: Cluster): Promise<void> {
  const known = await cluster.over('any', () => cluster.base.listApis())
  const api = known.find(({ name }) => name === 'ListTransactions')
  if (api !== undefined && api.maxVersion >= 1) return
  throw new CliError({
    what: 'this cluster does not tell transactions by how long they last',
    why: 'its brokers know ListTransactions up to v0, and v1 has it (KIP-994)',
    next: 'odradek transactions list --state ongoing'
  })
}
