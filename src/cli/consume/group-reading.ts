/**
 * Reading as a member of a group: the reader's partitions follow the group's assignment, and what was printed is committed every
 * second, before a rebalance, and at the end. What could not be committed is kept and committed later.
 */
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { committedByPartition } from '../group-offsets.ts'
import type { Outage } from '../outage.ts'
import { describeTopics, type LedPartition, ledPartitions, partitionName } from '../partitions.ts'
import type { ConsumedRecord } from '../record.ts'
import { Membership, type MembershipOptions } from './membership.ts'
import { openPositions } from './open-positions.ts'
import type { ConsumePlan } from './plan.ts'
import type { Reader, ReaderOptions } from './reader.ts'

const defaultCommitIntervalMs = 1000

/** What to read, and how to be a member; all else has its default. */
export interface GroupPlan
  extends Pick<ConsumePlan, 'topics' | 'range' | 'start' | 'exitAtEnd' | 'isolation' | 'commits'> {
  readonly membership?: MembershipOptions
  readonly commitIntervalMs?: number
}

interface Uncommitted {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export class GroupReading {
  readonly #cluster: Cluster
  #partitions: readonly LedPartition[]
  readonly #reader: Reader
  readonly #plan: GroupPlan
  readonly #hint: (text: string) => void
  #membership: Membership | undefined
  #generation = 0
  /** Behind the last printed record of each partition, until committed. */
  readonly #uncommitted = new Map<string, Uncommitted>()
  /** How far each partition was read, also those that are another member's now: what comes back is not read twice. */
  readonly #read = new Map<string, bigint>()
  #timer: NodeJS.Timeout | undefined
  #committing: Promise<unknown> = Promise.resolve()

  private constructor(
    cluster: Cluster,
    partitions: readonly LedPartition[],
    reader: Reader,
    plan: GroupPlan,
    hint: (text: string) => void
  ) {
    this.#cluster = cluster
    this.#partitions = partitions
    this.#reader = reader
    this.#plan = plan
    this.#hint = hint
  }

  static async join(
    cluster: Cluster,
    global: GlobalOptions,
    group: string,
    partitions: readonly LedPartition[],
    reader: Reader,
    plan: GroupPlan,
    hint: (text: string) => void,
    outage?: Outage
  ): Promise<GroupReading> {
    const reading = new GroupReading(cluster, partitions, reader, plan, hint)
    const changes = { onRebalance: () => reading.#pause(), onAssigned: () => reading.#dropLost() }
    const { topics, membership } = plan
    const { interrupted } = reader
    reading.#membership = await Membership.join(global, { group, topics, changes, membership, outage, interrupted })
    if (plan.commits)
      reading.#timer = setInterval(() => void reading.#commit(), plan.commitIntervalMs ?? defaultCommitIntervalMs)
    return reading
  }

  /** Cheap while nothing changed. Throws when the membership is over. */
  async followAssignment(options: ReaderOptions): Promise<void> {
    const membership = this.#membership
    if (!membership) return
    if (membership.failure) throw membership.failure
    const { generation } = membership
    if (generation === this.#generation) return
    const names = new Set(membership.assignment().map(partitionName))
    if (names.size === 0) this.#hint(`in group ${membership.group}, but its other members hold all partitions; waiting`)
    await this.#learnPartitions(names)
    const committed = await this.#whereToGoOn(membership.group)
    for (const [name, position] of this.#reader.positions) {
      const next = committed.get(name)
      if (next !== undefined && next > position.next) position.next = next
    }
    const gained = this.#partitions.filter(
      (partition) => names.has(partitionName(partition)) && !this.#reader.positions.has(partitionName(partition))
    )
    await openPositions(this.#cluster, this.#reader, gained, this.#plan, options, committed)
    this.#generation = generation
  }

  /** A topic that grew, or one that came up, has partitions that are not known here. */
  async #learnPartitions(names: ReadonlySet<string>): Promise<void> {
    const known = new Set(this.#partitions.map(partitionName))
    if ([...names].every((name) => known.has(name))) return
    const topics = new Set(this.#membership?.assignment().map((one) => one.topic))
    this.#partitions = ledPartitions(await describeTopics(this.#cluster, [...topics]))
  }

  /**
   * What the group committed, or where this member stopped, whichever is further: it may have printed what it could not commit.
   * With --from the group's offsets count for nothing.
   */
  async #whereToGoOn(group: string): Promise<Map<string, bigint>> {
    const committed = this.#plan.start === 'asked' ? new Map() : await committedByPartition(this.#cluster, group)
    for (const [name, next] of this.#read) {
      if (next > (committed.get(name) ?? -1n)) committed.set(name, next)
    }
    return committed
  }

  /** Whatever comes from now on may be another member's, and who that is reads on where this commit says. */
  async #pause(): Promise<void> {
    this.#reader.isPaused = true
    await this.#commit()
  }

  /** At once, and not with the next answer: a fetch that waits would bring records that are another member's now. */
  #dropLost(): void {
    const names = new Set(this.#membership?.assignment().map(partitionName))
    for (const name of this.#reader.positions.keys()) {
      if (names.has(name)) continue
      this.#reader.positions.delete(name)
      this.#uncommitted.delete(name)
    }
    this.#reader.isPaused = false
  }

  /** For topics that came up meanwhile. */
  subscribe(topics: readonly string[]): void {
    if (topics.length > 0) this.#membership?.subscribe(topics)
  }

  taken(records: readonly ConsumedRecord[]): void {
    for (const { topic, partition, offset } of records) {
      const name = partitionName({ topic, partition })
      if (!this.#reader.positions.has(name)) continue
      this.#uncommitted.set(name, { topic, partition, offset: offset + 1n })
      this.#read.set(name, offset + 1n)
    }
  }

  /** Everything up to the positions was dealt with, holes and control records behind the last record included. */
  reachedEnd(): void {
    for (const [name, { partition, next, end }] of this.#reader.positions) {
      const { topic, partition: index } = partition
      if (end !== undefined && next >= end) this.#uncommitted.set(name, { topic, partition: index, offset: end })
    }
  }

  /** One at a time. Resolves with why it did not work; then the offsets stay, for the next time. */
  #commit(): Promise<unknown> {
    if (!this.#plan.commits) return Promise.resolve()
    this.#committing = this.#committing.then(() => this.#commitNow())
    return this.#committing
  }

  async #commitNow(): Promise<unknown> {
    const offsets = new Map(this.#uncommitted)
    try {
      await this.#membership?.commit([...offsets.values()])
      for (const [name, one] of offsets) if (this.#uncommitted.get(name) === one) this.#uncommitted.delete(name)
      return undefined
    } catch (error) {
      return error
    }
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer)
    const failure = await this.#commit()
    if (failure !== undefined) {
      this.#hint(`the last offsets were not committed: ${failure instanceof Error ? failure.message : failure}`)
    }
    await this.#membership?.leave()
  }
}
