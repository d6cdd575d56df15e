/**
 * The assignor `simple` beside that of a real Apache Kafka: members join, leave and subscribe to something else in an order that a seed chooses,
 * and at each step ours begins with what Kafka had assigned before. Where members subscribe to different topics the outcome is the same,
 * partition by partition. Where all subscribe to the same, Kafka walks partitions in the order of a hash table, by the ids of their topics:
 * then each member has as many, each partition as many readers, and ours keeps at least as much of what was.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { AssignedMember, Targets } from '../../../src/coordination/groups/assignors/assignor.ts'
import { assignSimply } from '../../../src/coordination/groups/assignors/simple.ts'
import type { Partitions } from '../../../src/coordination/groups/consumer/partitions.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { until } from '../differential/sequences.ts'
import { fieldOf, type Plain, Session, textOf } from '../differential/session.ts'
import { Api } from './steps.ts'

const seeds = process.env.ODRADEK_SEEDS?.split(',').map(Number) ?? [1, 2, 3, 4]
const stepsOfASeed = 40
/** In the order in which Kafka's table of members has them, up to as many. */
const memberIds = [...'abcdefghijklmno']

interface Member {
  /** Indexes into those of the group. */
  readonly topics: readonly number[]
  readonly target: Partitions
}

/** A group of Kafka's, as its heartbeats tell it. */
class Group {
  readonly #session: Session
  readonly #chance: SeededChance
  readonly #areAlike: boolean
  readonly #name: string
  readonly topics: { readonly name: string; readonly id: string; readonly size: number }[] = []
  readonly members = new Map<string, Member>()

  constructor(session: Session, seed: number) {
    this.#session = session
    this.#chance = new SeededChance(seed)
    this.#areAlike = seed % 2 === 0
    this.#name = `assigned-${seed}`
  }

  async begin(): Promise<void> {
    for (const topic of ['x', 'y', 'z']) {
      const [name, size] = [`${this.#name}-${topic}`, 1 + this.#chance.below(14)]
      const topics = [{ name, numPartitions: size, replicationFactor: 1, assignments: [], configs: [] }]
      const made = await this.#session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
      this.topics.push({ name, size, id: String(fieldOf(made, 'topicId')) })
    }
    const configs = [{ name: 'share.assignment.interval.ms', configOperation: 0, value: '0' }]
    const resources = [{ resourceType: 32, resourceName: this.#name, configs }]
    await this.#session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
    const coordinator = { keyType: 0, coordinatorKeys: [this.#name] }
    await until(async () => fieldOf(await this.#session.ask(Api.FindCoordinator, 4, coordinator), 'errorCode') === 0)
    await until(async () => fieldOf(await this.#beat('a', 0, [0, 1, 2]), 'errorCode') === 0)
    this.members.set('a', { topics: [0, 1, 2], target: new Map() })
    const all = this.topics.reduce((sum, { size }) => sum + size, 0)
    await until(async () => {
      await setTimeout(100)
      await this.hear()
      return sizeOf(this.members.get('a')?.target ?? new Map()) === all
    })
  }

  /** Somebody joins, leaves or subscribes to something else. */
  async step(): Promise<void> {
    const memberId = memberIds[this.#chance.below(memberIds.length)] ?? 'a'
    const known = this.members.get(memberId)
    if (known !== undefined && this.members.size > 1 && this.#chance.below(10) < 6) {
      await this.#beat(memberId, -1, null)
      this.members.delete(memberId)
    } else {
      this.members.set(memberId, { topics: this.#subscription(), target: known?.target ?? new Map() })
      await this.#beat(memberId, 0, this.members.get(memberId)?.topics ?? [])
    }
    await this.hear()
  }

  /** Each member joins again, as what it was, and so is told all that it has. */
  async hear(): Promise<void> {
    for (const [memberId, { topics }] of this.members) {
      const answer = await this.#beat(memberId, 0, topics)
      assert.equal(fieldOf(answer, 'errorCode'), 0, textOf(answer))
      this.members.set(memberId, { topics, target: targetOf(answer) })
    }
  }

  get targets(): Targets {
    return new Map(Array.from(this.members, ([memberId, { target }]) => [memberId, target]))
  }

  #subscription(): readonly number[] {
    if (this.#areAlike) return [0, 1, 2]
    return [[0], [1], [0, 1], [0, 1, 2], [1, 2], [2]][this.#chance.below(6)] ?? [0]
  }

  #beat(memberId: string, memberEpoch: number, topics: readonly number[] | null): Promise<Plain> {
    const subscribedTopicNames = topics?.map((index) => this.topics[index]?.name ?? '') ?? null
    const asked = { groupId: this.#name, memberId, memberEpoch, rackId: null, subscribedTopicNames }
    return this.#session.ask(Api.ShareGroupHeartbeat, 1, asked)
  }
}

describe('the assignor of share groups', { skip: skipUnless(kafkaJars('broker')) }, () => {
  let broker: BrokerProcess

  before(async () => {
    broker = await startRealKafka()
  })
  after(() => broker.stop())

  for (const seed of seeds)
    test(`seed ${seed}`, async () => {
      const session = new Session(broker.bootstrap)
      const group = new Group(session, seed)
      try {
        await group.begin()
        for (let step = 0; step < stepsOfASeed; step++) {
          const before = group.targets
          await group.step()
          compare(group, before)
        }
      } finally {
        session.close()
      }
    })
})

function compare(group: Group, before: Targets): void {
  const members = [...group.members.keys()].sort().map((memberId): AssignedMember => {
    const topicIds = new Set(
      group.members
        .get(memberId)
        ?.topics.map((index) => group.topics[index]?.id ?? '')
        .sort()
    )
    return { memberId, instanceId: null, topicIds, target: before.get(memberId) ?? new Map() }
  })
  const [first] = members
  const isAlike = members.every(({ topicIds }) => [...topicIds].join() === [...(first?.topicIds ?? [])].join())
  const sizes = new Map(group.topics.map(({ id, size }) => [id, size]))
  const partitionsOf = (topicId: string) => new Set(Array(sizes.get(topicId) ?? 0).keys())
  const ours = assignSimply({ members, isAlike, partitionsOf })
  const theirs = group.targets
  if (!isAlike) assert.deepEqual(listed(ours), listed(theirs))
  assert.deepEqual(counts(ours), counts(theirs))
  assert.deepEqual(readers(ours), readers(theirs))
  assert.ok(kept(before, ours) >= kept(before, theirs), 'it keeps as much')
}

function targetOf(answer: Plain): Partitions {
  const topics = fieldOf(answer, 'topicPartitions') as unknown as { topicId: string; partitions: number[] }[]
  return new Map(
    topics
      .filter(({ partitions }) => partitions.length > 0)
      .map(({ topicId, partitions }) => [topicId, new Set(partitions)])
  )
}

function listed(targets: Targets): string[] {
  const names = Array.from(targets).flatMap(([memberId, target]) =>
    Array.from(target).flatMap(([topicId, partitions]) =>
      Array.from(partitions, (partition) => `${memberId} ${topicId}-${partition}`)
    )
  )
  return names.sort()
}

function sizeOf(target: Partitions): number {
  return [...target.values()].reduce((sum, partitions) => sum + partitions.size, 0)
}

function counts(targets: Targets): string[] {
  return Array.from(targets, ([memberId, target]) => `${memberId} ${sizeOf(target)}`).sort()
}

/** How many partitions have how many readers. */
function readers(targets: Targets): number[] {
  const byPartition = new Map<string, number>()
  for (const name of listed(targets)) {
    const partition = name.slice(name.indexOf(' '))
    byPartition.set(partition, (byPartition.get(partition) ?? 0) + 1)
  }
  return [...byPartition.values()].sort((one, other) => one - other)
}

function kept(before: Targets, after: Targets): number {
  const there = new Set(listed(after))
  return listed(before).filter((name) => there.has(name)).length
}
