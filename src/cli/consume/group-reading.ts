/**
 * Reading as a member of a group: the reader's partitions follow the group's assignment, and what was printed is
 * committed every second, before a rebalance, and at the end.
 */
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { committedByPartition } from '../group-offsets.ts'
import { type LedPartition, partitionName } from '../partitions.ts'
import type { ConsumedRecord } from '../record.ts'
import { joinGroup, type Membership, type MembershipOptions } from './membership.ts'
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

export class GroupReading {
  readonly #cluster: Cluster
  readonly #partitions: readonly LedPartition[]
  readonly #reader: Reader
  readonly #plan: GroupPlan
  readonly #hint: (text: string) => void
  #membership: Membership | undefined
  #generation = -1
  /** Behind the last printed record of each partition, until committed. */
  readonly #uncommitted = new Map<string, { topic: string; partition: number; offset: bigint }>()
  #timer: NodeJS.Timeout | undefined
  #committing: Promise<void> = Promise.resolve()

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
    hint: (text: string) => void
  ): Promise<GroupReading> {
    const reading = new GroupReading(cluster, partitions, reader, plan, hint)
    const changes = { onRebalance: () => reading.#pause(), onAssigned: () => reading.#dropLost() }
    reading.#membership = await joinGroup(cluster, global, group, plan.topics, changes, plan.membership)
    if (plan.commits)
      reading.#timer = setInterval(() => void reading.#commit(), plan.commitIntervalMs ?? defaultCommitIntervalMs)
    return reading
  }

  /** Cheap while nothing changed. */
  async followAssignment(options: ReaderOptions): Promise<void> {
    const membership = this.#membership
    if (!membership || membership.generation === this.#generation) return
    this.#generation = membership.generation
    const names = new Set(membership.assignment().map(partitionName))
    const gained = this.#partitions.filter(
      (partition) => names.has(partitionName(partition)) && !this.#reader.positions.has(partitionName(partition))
    )
    if (names.size === 0) this.#hint(`in group ${membership.group}, but its other members hold all partitions; waiting`)
    const committed =
      this.#plan.start === 'asked' ? new Map() : await committedByPartition(this.#cluster, membership.group)
    await openPositions(this.#cluster, this.#reader, gained, this.#plan, options, committed)
  }

  /** Whatever comes from now on may be another member's, and who that is reads on where this commit says. */
  #pause(): void {
    this.#reader.isPaused = true
    void this.#commit()
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

  taken(records: readonly ConsumedRecord[]): void {
    for (const { topic, partition, offset } of records) {
      const name = partitionName({ topic, partition })
      if (this.#reader.positions.has(name)) this.#uncommitted.set(name, { topic, partition, offset: offset + 1n })
    }
  }

  /** Everything up to the positions was dealt with, holes and control records behind the last record included. */
  reachedEnd(): void {
    for (const [name, { partition, next, end }] of this.#reader.positions) {
      const { topic, partition: index } = partition
      if (end !== undefined && next >= end) this.#uncommitted.set(name, { topic, partition: index, offset: end })
    }
  }

  #commit(): Promise<void> {
    if (!this.#plan.commits) return Promise.resolve()
    const offsets = [...this.#uncommitted.values()]
    this.#uncommitted.clear()
    this.#committing = this.#committing
      .then(() => this.#membership?.commit(offsets))
      .catch((error: unknown) =>
        this.#hint(`offsets were not committed: ${error instanceof Error ? error.message : error}`)
      )
    return this.#committing
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer)
    await this.#commit()
    await this.#membership?.leave().catch(() => {})
  }
}
