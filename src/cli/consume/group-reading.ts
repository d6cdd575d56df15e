/**
 * Reading as a member of a group: the reader's partitions follow the group's assignment, and what was printed is committed every
 * second, before a rebalance, and at the end. What could not be committed is kept and committed later.
 */
import type { Cluster, TopicMetadata } from '../cluster.ts'
import type { GlobalOptions } from '../command.ts'
import { committedByPartition } from '../group-offsets.ts'
import type { Outage } from '../outage.ts'
import { type LedPartition, ledPartitions, partitionName } from '../partitions.ts'
import { toCliError } from '../present-error.ts'
import type { ConsumedRecord } from '../record.ts'
import { within } from '../waiting.ts'
import { Commits, type Place } from './commits.ts'
import { ConsumerMembership } from './consumer-membership.ts'
import { GoneTopics } from './gone-topics.ts'
import { passedOverIntervalMs } from './growth.ts'
import { type GroupMembership, Membership, type MembershipOptions } from './membership.ts'
import { openPassedOver, openPositions } from './open-positions.ts'
import type { ConsumePlan } from './plan.ts'
import type { Reader, ReaderOptions } from './reader.ts'

const defaultCommitIntervalMs = 1000
/** Whoever asked for the end waits no longer for a broker that does not take the last offsets. */
const lastCommitMs = 5000

/** What to read, and how to be a member; all else has its default. */
export interface GroupPlan
  extends Pick<ConsumePlan, 'topics' | 'range' | 'start' | 'exitAtEnd' | 'isolation' | 'commits'> {
  /** 'classic' without it. */
  readonly groupProtocol?: ConsumePlan['groupProtocol']
  readonly membership?: MembershipOptions
  readonly commitIntervalMs?: number
}

export interface GroupReadingOptions {
  readonly cluster: Cluster
  /** For the membership, which has connections of its own. */
  readonly global: GlobalOptions
  readonly group: string
  /** All of the topics, as they are before the group is joined. */
  readonly partitions: readonly LedPartition[]
  /** Gets the partitions that the group gives out. */
  readonly reader: Reader
  readonly plan: GroupPlan
  onNotice(text: string): void
  readonly outage?: Outage
}

export class GroupReading {
  readonly #cluster: Cluster
  /** As their leaders were when it was last asked for them. */
  readonly #partitions: Map<string, LedPartition>
  /** The topics' ids, by partition. Any other came up since: all that is in it is to be read. */
  readonly #knownAtJoin: ReadonlyMap<string, string>
  readonly #reader: Reader
  readonly #plan: GroupPlan
  readonly #hint: (text: string) => void
  readonly #goneTopics: GoneTopics
  /** As subscribed to. */
  #topics: readonly string[]
  #membership: GroupMembership | undefined
  #generation = 0
  #firstGeneration = 0
  #askedForPassedOverMs = 0
  /** Behind the last printed record of each partition, or where its reading began. */
  readonly #commits: Commits
  /** How far each partition was read, also those that are another member's now: what comes back is not read twice. */
  readonly #read = new Map<string, Place>()
  #timer: NodeJS.Timeout | undefined

  private constructor({ cluster, partitions, reader, plan, onNotice }: GroupReadingOptions) {
    this.#cluster = cluster
    this.#partitions = new Map(partitions.map((partition) => [partitionName(partition), partition]))
    this.#knownAtJoin = new Map(partitions.map((partition) => [partitionName(partition), partition.topicId]))
    this.#reader = reader
    this.#plan = plan
    this.#hint = onNotice
    this.#goneTopics = new GoneTopics(cluster, onNotice)
    this.#topics = plan.topics
    this.#commits = new Commits({
      send: async (places) => await this.#membership?.commit(places),
      isOutdated: (place) => {
        const position = this.#reader.positions.get(partitionName(place))
        return position !== undefined && position.partition.topicId !== place.topicId
      },
      hindrance: () => (this.#isSettled() ? undefined : new Error('the partitions were given out anew'))
    })
  }

  static async join(options: GroupReadingOptions): Promise<GroupReading> {
    const { cluster, global, group, plan, outage } = options
    const { brokers } = cluster
    const reading = new GroupReading(options)
    const changes = { onRebalance: () => reading.#pause(), onAssigned: () => reading.#goOn() }
    const { topics, membership, groupProtocol } = plan
    const { interrupted } = options.reader
    const joining = { group, topics, brokers, changes, membership, outage, interrupted }
    const Kind = groupProtocol === 'consumer' ? ConsumerMembership : Membership
    reading.#membership = await Kind.join(global, joining)
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
    if (generation === this.#generation) {
      await this.#goneTopics.endIfForGood(this.#topics)
      await this.#openPassedOver(options)
      return
    }
    const names = new Set(membership.assignment().map(partitionName))
    const { left, topics } = await this.#goneTopics.look(this.#topics)
    if (names.size === 0 && left === 'some are there')
      this.#hint(`in group ${membership.group}, but its other members hold all partitions; waiting`)
    this.#notePartitions(topics)
    this.#dropMadeAnew()
    const isFirst = this.#generation === 0
    const inGroup = await this.#committedInGroup(membership.group, isFirst)
    this.#giveWay(inGroup)
    const gained = [...names].flatMap((name) => {
      const partition = this.#partitions.get(name)
      return partition === undefined || this.#reader.positions.has(name) ? [] : [partition]
    })
    await openPositions(this.#cluster, this.#reader, gained, this.#plan, options, this.#whereToGoOn(inGroup))
    this.#noteOpened(gained, inGroup)
    if (isFirst) this.#firstGeneration = generation
    this.#generation = generation
    // It may have changed again meanwhile, and what was given away is another member's.
    this.#dropLost()
  }

  /** Of ours; what keeps them from being read keeps nobody from the others. */
  async #openPassedOver(options: ReaderOptions): Promise<void> {
    const { passedOver, positions } = this.#reader
    const membership = this.#membership
    if (membership === undefined || passedOver.size === 0) return
    if (performance.now() - this.#askedForPassedOverMs < passedOverIntervalMs) return
    const ours = membership.assignment().filter((one) => passedOver.has(partitionName(one)))
    try {
      if (ours.length === 0) return
      const { topics } = await this.#cluster.metadata([...new Set(ours.map((one) => one.topic))], 'leave')
      this.#notePartitions(topics)
      const inGroup = await this.#committedInGroup(membership.group, this.#generation === this.#firstGeneration)
      const led = ours.flatMap((one) => this.#partitions.get(partitionName(one)) ?? [])
      await openPassedOver(this.#cluster, this.#reader, led, this.#plan, options, this.#whereToGoOn(inGroup))
      this.#noteOpened(led, inGroup)
    } catch (error) {
      if (positions.size === 0) throw error
    } finally {
      this.#askedForPassedOverMs = performance.now()
      this.#dropLost()
    }
  }

  /** Leaders move, topics grow, come up and go. */
  #notePartitions(topics: readonly TopicMetadata[]): void {
    const known = topics.filter((topic) => topic.errorCode === 0)
    for (const partition of ledPartitions(known)) this.#partitions.set(partitionName(partition), partition)
  }

  /** They are begun anew, where the group is by now. */
  #dropMadeAnew(): void {
    for (const [name, { partition }] of this.#reader.positions) {
      const now = this.#partitions.get(name)
      if (now !== undefined && now.topicId !== partition.topicId) this.#reader.drop(name)
    }
  }

  /**
   * While the group had given this member up (a machine that sleeps, for example), another may have read on: what that one committed
   * goes before what this one read, and is not set back. The position is a new one: what was read from the old one counts no longer.
   */
  #giveWay(inGroup: ReadonlyMap<string, bigint>): void {
    for (const [name, { partition, end, highWatermark }] of this.#reader.positions) {
      const next = inGroup.get(name)
      if (next === undefined || next <= this.#readUpTo(partition) || !this.#isOfAnother(name, next)) continue
      this.#commits.forget(name)
      this.#read.delete(name)
      this.#reader.add(partition, next, end)
      const position = this.#reader.positions.get(name)
      if (position) position.highWatermark = highWatermark
    }
    for (const [name, next] of inGroup) this.#commits.inGroup.set(name, next)
  }

  #readUpTo(partition: LedPartition): bigint {
    const read = this.#read.get(partitionName(partition))
    return read?.topicId === partition.topicId ? read.offset : -1n
  }

  /** With --from it is not known what the group had before this member's first commit. */
  #isOfAnother(name: string, next: bigint): boolean {
    const known = this.#commits.inGroup.get(name)
    return known === undefined ? this.#plan.start === 'default' : next !== known
  }

  /**
   * With --from the group's offsets count for nothing where the reading begins, or if none are committed; what comes by a later
   * rebalance was read by another member.
   */
  async #committedInGroup(group: string, isFirst: boolean): Promise<ReadonlyMap<string, bigint>> {
    const { start, commits } = this.#plan
    const countsForNothing = start === 'asked' && (isFirst || !commits)
    return countsForNothing ? new Map() : await committedByPartition(this.#cluster, group)
  }

  /**
   * What the group committed, or where this member stopped, whichever is further: it may have printed what it could not commit.
   * What came up since is read from its start.
   */
  #whereToGoOn(inGroup: ReadonlyMap<string, bigint>): Map<string, bigint> {
    const places = new Map(inGroup)
    for (const [name, partition] of this.#partitions) {
      const read = this.#readUpTo(partition)
      if (read > (places.get(name) ?? -1n)) places.set(name, read)
      if (this.#knownAtJoin.get(name) !== partition.topicId && !places.has(name)) places.set(name, 0n)
    }
    return places
  }

  /**
   * Where the reading begins is committed as what was read is (Java's consumer does the same): whoever gets the partition before a
   * record came, or after this member was killed, reads from there, and not from an end that has moved on.
   */
  #noteOpened(partitions: readonly LedPartition[], inGroup: ReadonlyMap<string, bigint>): void {
    for (const { topic, topicId, partition } of partitions) {
      const name = partitionName({ topic, partition })
      const next = this.#reader.positions.get(name)?.next
      if (next !== undefined && next !== inGroup.get(name))
        this.#commits.note({ topic, topicId, partition, offset: next })
    }
  }

  /** Whatever comes from now on may be another member's, and who that is reads on where this commit says. */
  async #pause(): Promise<void> {
    this.#reader.isPaused = true
    await this.#commit()
  }

  /** At once, and not with the next answer: a fetch that waits would bring records that are another member's now. */
  #goOn(): void {
    this.#dropLost()
    this.#reader.isPaused = false
  }

  #dropLost(): void {
    const names = new Set(this.#membership?.assignment().map(partitionName))
    for (const name of this.#reader.positions.keys()) {
      if (names.has(name)) continue
      this.#reader.drop(name)
      this.#commits.forget(name)
    }
    for (const [name, { next }] of this.#reader.passedOver) {
      if (!names.has(name) && next === undefined) this.#reader.passedOver.delete(name)
    }
  }

  /** For topics that came up meanwhile. */
  subscribe(topics: readonly string[]): void {
    if (topics.length === 0) return
    this.#topics = topics
    this.#membership?.subscribe(topics)
  }

  taken(records: readonly ConsumedRecord[]): void {
    for (const { topic, partition, offset } of records) {
      const name = partitionName({ topic, partition })
      const position = this.#reader.positions.get(name)
      if (position === undefined) continue
      const place = { topic, topicId: position.partition.topicId, partition, offset: offset + 1n }
      this.#commits.note(place)
      this.#read.set(name, place)
    }
  }

  /** For who dealt with all that was read: what a position has passed counts, holes and control records behind the last record too. */
  reachedEnd(): void {
    for (const { partition, next, end } of this.#reader.positions.values()) {
      const { topic, topicId, partition: index } = partition
      if (end !== undefined && next >= end) this.#commits.note({ topic, topicId, partition: index, offset: end })
    }
  }

  /** Resolves with why it did not work. */
  async #commit(): Promise<unknown> {
    return this.#plan.commits ? await this.#commits.commit() : undefined
  }

  /** From a new assignment on until `#giveWay` nothing is committed: another member may have committed more meanwhile. */
  #isSettled(): boolean {
    return this.#membership?.generation === this.#generation
  }

  /** Returns whether the group has all that was committed. */
  async leave(): Promise<'committed' | 'not committed'> {
    clearInterval(this.#timer)
    const failure = await this.#lastCommit()
    if (failure !== undefined) {
      const { message, why } = toCliError(failure)
      this.#hint(`the last offsets were not committed: ${why ?? message}`)
    }
    await this.#membership?.leave()
    return failure === undefined ? 'committed' : 'not committed'
  }

  async #lastCommit(): Promise<unknown> {
    const late = () => new Error('the coordinator does not answer')
    const settled = this.#settle().then(() => this.#commit())
    return await within(lastCommitMs, settled, late).catch((error: unknown) => error)
  }

  /** For who ends before it followed its last assignment. */
  async #settle(): Promise<void> {
    const membership = this.#membership
    if (!membership || this.#isSettled() || !this.#commits.areDue) return
    const { generation } = membership
    this.#giveWay(await this.#committedInGroup(membership.group, false))
    this.#generation = generation
  }
}
