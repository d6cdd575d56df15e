/**
 * Requests about share groups (KIP-932), chosen by a seed: members that join, say that they live, subscribe to something else and leave, and
 * those with an epoch that is over or has not come; offsets that are described, altered and deleted; topics that grow; and requests of other
 * kinds of groups. What each broker has said of epochs is what its members say next.
 */
import { Choices } from '../differential/choices.ts'
import { fieldOf, type Plain, type Session, textOf } from '../differential/session.ts'

export const Api = {
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  DescribeGroups: 15,
  ListGroups: 16,
  CreateTopics: 19,
  CreatePartitions: 37,
  DeleteGroups: 42,
  IncrementalAlterConfigs: 44,
  OffsetDelete: 47,
  ConsumerGroupHeartbeat: 68,
  ConsumerGroupDescribe: 69,
  ShareGroupHeartbeat: 76,
  ShareGroupDescribe: 77,
  DescribeShareGroupOffsets: 90,
  AlterShareGroupOffsets: 91,
  DeleteShareGroupOffsets: 92
} as const

export interface Step {
  readonly api: number
  readonly version: number
  readonly what: string
  readonly request: (side: Side) => unknown
  /** Whose answer it is to be remembered as. */
  readonly memberId: string | null
  /** Share coordinators may be asked once it is answered. */
  readonly settlesLater: boolean
}

/** One broker, with what it has said. */
export class Side {
  readonly session: Session
  readonly topicIds: Map<string, string>
  readonly #epochs: Map<string, number>

  /** Of a broker that has said all this in an earlier life. */
  constructor(session: Session, before?: Side) {
    this.session = session
    this.topicIds = before?.topicIds ?? new Map()
    this.#epochs = new Map(before === undefined ? [] : before.#epochs)
  }

  epoch(memberId: string): number {
    return this.#epochs.get(memberId) ?? 0
  }

  note({ memberId }: Step, answer: Plain): void {
    if (memberId === null || fieldOf(answer, 'errorCode') !== 0) return
    this.#epochs.set(memberId, Math.max(0, Number(fieldOf(answer, 'memberEpoch'))))
  }

  /**
   * With topics by their names, in an order that means something. Which partitions a member has hangs on the ids of topics in Kafka
   * (assignor.test.ts looks at that): here it is how many.
   */
  told(value: Plain): Plain {
    if (Array.isArray(value)) {
      const elements = value.map((one) => this.told(one))
      return elements.sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
    }
    if (typeof value === 'string') return this.topicIds.get(value) ?? value
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
    const { topicPartitions } = value
    if (Array.isArray(topicPartitions)) return topicPartitions.reduce<number>((sum, one) => sum + sizeOf(one), 0)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.told(inner)]))
  }
}

function sizeOf(topic: Plain): number {
  const partitions = fieldOf(topic, 'partitions')
  return Array.isArray(partitions) ? partitions.length : 0
}

const memberIds = ['a', 'b', 'c', 'd', 'e'] as const

/** The steps of one seed, on topics and a group of its own. */
export class Steps {
  readonly group: string
  readonly topics: readonly [string, string]
  readonly #chance: Choices

  constructor(seed: number) {
    this.#chance = new Choices(seed)
    this.group = `share-${seed}`
    this.topics = [`orders-${seed}`, `payments-${seed}`]
  }

  next(): Step {
    const makers = [
      ...[this.#join, this.#join, this.#join, this.#beat, this.#beat, this.#beat, this.#beat, this.#beat],
      ...[this.#subscribe, this.#leave, this.#leave, this.#wrong, this.#describe, this.#describe, this.#other],
      ...[this.#describeOffsets, this.#alter, this.#deleteOffsets, this.#deleteGroup, this.#grow]
    ]
    const maker = makers[this.#chance.below(makers.length)] ?? this.#beat
    return maker.call(this)
  }

  #memberId(): string {
    return this.#chance.oneOf(...memberIds)
  }

  #names(): string[] {
    const [orders, payments] = this.topics
    return this.#chance.oneOf(
      [orders],
      [payments],
      [orders, payments],
      [orders, payments],
      [orders, 'nowhere'],
      ['nowhere']
    )
  }

  #step(api: number, version: number, what: string, request: Step['request']): Step {
    return { api, version, what, request, memberId: null, settlesLater: false }
  }

  #heartbeat(what: string, memberId: string, fields: object, request: (side: Side) => object = () => ({})): Step {
    const defaults = { groupId: this.group, memberId, rackId: null, subscribedTopicNames: null }
    const step = this.#step(Api.ShareGroupHeartbeat, 1, `${memberId} ${what} ${JSON.stringify(fields)}`, (side) => ({
      ...{ ...defaults, ...fields },
      ...request(side)
    }))
    return { ...step, memberId, settlesLater: true }
  }

  #join(): Step {
    const rackId = this.#chance.oneOf(null, null, 'rack')
    return this.#heartbeat('joins', this.#memberId(), {
      memberEpoch: 0,
      rackId,
      subscribedTopicNames: this.#names()
    })
  }

  #beat(): Step {
    const memberId = this.#memberId()
    return this.#heartbeat('beats', memberId, {}, (side) => ({ memberEpoch: Math.max(1, side.epoch(memberId)) }))
  }

  #subscribe(): Step {
    const memberId = this.#memberId()
    const subscribedTopicNames = this.#chance.oneOf(this.#names(), this.#names(), [])
    const epoch = (side: Side) => ({ memberEpoch: Math.max(1, side.epoch(memberId)) })
    return this.#heartbeat('subscribes', memberId, { subscribedTopicNames }, epoch)
  }

  #leave(): Step {
    return this.#heartbeat('leaves', this.#memberId(), { memberEpoch: -1 })
  }

  #wrong(): Step {
    const memberId = this.#chance.oneOf(this.#memberId(), this.#memberId(), 'nobody')
    const shift = this.#chance.oneOf(-1, -2, 1, 100)
    const fields = this.#chance.oneOf<object>(
      { rackId: ' ' },
      { groupId: '' },
      { memberId: '' },
      { memberId: 'm'.repeat(37) },
      { memberEpoch: -2 },
      { memberEpoch: 0 },
      { memberEpoch: 0, subscribedTopicNames: [] },
      { groupId: 'no group', memberEpoch: 3 },
      { groupId: 'no group', memberEpoch: -1 },
      ...[{}, {}, {}]
    )
    return this.#heartbeat(`is wrong by ${shift}`, memberId, fields, (side) => {
      return { memberEpoch: Math.max(1, side.epoch(memberId) + shift), ...fields }
    })
  }

  #describe(): Step {
    const groupIds = this.#chance.oneOf([this.group], [this.group], [this.group, 'no group', ''])
    const request = () => ({ groupIds, includeAuthorizedOperations: groupIds.length > 1 })
    return this.#step(Api.ShareGroupDescribe, 1, 'describe', request)
  }

  #describeOffsets(): Step {
    const [orders, payments] = this.topics
    const topics = this.#chance.oneOf(null, null, [{ topicName: orders, partitions: [0, 1] }], [])
    const both = topics && [...topics, { topicName: payments, partitions: [1] }, { topicName: 'no', partitions: [0] }]
    const request = () => ({ groups: [{ groupId: this.group, topics: this.#chance.oneOf(topics, both) }] })
    const asked = request()
    const what = `describe offsets ${JSON.stringify(asked)}`
    return this.#step(Api.DescribeShareGroupOffsets, this.#chance.oneOf(0, 1), what, () => asked)
  }

  #alter(): Step {
    // One at least is there: of others alone Kafka makes a group and remembers the topic without partitions (docs/differences.md).
    const [first, ...others] = [
      this.#chance.oneOf(0, 1),
      this.#chance.oneOf(0, 1, 2, 99),
      this.#chance.oneOf(0, 1, 2, 99)
    ]
    const indexes = [first, ...others.slice(this.#chance.below(3))]
    const partitions = indexes.map((partitionIndex) => ({ partitionIndex, startOffset: this.#chance.below(10) }))
    const topics = [{ topicName: this.#chance.oneOf(...this.topics, 'no'), partitions }]
    const request = { groupId: this.#chance.oneOf(this.group, this.group, this.group, ''), topics }
    const step = this.#step(Api.AlterShareGroupOffsets, 0, `alter offsets ${JSON.stringify(request)}`, () => request)
    return { ...step, settlesLater: true }
  }

  #deleteOffsets(): Step {
    const [orders, payments] = this.topics
    const names = this.#chance.oneOf([orders], [payments, 'no'], [payments, orders])
    const groupId = this.#chance.oneOf(this.group, this.group, this.group, '', 'no group')
    const request = { groupId, topics: names.map((topicName) => ({ topicName })) }
    return this.#step(Api.DeleteShareGroupOffsets, 0, `delete offsets ${JSON.stringify(request)}`, () => request)
  }

  #deleteGroup(): Step {
    return this.#step(Api.DeleteGroups, 2, 'delete the group', () => ({ groupsNames: [this.group] }))
  }

  #grow(): Step {
    const count = 4 + this.#chance.below(4)
    const topics = [{ name: this.topics[0], count, assignments: null }]
    const request = () => ({ topics, timeoutMs: 10_000, validateOnly: false })
    return this.#step(Api.CreatePartitions, 2, `${this.topics[0]} grows to ${count}`, request)
  }

  /** What other kinds of groups ask. */
  #other(): Step {
    const groupId = this.group
    const topic = { name: this.topics[0], topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }
    const offset = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: '' }
    const consumer = {
      ...{ groupId, memberId: 'c', memberEpoch: this.#chance.oneOf(3, -1), instanceId: null, rackId: null },
      ...{ rebalanceTimeoutMs: 1000, subscribedTopicNames: null, subscribedTopicRegex: null },
      ...{ serverAssignor: null, topicPartitions: null }
    }
    const commit = {
      ...{ groupId, generationIdOrMemberEpoch: 1, memberId: 'a', groupInstanceId: null },
      topics: [{ ...topic, partitions: [offset] }]
    }
    const fetch = { groups: [{ groupId, memberId: null, memberEpoch: -1, topics: null }], requireStable: true }
    const choices: readonly [Step, ...Step[]] = [
      this.#step(Api.DescribeGroups, 6, 'describe as classic', () => ({
        ...{ groups: [groupId], includeAuthorizedOperations: false }
      })),
      this.#step(Api.ConsumerGroupDescribe, 0, 'describe as consumers', () => ({
        ...{ groupIds: [groupId], includeAuthorizedOperations: false }
      })),
      this.#step(Api.ConsumerGroupHeartbeat, 1, 'heartbeat of a consumer', () => consumer),
      this.#step(Api.OffsetCommit, 9, 'commit', () => commit),
      this.#step(Api.OffsetFetch, 9, 'fetch offsets', () => fetch),
      this.#step(Api.OffsetDelete, 0, 'delete committed offsets', () => ({
        ...{ groupId, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }] }
      }))
    ]
    return this.#chance.oneOf(...choices)
  }
}
