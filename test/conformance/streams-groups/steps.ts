/**
 * Requests about streams groups (KIP-1071), chosen by a seed: members that join with their topology, say that they live, give up what they are
 * to give up, go for a while or for good, and commit; and those with an epoch that is over or has not come, and tasks that there are not. What
 * each broker has said of epochs and tasks is what its members say next.
 */
import { Choices } from '../differential/choices.ts'
import { fieldOf, type Plain, type Session } from '../differential/session.ts'

export const Api = {
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  DescribeGroups: 15,
  ListGroups: 16,
  CreateTopics: 19,
  DeleteGroups: 42,
  IncrementalAlterConfigs: 44,
  ConsumerGroupDescribe: 69,
  StreamsGroupHeartbeat: 88,
  StreamsGroupDescribe: 89,
  StreamsGroupTopologyDescriptionUpdate: 93
} as const

interface TaskIds {
  readonly subtopologyId: string
  readonly partitions: readonly number[]
}

interface Member {
  readonly epoch: number
  readonly endpointsEpoch: number
  readonly tasks: readonly (readonly TaskIds[])[]
}

export interface Step {
  readonly api: number
  readonly version: number
  readonly what: string
  readonly request: (side: Side) => unknown
  /** Whose answer it is to be remembered as. */
  readonly memberId: string | null
}

const nobody: Member = { epoch: 0, endpointsEpoch: 0, tasks: [[], [], []] }

/** One broker, with what it has said. */
export class Side {
  readonly session: Session
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
    const said = ['activeTasks', 'standbyTasks', 'warmupTasks'].map((name) => fieldOf(answer, name))
    const isTold = said.every((tasks) => Array.isArray(tasks))
    const tasks = isTold ? (said as unknown as TaskIds[][]) : this.member(memberId).tasks
    const endpointsEpoch = Number(fieldOf(answer, 'endpointInformationEpoch'))
    this.#members.set(memberId, { epoch, endpointsEpoch, tasks: epoch > 0 ? tasks : nobody.tasks })
  }
}

/** The steps of one seed, on topics and a group of its own. */
export class Steps {
  readonly group: string
  readonly input: string
  readonly #chance: Choices
  readonly standbyReplicas: number
  /** With more members than two it is chance in Kafka who has which tasks. */
  readonly isOfTwo: boolean
  readonly internalTopics: readonly string[]
  /** Somebody else has made them; otherwise the group does. */
  readonly hasInternalTopics: boolean

  constructor(seed: number) {
    this.#chance = new Choices(seed)
    this.group = `group-${seed}`
    this.input = `input-${seed}`
    this.standbyReplicas = seed % 2
    this.isOfTwo = seed % 4 !== 0
    this.hasInternalTopics = seed % 3 !== 0
    this.internalTopics = ['0', '1', '2'].map((id) => `log-${seed}-${id}`).concat(`rep-${seed}`)
  }

  next(): Step {
    const makers = [
      ...[this.#join, this.#join, this.#join, this.#beat, this.#beat, this.#beat, this.#beat, this.#beat, this.#beat],
      ...[this.#beat, this.#beat, this.#leave, this.#wrong, this.#wrong, this.#commit, this.#fetch, this.#describe],
      ...[this.#describe, this.#describeAsOther, this.#list, this.#deleteGroup, this.#describeTopology]
    ]
    const maker = makers[this.#chance.below(makers.length)] ?? this.#beat
    return maker.call(this)
  }

  #memberId(): string {
    return this.isOfTwo ? this.#chance.oneOf('a', 'b') : this.#chance.oneOf('a', 'b', 'c', 'd')
  }

  /** The first is static. */
  #instanceId(memberId: string): string | null {
    return memberId === 'a' ? 'one' : null
  }

  /** Three subtopologies of four tasks with states: whoever is in the group, all can have the same number of them. */
  #topology(epoch = 1, sources = [this.input]) {
    const topic = (name: string) => ({ name, partitions: 0, replicationFactor: 0, topicConfigs: [] })
    const rep = this.internalTopics[3] ?? ''
    const subtopologies = ['0', '1', '2'].map((subtopologyId, index) => ({
      ...{ subtopologyId, sourceTopics: index < 2 ? sources : [], sourceTopicRegex: [] },
      stateChangelogTopics: [topic(this.internalTopics[index] ?? '')],
      repartitionSinkTopics: index === 1 ? [rep] : [],
      ...{ repartitionSourceTopics: index === 2 ? [topic(rep)] : [], copartitionGroups: [] }
    }))
    return { epoch, subtopologies }
  }

  #heartbeat(what: string, memberId: string, fields: object, request: (side: Side) => object): Step {
    const defaults = {
      ...{ groupId: this.group, memberId, memberEpoch: 0, endpointInformationEpoch: 0, rackId: null },
      ...{ instanceId: this.#instanceId(memberId), rebalanceTimeoutMs: -1, topology: null, processId: null },
      ...{ activeTasks: null, standbyTasks: null, warmupTasks: null, userEndpoint: null, clientTags: null },
      ...{ taskOffsets: null, taskEndOffsets: null, shutdownApplication: false }
    }
    return {
      ...{ api: Api.StreamsGroupHeartbeat, memberId, what: `${what} ${memberId} ${JSON.stringify(fields)}` },
      version: this.#chance.oneOf(0, 1, 1),
      request: (side) => ({ ...defaults, ...fields, ...request(side) })
    }
  }

  #join(): Step {
    const memberId = this.#memberId()
    const endpoint = this.hasInternalTopics ? this.#chance.oneOf(null, { host: memberId, port: 80 }) : null
    const joins = {
      ...{ rebalanceTimeoutMs: 60_000, activeTasks: [], standbyTasks: [], warmupTasks: [] },
      ...{ processId: `process of ${memberId}`, topology: this.#topology(this.#chance.oneOf(1, 1, 1, 0)) },
      ...{ userEndpoint: endpoint, rackId: this.#chance.oneOf(null, null, 'r') }
    }
    return this.#heartbeat('join', memberId, joins, () => ({}))
  }

  #beat(): Step {
    const memberId = this.#memberId()
    const saysAll = this.#chance.below(3) > 0
    const offsets = this.#chance.oneOf(null, null, [{ subtopologyId: '0', partition: 1, offset: 5 }])
    const fields = { saysAll, taskOffsets: offsets, shutdownApplication: this.#chance.below(40) === 0 }
    return this.#heartbeat('beat', memberId, fields, (side) => {
      const { epoch, endpointsEpoch, tasks } = side.member(memberId)
      const [activeTasks, standbyTasks, warmupTasks] = tasks
      const known = { memberEpoch: epoch > 0 ? epoch : 1, endpointInformationEpoch: endpointsEpoch }
      return saysAll ? { ...known, activeTasks, standbyTasks, warmupTasks } : known
    })
  }

  #leave(): Step {
    const memberId = this.#memberId()
    const memberEpoch = memberId === 'a' ? this.#chance.oneOf(-1, -2) : -1
    return this.#heartbeat('leave', memberId, { memberEpoch }, () => ({}))
  }

  #wrong(): Step {
    const memberId = this.#memberId()
    const owning = (subtopologyId: string, partition: number) => ({
      ...{ activeTasks: [{ subtopologyId, partitions: [partition] }], standbyTasks: [], warmupTasks: [] }
    })
    const fields = this.#chance.oneOf<object>(
      { memberEpoch: 99 },
      { memberEpoch: 1 },
      { memberEpoch: -3 },
      { memberEpoch: 0 },
      { memberId: '' },
      { groupId: '' },
      { memberEpoch: 1, topology: this.#topology() },
      { memberEpoch: 2, activeTasks: [] },
      { memberEpoch: -2, instanceId: null },
      { memberEpoch: 2, instanceId: 'nobody' },
      { memberEpoch: -1, groupId: 'nowhere' },
      { memberEpoch: 2, groupId: 'nowhere' }
    )
    const tasks = this.#chance.oneOf(owning('9', 0), owning('0', 4), owning('0', -1))
    const isOfTasks = this.#chance.below(3) === 0
    const newer = { rebalanceTimeoutMs: 60_000, ...owning('0', 0), activeTasks: [], topology: this.#topology(2) }
    if (this.#chance.below(8) === 0) return this.#heartbeat('another topology', memberId, newer, () => ({}))
    return this.#heartbeat('wrong', memberId, isOfTasks ? tasks : fields, (side) =>
      isOfTasks ? { memberEpoch: side.member(memberId).epoch || 1 } : {}
    )
  }

  #commit(): Step {
    const [memberId, partitionIndex, past] = [this.#memberId(), this.#chance.below(4), this.#chance.oneOf(0, 0, 1, -1)]
    const topics = [
      {
        ...{ name: this.input, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' },
        partitions: [{ partitionIndex, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: '' }]
      }
    ]
    const asked = { groupId: this.group, memberId, groupInstanceId: null, retentionTimeMs: -1, topics }
    return {
      ...{ api: Api.OffsetCommit, version: this.#chance.oneOf(9, 9, 8), memberId: null },
      what: `commit of ${memberId} ${past}`,
      request: (side) => ({ ...asked, generationIdOrMemberEpoch: Math.max(1, side.member(memberId).epoch + past) })
    }
  }

  #fetch(): Step {
    const memberId = this.#memberId()
    const of = (side: Side) => ({ groupId: this.group, memberId, memberEpoch: side.member(memberId).epoch })
    return {
      ...{ api: Api.OffsetFetch, version: 9, what: `fetch of ${memberId}`, memberId: null },
      request: (side) => ({ groups: [{ ...of(side), topics: [] }], requireStable: false })
    }
  }

  #describe(): Step {
    const request = { groupIds: [this.group], includeAuthorizedOperations: false, includeTopologyDescription: false }
    const version = this.#chance.oneOf(0, 1)
    return { api: Api.StreamsGroupDescribe, version, what: 'describe', memberId: null, request: () => request }
  }

  #describeAsOther(): Step {
    const [asked, includeAuthorizedOperations] = [[this.group], false]
    const classic: Pick<Step, 'api' | 'version' | 'request'> = {
      api: Api.DescribeGroups,
      version: 6,
      request: () => ({ groups: asked, includeAuthorizedOperations })
    }
    const consumer: typeof classic = {
      ...{ api: Api.ConsumerGroupDescribe, version: 1 },
      request: () => ({ groupIds: asked, includeAuthorizedOperations })
    }
    return { ...this.#chance.oneOf(classic, consumer), what: 'describe as another kind', memberId: null }
  }

  #list(): Step {
    const request = () => ({ statesFilter: [], typesFilter: ['streams'] })
    return { api: Api.ListGroups, version: 5, what: 'list', memberId: null, request }
  }

  #deleteGroup(): Step {
    const request = () => ({ groupsNames: [this.group] })
    return { api: Api.DeleteGroups, version: 2, what: 'delete the group', memberId: null, request }
  }

  #describeTopology(): Step {
    const topologyDescription = { subtopologies: [], globalStores: [] }
    const request = () => ({ groupId: this.group, memberId: 'a', topologyEpoch: 1, topologyDescription })
    const api = Api.StreamsGroupTopologyDescriptionUpdate
    return { api, version: 0, what: 'describe the topology', memberId: null, request }
  }
}
