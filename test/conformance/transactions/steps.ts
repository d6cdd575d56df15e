/**
 * Requests about transactions, chosen by a seed, in every version: right ones, and those with another's producer, an epoch that is over or
 * has not come, a sequence out of order, and names that nobody has. What each broker names itself stands for its place in the order.
 */
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Choices } from '../differential/choices.ts'
import { fieldOf, type Plain, type Session } from '../differential/session.ts'

export const Api = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  OffsetFetch: 9,
  FindCoordinator: 10,
  CreateTopics: 19,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  WriteTxnMarkers: 27,
  TxnOffsetCommit: 28,
  DescribeProducers: 61,
  DescribeTransactions: 65,
  ListTransactions: 66
} as const

interface Producer {
  readonly producerId: number
  readonly producerEpoch: number
}

/** A step as it was chosen, the same for both brokers. */
export interface Step {
  readonly api: number
  readonly version: number
  readonly what: string
  readonly request: (side: Side) => unknown
  /** Whose transaction it may end or begin. */
  readonly transactionalId: string | null
}

const nobody: Producer = { producerId: -1, producerEpoch: -1 }
const unknown: Producer = { producerId: 4_000_000_000, producerEpoch: 0 }

/** One broker, with what it has said. */
export class Side {
  readonly session: Session
  topicId = ''
  /** In the order in which it gave them; the place stands for the id. */
  readonly #ids: number[] = []
  readonly #producers = new Map<string, Producer>()
  readonly #sequences = new Map<string, number>()

  constructor(session: Session) {
    this.session = session
  }

  producer(transactionalId: string): Producer {
    return this.#producers.get(transactionalId) ?? unknown
  }

  /** The next sequence of a producer in a partition, as an honest client counts. */
  sequence({ producerId, producerEpoch }: Producer, partition: number): number {
    const key = `${producerId} ${producerEpoch} ${partition}`
    const sequence = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, sequence + 1)
    return sequence
  }

  note({ api, transactionalId }: Step, answer: Plain): void {
    if (transactionalId === null || (api !== Api.InitProducerId && api !== Api.EndTxn)) return
    const [producerId, producerEpoch] = [fieldOf(answer, 'producerId'), fieldOf(answer, 'producerEpoch')]
    if (fieldOf(answer, 'errorCode') !== 0 || Number(producerId ?? -1) < 0) return
    this.#producers.set(transactionalId, { producerId: Number(producerId), producerEpoch: Number(producerEpoch) })
  }

  /** With the ids of producers by the order in which they came, and without times. */
  told(value: Plain, name = ''): Plain {
    if (name === 'producerId' && typeof value === 'number' && value >= 0 && value !== unknown.producerId) {
      if (!this.#ids.includes(value)) this.#ids.push(value)
      return `producer ${this.#ids.indexOf(value)}`
    }
    if (name === 'transactionStartTimeMs') return typeof value === 'number' && value > 0 ? 'a time' : value
    if (Array.isArray(value)) return value.map((one) => this.told(one))
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, this.told(inner, field)]))
  }
}

/** The steps of one seed, on a topic, a group and transactional ids of its own. */
export class Steps {
  readonly topic: string
  readonly #chance: Choices
  readonly #group: string
  readonly #ids: readonly string[]
  /** Few ask for it. */
  readonly #nobody: string

  constructor(seed: number) {
    this.#chance = new Choices(seed)
    this.topic = `topic-${seed}`
    this.#group = `group-${seed}`
    this.#ids = [`first-${seed}`, `second-${seed}`]
    this.#nobody = `nobody-${seed}`
  }

  get ids(): readonly string[] {
    return [...this.#ids, this.#nobody]
  }

  next(): Step {
    const makers = [
      ...[this.#init, this.#addPartitions, this.#addOffsets, this.#write, this.#write, this.#write],
      ...[this.#end, this.#end, this.#commitOffsets, this.#look, this.#look, this.#look, this.#marker]
    ]
    const maker = makers[this.#chance.below(makers.length)] ?? this.#init
    return maker.call(this)
  }

  #id(): string {
    const [first = '', second = ''] = this.#ids
    return this.#chance.oneOf(first, first, first, second, second, second, this.#nobody, '')
  }

  /** Mostly the one that has the transactional id. */
  #of(id: string): { readonly of: (side: Side) => Producer; readonly what: string } {
    const shift = this.#chance.oneOf(0, 0, 0, 0, 0, 0, 0, 0, -1, 1)
    const other = this.#chance.below(20) === 0
    return {
      of: (side) => {
        if (other) return unknown
        const { producerId, producerEpoch } = side.producer(id)
        return { producerId, producerEpoch: Math.max(0, producerEpoch + shift) }
      },
      what: `${id}${other ? ' as another' : ''}${shift === 0 ? '' : ` in epoch ${shift}`}`
    }
  }

  #init(): Step {
    const id = this.#id()
    const version = this.#chance.below(6)
    const { of, what } = this.#of(id)
    const goesOn = version >= 3 && this.#chance.below(3) === 0
    const transactionTimeoutMs = this.#chance.oneOf(60_000, 60_000, 60_000, 60_000, 0, 900_001)
    return {
      ...{ api: Api.InitProducerId, version, transactionalId: id },
      what: `InitProducerId ${version} ${goesOn ? `of ${what}` : id} ${transactionTimeoutMs}`,
      request: (side) => ({
        transactionalId: id,
        transactionTimeoutMs,
        ...(version < 3 ? {} : goesOn ? of(side) : nobody)
      })
    }
  }

  #partitions(): number[] {
    return this.#chance.oneOf([0], [1], [0, 1], [0], [9])
  }

  #addPartitions(): Step {
    const id = this.#id()
    const version = this.#chance.below(6)
    const { of, what } = this.#of(id)
    const name = this.#chance.oneOf(this.topic, this.topic, this.topic, this.topic, 'absent')
    const topics = [{ name, partitions: this.#partitions() }]
    const verifyOnly = this.#chance.below(2) === 0
    return {
      ...{ api: Api.AddPartitionsToTxn, version, transactionalId: id },
      what: `AddPartitionsToTxn ${version} of ${what}: ${JSON.stringify(topics)}${version > 3 && verifyOnly ? ', verified' : ''}`,
      request: (side) => {
        const { producerId, producerEpoch } = of(side)
        if (version > 3)
          return { transactions: [{ transactionalId: id, producerId, producerEpoch, verifyOnly, topics }] }
        return {
          v3AndBelowTransactionalId: id,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch,
          v3AndBelowTopics: topics
        }
      }
    }
  }

  #addOffsets(): Step {
    const id = this.#id()
    const version = this.#chance.below(5)
    const { of, what } = this.#of(id)
    return {
      ...{ api: Api.AddOffsetsToTxn, version, transactionalId: id },
      what: `AddOffsetsToTxn ${version} of ${what}`,
      request: (side) => ({ transactionalId: id, ...of(side), groupId: this.#group })
    }
  }

  #write(): Step {
    const id = this.#id()
    const version = 3 + this.#chance.below(11)
    const { of, what } = this.#of(id)
    const partition = this.#chance.below(2)
    const shift = this.#chance.oneOf(0, 0, 0, 0, 0, 0, 0, 1, -1)
    const isTransactional = this.#chance.below(12) > 0
    const value = `${id} ${this.#chance.below(1_000_000)}`
    return {
      ...{ api: Api.Produce, version, transactionalId: id },
      what: `Produce ${version} of ${what} to ${partition}${shift === 0 ? '' : `, sequence ${shift}`}${isTransactional ? '' : ', in none'}`,
      request: (side) => {
        const producer = of(side)
        const baseSequence = Math.max(0, side.sequence(producer, partition) + shift)
        const record = { timestamp: 1_700_000_000_000, key: null, value: Buffer.from(value), headers: [] }
        const records = buildBatch({ ...producer, baseSequence, isTransactional, records: [record] })
        const topic = version >= 13 ? { topicId: side.topicId } : { name: this.topic }
        const topicData = [{ ...topic, partitionData: [{ index: partition, records }] }]
        return { transactionalId: id, acks: -1, timeoutMs: 5000, topicData }
      }
    }
  }

  #end(): Step {
    const id = this.#id()
    const version = this.#chance.below(6)
    const { of, what } = this.#of(id)
    const committed = this.#chance.below(3) > 0
    return {
      ...{ api: Api.EndTxn, version, transactionalId: id },
      what: `EndTxn ${version} of ${what}: ${committed ? 'commit' : 'abort'}`,
      request: (side) => ({ transactionalId: id, ...of(side), committed })
    }
  }

  #commitOffsets(): Step {
    const id = this.#id()
    const version = this.#chance.below(7)
    const { of, what } = this.#of(id)
    const offset = this.#chance.below(100)
    const partitions = this.#partitions().map((partitionIndex) => ({
      ...{ partitionIndex, committedOffset: offset, committedMetadata: 'm' },
      ...(version >= 2 && { committedLeaderEpoch: -1 })
    }))
    const member = this.#chance.oneOf(
      { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null },
      { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null },
      { generationIdOrMemberEpoch: 3, memberId: 'stranger', groupInstanceId: null }
    )
    return {
      ...{ api: Api.TxnOffsetCommit, version, transactionalId: id },
      what: `TxnOffsetCommit ${version} of ${what}: ${offset}${member.memberId}`,
      request: (side) => ({
        ...{ transactionalId: id, groupId: this.#group, ...of(side), ...(version >= 3 && member) },
        topics: [{ ...(version >= 6 ? { topicId: side.topicId } : { name: this.topic }), partitions }]
      })
    }
  }

  /** As an administrator ends a transaction that hangs; also where there is none. */
  #marker(): Step {
    const id = this.#id()
    const version = 1 + this.#chance.below(2)
    const { of, what } = this.#of(id)
    const topics = [
      { name: this.#chance.oneOf(this.topic, this.topic, 'absent'), partitionIndexes: [this.#chance.below(2)] }
    ]
    const marker = {
      transactionResult: this.#chance.below(2) === 0,
      coordinatorEpoch: this.#chance.oneOf(-1, 0, 0),
      topics
    }
    const transactionVersion = this.#chance.below(3)
    return {
      ...{ api: Api.WriteTxnMarkers, version, transactionalId: null },
      what: `WriteTxnMarkers ${version} of ${what}: ${JSON.stringify(marker)} ${transactionVersion}`,
      request: (side) => ({ markers: [{ ...of(side), ...marker, ...(version >= 2 && { transactionVersion }) }] })
    }
  }

  #look(): Step {
    const looks = [this.#describe, this.#list, this.#producers, this.#read, this.#ends, this.#offsets]
    const look = looks[this.#chance.below(looks.length)] ?? this.#describe
    return look.call(this)
  }

  #describe(): Step {
    const transactionalIds = [...this.#ids, this.#nobody, '']
    return this.#asked(Api.DescribeTransactions, 0, 'DescribeTransactions', () => ({ transactionalIds }))
  }

  #list(): Step {
    const version = this.#chance.below(3)
    const [stateFilters] = [
      this.#chance.oneOf<string[]>([], ['Ongoing'], ['CompleteCommit', 'Unheard'], ['Empty', 'CompleteAbort'])
    ]
    const transactionalIdPattern = this.#chance.oneOf(`first-.*`, `(first|second)-\\d+`, null, '', '[')
    const later = { ...(version >= 1 && { durationFilter: -1 }), ...(version >= 2 && { transactionalIdPattern }) }
    const what = `ListTransactions ${version} ${stateFilters} ${version >= 2 ? transactionalIdPattern : ''}`
    return this.#asked(Api.ListTransactions, version, what, (side) => ({
      stateFilters,
      producerIdFilters: version < 2 ? this.#ids.map((id) => side.producer(id).producerId) : [],
      ...later
    }))
  }

  #producers(): Step {
    const topics = [{ name: this.topic, partitionIndexes: [0, 1, 9] }]
    return this.#asked(Api.DescribeProducers, 0, 'DescribeProducers', () => ({ topics }))
  }

  /** Control records as well: they take offsets. */
  #read(): Step {
    const isolationLevel = this.#chance.below(2)
    const partition = this.#chance.below(2)
    const partitions = [
      { partition, currentLeaderEpoch: -1, fetchOffset: 0, logStartOffset: -1, partitionMaxBytes: 1e6 }
    ]
    const topics = [{ topic: this.topic, partitions }]
    const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1e6, isolationLevel, sessionId: 0, sessionEpoch: -1 }
    const request = { replicaId: -1, ...limits, topics, forgottenTopicsData: [] }
    return this.#asked(Api.Fetch, 11, `Fetch of ${partition} by isolation ${isolationLevel}`, () => request)
  }

  #ends(): Step {
    const isolationLevel = this.#chance.below(2)
    const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 }))
    const request = { replicaId: -1, isolationLevel, topics: [{ name: this.topic, partitions }] }
    return this.#asked(Api.ListOffsets, 7, `ListOffsets by isolation ${isolationLevel}`, () => request)
  }

  #offsets(): Step {
    const requireStable = this.#chance.below(2) === 0
    const topics = [{ name: this.topic, partitionIndexes: [0, 1] }]
    const what = `OffsetFetch${requireStable ? ' of what is stable' : ''}`
    return this.#asked(Api.OffsetFetch, 7, what, () => ({ groupId: this.#group, topics, requireStable }))
  }

  #asked(api: number, version: number, what: string, request: Step['request']): Step {
    return { api, version, what, request, transactionalId: null }
  }
}
