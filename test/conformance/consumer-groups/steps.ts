/**
 * Requests about consumer groups (KIP-848), chosen by a seed: members that join, say that they live, give up what they are to give up,
 * subscribe to something else, go for a while or for good, and commit; and those with an epoch that is over or has not come, and names that
 * nobody has. What each broker has said of epochs and assignments is what its members say next.
 */
import { Choices } from '../differential/choices.ts'
import { fieldOf, type Plain, type Session, textOf } from '../differential/session.ts'

export const Api = {
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  DescribeGroups: 15,
  CreateTopics: 19,
  DeleteTopics: 20,
  CreatePartitions: 37,
  DeleteGroups: 42,
  IncrementalAlterConfigs: 44,
  OffsetDelete: 47,
  ConsumerGroupHeartbeat: 68,
  ConsumerGroupDescribe: 69
} as const

interface Owned {
  readonly topicId: string
  readonly partitions: readonly number[]
}

interface Member {
  readonly epoch: number
  readonly assigned: readonly Owned[]
}

export interface Step {
  readonly api: number
  readonly version: number
  readonly what: string
  readonly request: (side: Side) => unknown
  /** Whose answer it is to be remembered as. */
  readonly memberId: string | null
  /** An expression may be looked up once it is answered. */
  readonly settlesLater: boolean
}

const nobody: Member = { epoch: 0, assigned: [] }

/** One broker, with what it has said. */
export class Side {
  readonly session: Session
  readonly topicIds = new Map<string, string>()
  readonly #members = new Map<string, Member>()

  constructor(session: Session) {
    this.session = session
  }

  member(memberId: string): Member {
    return this.#members.get(memberId) ?? nobody
  }

  note({ memberId }: Step, answer: Plain): void {
    if (memberId === null || fieldOf(answer, 'errorCode') !== 0) return
    const epoch = Number(fieldOf(answer, 'memberEpoch'))
    const assignment = fieldOf(answer, 'assignment') as unknown as { topicPartitions: Owned[] } | null
    const { assigned } = this.member(memberId)
    this.#members.set(memberId, { epoch, assigned: assignment?.topicPartitions ?? (epoch > 0 ? assigned : []) })
  }

  /** With topics by their names, in an order that means something. */
  told(value: Plain): Plain {
    if (Array.isArray(value)) {
      const elements = value.map((one) => this.told(one))
      return elements.sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
    }
    if (typeof value === 'string') return this.topicIds.get(value) ?? value
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.told(inner)]))
  }

  idOf(topic: string): string {
    for (const [id, name] of this.topicIds) if (name === topic) return id
    return 'AAAAAAAAAAAAAAAAAAAAAA'
  }
}

const memberIds = ['a', 'b', 'c', 'd'] as const
const minute = 60_000

/** The steps of one seed, on topics and a group of its own. */
export class Steps {
  readonly group: string
  readonly topics: readonly [string, string]
  readonly #chance: Choices
  /** Which of a topic's partitions go where is chance in Kafka where `uniform` has several topics. */
  readonly #isUniform: boolean
  readonly #hasExpressions: boolean

  constructor(seed: number) {
    this.#chance = new Choices(seed)
    this.group = `group-${seed}`
    this.topics = [`orders-${seed}`, `payments-${seed}`]
    this.#isUniform = seed % 2 === 0
    this.#hasExpressions = seed % 3 === 0
  }

  next(): Step {
    const makers = [
      ...[this.#join, this.#join, this.#beat, this.#beat, this.#beat, this.#beat, this.#beat, this.#beat],
      ...[this.#subscribe, this.#leave, this.#wrong, this.#commit, this.#commit, this.#fetch, this.#describe],
      ...[this.#describe, this.#describeAsClassic, this.#deleteOffsets, this.#deleteGroup, this.#grow]
    ]
    const maker = makers[this.#chance.below(makers.length)] ?? this.#beat
    return maker.call(this)
  }

  #memberId(): string {
    return this.#chance.oneOf(...memberIds)
  }

  /** The last two are static now and then. */
  #instanceId(memberId: string): string | null {
    return memberId === 'c' || memberId === 'd' ? this.#chance.oneOf(null, 'one', 'one', 'two') : null
  }

  #subscription(): { names: string[] | null; expression: string | null } {
    const [orders, payments] = this.topics
    if (this.#hasExpressions && this.#chance.below(3) === 0) {
      return {
        names: this.#chance.oneOf(null, []),
        expression: this.#chance.oneOf(`${orders}|x`, `${orders}`, '(', '')
      }
    }
    const both = this.#isUniform ? [orders] : [orders, payments]
    return { names: this.#chance.oneOf([orders], [payments], both, both, [orders, 'nowhere'], []), expression: null }
  }

  #heartbeat(what: string, memberId: string, fields: object, request: (side: Side) => object): Step {
    const defaults = {
      ...{ groupId: this.group, memberId, instanceId: null, rackId: null, rebalanceTimeoutMs: -1 },
      ...{ subscribedTopicNames: null, subscribedTopicRegex: null, serverAssignor: null, topicPartitions: null }
    }
    return {
      ...{ api: Api.ConsumerGroupHeartbeat, memberId },
      version: 1,
      what: `${memberId} ${what}`,
      settlesLater: this.#hasExpressions,
      request: (side) => ({ ...defaults, ...fields, ...request(side) })
    }
  }

  #join(): Step {
    const memberId = this.#memberId()
    const { names, expression } = this.#subscription()
    const fields = {
      instanceId: this.#instanceId(memberId),
      rebalanceTimeoutMs: minute,
      memberEpoch: 0,
      subscribedTopicNames: names,
      subscribedTopicRegex: expression,
      serverAssignor: this.#isUniform ? this.#chance.oneOf(null, 'uniform') : 'range',
      topicPartitions: []
    }
    return this.#heartbeat(`joins ${JSON.stringify(fields)}`, memberId, fields, () => ({}))
  }

  #beat(): Step {
    const memberId = this.#memberId()
    const says = this.#chance.oneOf('nothing', 'all', 'all', 'all', 'nothing owned')
    const full = this.#chance.below(5) === 0
    const fields = { instanceId: this.#instanceId(memberId), ...(full ? { rebalanceTimeoutMs: minute } : {}) }
    return this.#heartbeat(`beats and says ${says} ${JSON.stringify(fields)}`, memberId, fields, (side) => {
      const { epoch, assigned } = side.member(memberId)
      const topicPartitions = says === 'nothing' ? null : says === 'all' ? assigned : []
      return { memberEpoch: epoch, topicPartitions: epoch === 0 ? [] : topicPartitions }
    })
  }

  #subscribe(): Step {
    const memberId = this.#memberId()
    const { names, expression } = this.#subscription()
    const fields = { subscribedTopicNames: names, subscribedTopicRegex: expression }
    return this.#heartbeat(`subscribes ${JSON.stringify(fields)}`, memberId, fields, (side) => {
      const { epoch, assigned } = side.member(memberId)
      return { memberEpoch: Math.max(epoch, 1), topicPartitions: assigned }
    })
  }

  #leave(): Step {
    const memberId = this.#memberId()
    const instanceId = this.#instanceId(memberId)
    const memberEpoch = instanceId === null ? -1 : this.#chance.oneOf(-1, -2, -2)
    return this.#heartbeat(`leaves ${memberEpoch} ${instanceId}`, memberId, { instanceId, memberEpoch }, () => ({}))
  }

  #wrong(): Step {
    const memberId = this.#chance.oneOf(this.#memberId(), this.#memberId(), 'nobody')
    const shift = this.#chance.oneOf(-1, 1, 100)
    const fields = this.#chance.oneOf<object>(
      { instanceId: '' },
      { rackId: ' ' },
      { serverAssignor: 'mine' },
      { groupId: '' },
      { memberEpoch: -3 },
      { memberEpoch: -2 },
      { memberEpoch: 0 },
      { memberEpoch: 0, rebalanceTimeoutMs: minute },
      { memberEpoch: 0, rebalanceTimeoutMs: minute, topicPartitions: [] },
      { groupId: 'no group', memberEpoch: 3 },
      {},
      {},
      {}
    )
    const what = `is wrong by ${shift} ${JSON.stringify(fields)}`
    return this.#heartbeat(what, memberId, {}, (side) => {
      const { epoch, assigned } = side.member(memberId)
      return { memberEpoch: Math.max(1, epoch + shift), topicPartitions: assigned, ...fields }
    })
  }

  #commit(): Step {
    const [memberId, topic, partition] = [this.#memberId(), this.#chance.oneOf(...this.topics), this.#chance.below(3)]
    const shift = this.#chance.oneOf(0, 0, 0, 0, -1, -1, 1, -100)
    const version = this.#chance.oneOf(8, 9, 9, 10)
    const committedOffset = this.#chance.below(100)
    return {
      ...{ api: Api.OffsetCommit, version, memberId: null, settlesLater: false },
      what: `${memberId} commits ${committedOffset} for ${topic}-${partition} in epoch ${shift}, version ${version}`,
      request: (side) => ({
        ...{
          groupId: this.group,
          memberId: shift === -100 ? '' : memberId,
          groupInstanceId: null,
          retentionTimeMs: -1
        },
        generationIdOrMemberEpoch: shift === -100 ? -1 : side.member(memberId).epoch + shift,
        topics: [
          {
            ...{ name: topic, topicId: side.idOf(topic) },
            partitions: [
              { partitionIndex: partition, committedOffset, committedLeaderEpoch: -1, committedMetadata: '' }
            ]
          }
        ]
      })
    }
  }

  #fetch(): Step {
    const memberId = this.#memberId()
    const shift = this.#chance.oneOf(0, 0, -1, 1, -100)
    return {
      ...{ api: Api.OffsetFetch, version: 9, memberId: null, settlesLater: false },
      what: `${memberId} fetches offsets in epoch ${shift}`,
      request: (side) => {
        const isSomebody = shift !== -100
        const who = isSomebody
          ? { memberId, memberEpoch: side.member(memberId).epoch + shift }
          : { memberId: null, memberEpoch: -1 }
        return { groups: [{ groupId: this.group, ...who, topics: null }], requireStable: true }
      }
    }
  }

  #describe(): Step {
    const groupIds = this.#chance.oneOf([this.group], [this.group], [this.group, 'no group', ''])
    return {
      ...{ api: Api.ConsumerGroupDescribe, version: this.#chance.oneOf(0, 1), memberId: null, settlesLater: false },
      what: 'describe',
      request: () => ({ groupIds, includeAuthorizedOperations: groupIds.length > 1 })
    }
  }

  #describeAsClassic(): Step {
    const request = () => ({ groups: [this.group], includeAuthorizedOperations: false })
    const version = this.#chance.oneOf(5, 6)
    return {
      api: Api.DescribeGroups,
      version,
      memberId: null,
      settlesLater: false,
      what: 'describe as classic',
      request
    }
  }

  #deleteOffsets(): Step {
    const topics = [
      { name: this.#chance.oneOf(...this.topics), partitions: [{ partitionIndex: this.#chance.below(3) }] }
    ]
    const request = () => ({ groupId: this.group, topics })
    const what = `delete offsets ${JSON.stringify(topics)}`
    return { api: Api.OffsetDelete, version: 0, memberId: null, settlesLater: false, what, request }
  }

  #deleteGroup(): Step {
    const request = () => ({ groupsNames: [this.group] })
    return { api: Api.DeleteGroups, version: 2, memberId: null, settlesLater: false, what: 'delete the group', request }
  }

  #grow(): Step {
    const count = 7 + this.#chance.below(3)
    const topics = [{ name: this.topics[0], count, assignments: null }]
    return {
      ...{ api: Api.CreatePartitions, version: 2, memberId: null, settlesLater: false },
      what: `${this.topics[0]} grows to ${count}`,
      request: () => ({ topics, timeoutMs: 10_000, validateOnly: false })
    }
  }
}
