/**
 * The session of a share group's member with one leader (KIP-932): the first request names all that is read there, the next what changed,
 * and each says what became of records that were given before. A session that the leader does not know any more is opened again; what
 * was acquired in it is given back by the leader.
 */
import type { Cluster } from '../../cluster.ts'
import { groupedBy, type LedPartition, partitionName } from '../../partitions.ts'
import type { ConsumedRecord } from '../../record.ts'
import { recordsOfBatches } from '../batch-records.ts'
import { Acknowledgements } from './acknowledgements.ts'
import {
  type AcknowledgementBatch,
  type ShareAcknowledge,
  type SharedPartition,
  type SharedTopic,
  type ShareFetch,
  shareAcknowledgeRequest,
  shareFetchRequest
} from './requests.ts'

const opening = 0
const closing = -1
/** SHARE_SESSION_NOT_FOUND, INVALID_SHARE_SESSION_EPOCH. */
const sessionErrors = new Set([122, 123])

export interface FetchedShare {
  readonly records: readonly ConsumedRecord[]
  /** Errors of single partitions, and of what was said of records. */
  readonly errors: ReadonlyArray<{ readonly partition: LedPartition; readonly errorCode: number }>
  readonly refused: ReadonlyArray<{ readonly partition: LedPartition; readonly errorCode: number }>
}

const nothing: FetchedShare = { records: [], errors: [], refused: [] }

export class LeaderSession {
  readonly leader: number
  readonly #cluster: Cluster
  readonly #fetch: ShareFetch
  readonly #acknowledge: ShareAcknowledge
  readonly #speaker: { readonly group: string; readonly memberId: string }
  #epoch = opening
  /** As the leader knows them, by `topic:partition`. */
  #known = new Map<string, LedPartition>()
  readonly #owed = new Map<string, Acknowledgements>()

  constructor(cluster: Cluster, leader: number, speaker: { readonly group: string; readonly memberId: string }) {
    this.#cluster = cluster
    this.leader = leader
    this.#speaker = speaker
    this.#fetch = shareFetchRequest(cluster.library)
    this.#acknowledge = shareAcknowledgeRequest(cluster.library)
  }

  /** Throws what the connection throws; the next fetch opens the session anew. */
  async fetch(wanted: readonly LedPartition[], maxRecords: number): Promise<FetchedShare | { errorCode: number }> {
    const names = new Map(wanted.map((one) => [partitionName(one), one]))
    const isNew = this.#epoch === opening
    const gone = [...this.#known].filter(([name]) => !names.has(name)).map(([, one]) => one)
    const added = isNew ? wanted : wanted.filter((one) => !this.#known.has(partitionName(one)))
    if (isNew && wanted.length === 0) return nothing
    // An opening request may say nothing of records: they were given back with the session before.
    if (isNew) this.#owed.clear()
    const topics = topicsOf(added, isNew ? new Map() : this.#due('is kept'), names)
    const forgotten = isNew
      ? []
      : [...groupedBy(gone, ({ topicId }) => topicId)].map(([topicId, of]) => ({
          topicId,
          partitions: of.map(({ partition }) => partition)
        }))
    const sessionEpoch = this.#epoch
    this.#epoch = opening
    const request = { ...this.#speaker, sessionEpoch, maxRecords, topics, forgotten }
    const answer = await this.#cluster.over(this.leader, (connection) => this.#fetch.async(connection, request))
    if (answer.errorCode !== 0) {
      this.#known.clear()
      if (sessionErrors.has(answer.errorCode)) return nothing
      return { errorCode: answer.errorCode }
    }
    this.#epoch = sessionEpoch === 0x7fffffff ? 1 : sessionEpoch + 1
    this.#known = names
    return this.#read(answer.partitions, names)
  }

  #read(answered: readonly SharedPartition[], names: ReadonlyMap<string, LedPartition>): FetchedShare {
    const byPlace = new Map([...names.values()].map((one) => [`${one.topicId}:${one.partition}`, one]))
    const [records, errors, refused]: [
      ConsumedRecord[],
      { partition: LedPartition; errorCode: number }[],
      { partition: LedPartition; errorCode: number }[]
    ] = [[], [], []]
    for (const { topicId, partition: index, errorCode, acknowledgeErrorCode, batches, acquired } of answered) {
      const partition = byPlace.get(`${topicId}:${index}`)
      if (partition === undefined) continue
      if (errorCode !== 0) errors.push({ partition, errorCode })
      if (acknowledgeErrorCode !== 0) refused.push({ partition, errorCode: acknowledgeErrorCode })
      const unknownBounds = { logStartOffset: -1n, lastStableOffset: -1n, highWatermark: -1n }
      const fetched = {
        partitionIndex: index,
        errorCode,
        abortedTransactions: [],
        preferredReadReplica: -1,
        ...unknownBounds,
        records: [...batches]
      }
      const all = recordsOfBatches(partition.topic, fetched, 0n, 'uncommitted').records
      records.push(...this.#owedOf(partitionName(partition)).acquired(acquired, all))
    }
    return { records, errors, refused }
  }

  /** What is read of this partition is owed a word. */
  owed(name: string): Acknowledgements | undefined {
    return this.#owed.get(name)
  }

  #owedOf(name: string): Acknowledgements {
    const known = this.#owed.get(name) ?? new Acknowledgements()
    this.#owed.set(name, known)
    return known
  }

  #due(rest: 'is kept' | 'is given back'): Map<string, AcknowledgementBatch[]> {
    const due = [...this.#owed].map(([name, owed]): [string, AcknowledgementBatch[]] => [name, owed.due(rest)])
    return new Map(due.filter(([, batches]) => batches.length > 0))
  }

  /** Says what is left to say, and gives the rest back. */
  async close(): Promise<void> {
    if (this.#epoch === opening) return
    const topics = topicsOf([], this.#due('is given back'), this.#known)
    const request = { ...this.#speaker, sessionEpoch: closing, topics }
    this.#epoch = opening
    const { errorCode, errorMessage } = await this.#cluster.over(this.leader, (connection) =>
      this.#acknowledge.async(connection, request)
    )
    if (errorCode !== 0) throw new Error(errorMessage ?? `error ${errorCode}`)
  }
}

/** Partitions that are new to the session, and those of which something is said. */
function topicsOf(
  added: readonly LedPartition[],
  due: ReadonlyMap<string, readonly AcknowledgementBatch[]>,
  names: ReadonlyMap<string, LedPartition>
): SharedTopic[] {
  const spokenOf = [...due.keys()].flatMap((name) => names.get(name) ?? [])
  const all = new Map([...added, ...spokenOf].map((one) => [partitionName(one), one]))
  return [...groupedBy(all.values(), ({ topicId }) => topicId)].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map((one) => ({
      partition: one.partition,
      acknowledgements: due.get(partitionName(one)) ?? []
    }))
  }))
}
