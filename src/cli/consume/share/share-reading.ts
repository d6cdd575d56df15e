/**
 * Reading as a member of a share group (KIP-932): every member may be given records of the same partitions, each record to one of them, and
 * says of each that it was dealt with, or gives it back. Where reading begins, and for how long records are lent, is the group's.
 */
import { randomUUID } from 'node:crypto'
import { CliError } from '../../cli-error.ts'
import type { Cluster } from '../../cluster.ts'
import { isNetworkFailure, type Outage } from '../../outage.ts'
import { failureOf, groupedBy, type LedPartition, ledPartitions, partitionName } from '../../partitions.ts'
import { coordinatorMoves, leaderMoves, unknownTopics } from '../../passing-errors.ts'
import { exitCodeOf, explainFailure } from '../../present-error.ts'
import type { ConsumedRecord } from '../../record.ts'
import { pauseUnless, within } from '../../waiting.ts'
import { type FetchedShare, LeaderSession } from './leader-session.ts'
import { Acknowledge, type AssignedTopic, type ShareHeartbeat, shareHeartbeatRequest } from './requests.ts'

const joining = 0
const leaving = -1
const heartbeatIntervalMs = 1000
const againAfterMs = 200
const leaveMs = 5000
/** FENCED_MEMBER_EPOCH, UNKNOWN_MEMBER_ID: it joins anew. */
const joinsAgain = new Set([110, 25])

export interface ShareReadingOptions {
  readonly cluster: Cluster
  readonly group: string
  readonly topics: readonly string[]
  readonly outage: Outage
  readonly interrupted: AbortSignal
  onNotice(line: string): void
}

export class ShareReading {
  readonly #options: ShareReadingOptions
  readonly #heartbeat: ShareHeartbeat
  /** The member's own choice, for as long as it lives. */
  readonly #memberId = randomUUID()
  #memberEpoch = joining
  #beatMs = -Infinity
  #assigned: readonly AssignedTopic[] = []
  #partitions: readonly LedPartition[] = []
  readonly #sessions = new Map<number, LeaderSession>()

  constructor(options: ShareReadingOptions) {
    this.#options = options
    this.#heartbeat = shareHeartbeatRequest(options.cluster.library)
  }

  /** Whether the group has given it something to read. */
  get hasPartitions(): boolean {
    return this.#partitions.length > 0
  }

  /** Yields what each round brought, also when that is nothing, until it is interrupted. `most`: no more records than that. */
  async *read(most: () => number): AsyncGenerator<ConsumedRecord[]> {
    const { interrupted } = this.#options
    while (!interrupted.aborted) {
      const records = await this.#round(most()).catch((error: unknown) => this.#miss(error))
      if (records === undefined) await pauseUnless(interrupted, againAfterMs)
      yield records ?? []
    }
  }

  /** Undefined: there is nothing to ask for yet. */
  async #round(most: number): Promise<ConsumedRecord[] | undefined> {
    if (performance.now() - this.#beatMs >= heartbeatIntervalMs) await this.#beat()
    if (this.#partitions.length === 0) return undefined
    const byLeader = groupedBy(this.#partitions, ({ leader }) => leader)
    // Who leads nothing of ours any more hears that as well.
    const sessions = [...new Set([...byLeader.keys(), ...this.#sessions.keys()])].map((leader) => this.#session(leader))
    const each = Math.max(1, Math.ceil(most / sessions.length))
    const fetched = await Promise.all(
      sessions.map((session) => session.fetch(byLeader.get(session.leader) ?? [], each))
    )
    this.#options.outage.answered('share')
    return fetched.flatMap((one) => this.#taken(one))
  }

  #session(leader: number): LeaderSession {
    const { cluster, group } = this.#options
    const session =
      this.#sessions.get(leader) ?? new LeaderSession(cluster, leader, { group, memberId: this.#memberId })
    this.#sessions.set(leader, session)
    return session
  }

  #taken(fetched: FetchedShare | { readonly errorCode: number }): readonly ConsumedRecord[] {
    if ('errorCode' in fetched) {
      this.#throwUnlessPassing(fetched.errorCode)
      return []
    }
    for (const { partition, errorCode } of fetched.refused) {
      const { name, code } = failureOf(this.#options.cluster, errorCode)
      this.#options.onNotice(
        `${partitionName(partition)}: it was too late to say of some records that they were dealt with; they come again (${name} (${code}))`
      )
    }
    for (const { errorCode } of fetched.errors) this.#throwUnlessPassing(errorCode)
    // Leaders may have moved.
    if (fetched.errors.length > 0) this.#beatMs = -Infinity
    return fetched.records
  }

  async #beat(): Promise<void> {
    const { cluster, group, topics } = this.#options
    const coordinator = await cluster.coordinator(group)
    const subscribed = this.#memberEpoch === joining ? topics : null
    const answer = await cluster.over(coordinator, (connection) =>
      this.#heartbeat.async(connection, group, this.#memberId, this.#memberEpoch, subscribed)
    )
    if (joinsAgain.has(answer.errorCode)) {
      this.#memberEpoch = joining
      return
    }
    this.#throwUnlessPassing(answer.errorCode, answer.errorMessage)
    if (answer.errorCode !== 0) return
    this.#memberEpoch = answer.memberEpoch
    this.#beatMs = performance.now()
    if (answer.assignment !== null) this.#assigned = answer.assignment
    await this.#findLeaders()
  }

  async #findLeaders(): Promise<void> {
    const { cluster, topics } = this.#options
    const { topics: found } = await cluster.metadata(topics, 'leave')
    const led = new Map(
      ledPartitions(found.filter(({ errorCode }) => errorCode === 0)).map((one) => [
        `${one.topicId}:${one.partition}`,
        one
      ])
    )
    this.#partitions = this.#assigned.flatMap(({ topicId, partitions }) =>
      partitions.flatMap((partition) => {
        const one = led.get(`${topicId}:${partition}`)
        return one === undefined || one.leader < 0 ? [] : [one]
      })
    )
  }

  #throwUnlessPassing(errorCode: number, message?: string | null): void {
    if (errorCode === 0 || coordinatorMoves.has(errorCode) || leaderMoves.has(errorCode)) return
    if (unknownTopics.has(errorCode)) return
    const failure = failureOf(this.#options.cluster, errorCode, message)
    throw new CliError({
      what: `share group "${this.#options.group}" cannot be read`,
      why: explainFailure(failure),
      exitCode: exitCodeOf(failure)
    })
  }

  /** A broker that is away is waited for. */
  #miss(error: unknown): undefined {
    if (!isNetworkFailure(error)) throw error
    this.#options.outage.missed('share', error)
    this.#beatMs = -Infinity
    return undefined
  }

  /** They were dealt with, or are given back; said with the next request. */
  say(records: readonly ConsumedRecord[], word: 'accept' | 'release'): void {
    for (const record of records) {
      const name = partitionName(record)
      for (const session of this.#sessions.values()) session.owed(name)?.say(record.offset, Acknowledge[word])
    }
  }

  /** Says what is left to say, gives back what was not spoken of, and leaves the group. */
  async leave(): Promise<void> {
    const { cluster, group, onNotice } = this.#options
    const late = () => new Error('no answer in time')
    const sessions = [...this.#sessions.values()].map((session) => within(leaveMs, session.close(), late))
    const failed = (await Promise.allSettled(sessions)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected')
      onNotice(`what became of the last records could not be said (${failed.reason.message}); they come again`)
    if (this.#memberEpoch === joining) return
    const left = cluster
      .coordinator(group)
      .then((coordinator) =>
        cluster.over(coordinator, (connection) =>
          this.#heartbeat.async(connection, group, this.#memberId, leaving, null)
        )
      )
    await within(leaveMs, left, late).catch(() => {})
  }
}
