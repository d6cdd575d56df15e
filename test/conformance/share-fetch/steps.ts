/**
 * Requests of the members of a share group (KIP-932), chosen by a seed: they open sessions, fetch, say of what they hold that it is done, or
 * not, or wrong, or of what they do not hold at all; they go, and come back; and the log grows, with transactions, and loses its beginning.
 */

import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Choices } from '../differential/choices.ts'
import type { Plain, Session } from '../differential/session.ts'

export const Api = {
  Produce: 0,
  FindCoordinator: 10,
  CreateTopics: 19,
  DeleteRecords: 21,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  EndTxn: 26,
  IncrementalAlterConfigs: 44,
  ShareFetch: 78,
  ShareAcknowledge: 79,
  InitializeShareGroupState: 83
} as const

export interface Range {
  readonly firstOffset: number
  readonly lastOffset: number
}

interface PartitionAnswer {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly acquiredRecords?: readonly Range[]
}

export interface ShareAnswer {
  readonly errorCode: number
  readonly responses: readonly { readonly topicId: string; readonly partitions: readonly PartitionAnswer[] }[]
}

/** What a member has been given and not given back, as one broker told it. */
class Member {
  epoch = 0
  readonly held: Map<number, Range[]> = new Map([
    [0, []],
    [1, []]
  ])
}

/** One broker, with what it has said. */
export class Side {
  readonly session: Session
  topicId = ''
  producer: Producer | null = null
  readonly #members = new Map<string, Member>()

  constructor(session: Session) {
    this.session = session
  }

  member(memberId: string): Member {
    const member = this.#members.get(memberId) ?? new Member()
    this.#members.set(memberId, member)
    return member
  }

  /** What the answer says that the member holds from now on, and the epoch of its next request. */
  note(memberId: string, sentEpoch: number, answer: ShareAnswer): void {
    const member = this.member(memberId)
    if (answer.errorCode !== 0) return
    member.epoch = sentEpoch + 1
    for (const { partitions } of answer.responses)
      for (const { partitionIndex, acquiredRecords = [] } of partitions)
        member.held.get(partitionIndex)?.push(...acquiredRecords)
    if (sentEpoch === -1) for (const ranges of member.held.values()) ranges.length = 0
  }
}

export interface Producer {
  readonly producerId: number | bigint
  readonly producerEpoch: number
  sequences: [number, number]
}

export interface Step {
  readonly what: string
  take(side: Side): Promise<Plain>
}

const memberIds = ['a', 'b', 'c'] as const
const recordBytes = 10

export function batchOf(count: number, within: Producer | null = null, partition = 0): Buffer {
  const records = Array.from({ length: count }, (_, index) => ({
    ...{ timestamp: 1_700_000_000_000 + index, key: null, value: Buffer.alloc(recordBytes, index), headers: [] }
  }))
  if (within === null) return buildBatch({ records })
  const { producerId, producerEpoch, sequences } = within
  const baseSequence = sequences[partition] ?? 0
  sequences[partition] = baseSequence + count
  return buildBatch({ records, producerId: Number(producerId), producerEpoch, baseSequence, isTransactional: true })
}

/** The steps of one seed, on a topic and a group of its own. */
export class Steps {
  readonly group: string
  readonly topic: string
  readonly settings: Readonly<Record<string, string>>
  readonly isTransactional: boolean
  readonly #chance: Choices
  /** Where batches of partition 0 begin. */
  readonly #begins = [0]

  constructor(seed: number, attempt: number) {
    this.#chance = new Choices(seed)
    this.group = `sharers-${seed}-${attempt}`
    this.topic = `shared-${seed}-${attempt}`
    this.isTransactional = seed % 3 === 0
    this.settings = {
      'share.auto.offset.reset': 'earliest',
      'share.isolation.level': seed % 2 === 0 ? 'read_committed' : 'read_uncommitted',
      'share.delivery.count.limit': String(this.#chance.oneOf(2, 3, 5, 5, 10)),
      'share.partition.max.record.locks': String(this.#chance.oneOf(100, 200, 2000))
    }
  }

  next(): Step {
    const makers = [
      ...[this.#fetch, this.#fetch, this.#fetch, this.#fetch, this.#fetch, this.#fetch, this.#fetch],
      ...[this.#acknowledge, this.#acknowledge, this.#acknowledge, this.#acknowledge, this.#acknowledge],
      ...[this.#produce, this.#produce, this.#produce, this.#open, this.#close, this.#wrong, this.#trim]
    ]
    const maker = makers[this.#chance.below(makers.length)] ?? this.#fetch
    return maker.call(this)
  }

  #limits() {
    return {
      ...{
        maxWaitMs: 1500,
        minBytes: this.#chance.oneOf(1, 1, 1, 0, 400),
        maxBytes: this.#chance.oneOf(1_000_000, 1_000_000, 2000)
      },
      ...{
        maxRecords: this.#chance.oneOf(1, 3, 10, 25, 500),
        batchSize: this.#chance.oneOf(1, 7, 500),
        shareAcquireMode: this.#chance.below(2)
      }
    }
  }

  #fetch(): Step {
    const memberId = this.#chance.oneOf(...memberIds)
    const limits = this.#limits()
    const said = this.#chance.below(2) === 0 ? this.#said() : null
    const isForgotten = this.#chance.below(15) === 0
    const what = `${memberId} fetches ${JSON.stringify(limits)}${said === null ? '' : ` and says ${said.what}`}`
    const take = async (side: Side): Promise<Plain> => {
      const { epoch } = side.member(memberId)
      const isOpen = epoch > 0
      const partitions = isOpen ? (said?.of(side, memberId) ?? []) : bothPartitions
      const forgotten = isForgotten && isOpen ? [{ topicId: side.topicId, partitions: [1] }] : []
      return this.#askToFetch(side, memberId, epoch, {
        ...limits,
        topics: topicsOf(side, partitions),
        forgottenTopicsData: forgotten
      })
    }
    return { what: isForgotten ? `${what}, and forgets partition 1` : what, take }
  }

  #open(): Step {
    const memberId = this.#chance.oneOf(...memberIds)
    const limits = this.#limits()
    const topics = (side: Side) => topicsOf(side, bothPartitions)
    return {
      what: `${memberId} opens its session ${JSON.stringify(limits)}`,
      take: (side) => this.#askToFetch(side, memberId, 0, { ...limits, topics: topics(side) })
    }
  }

  #close(): Step {
    const memberId = this.#chance.oneOf(...memberIds)
    const said = this.#chance.oneOf(null, this.#said())
    const isByFetch = this.#chance.below(2) === 0
    const take = (side: Side): Promise<Plain> => {
      const topics = topicsOf(side, said?.of(side, memberId) ?? [])
      if (!isByFetch) return this.#askToAcknowledge(side, memberId, -1, { topics })
      return this.#askToFetch(side, memberId, -1, { ...this.#noLimits, topics })
    }
    return { what: `${memberId} goes${said === null ? '' : ` and says ${said.what}`}`, take }
  }

  get #noLimits() {
    return { maxWaitMs: 0, minBytes: 0, maxBytes: 0, maxRecords: 0, batchSize: 0, shareAcquireMode: 0 }
  }

  #acknowledge(): Step {
    const memberId = this.#chance.oneOf(...memberIds)
    const said = this.#said()
    const isRenewAck = this.#chance.below(4) === 0
    const take = (side: Side): Promise<Plain> => {
      const topics = topicsOf(side, said.of(side, memberId))
      return this.#askToAcknowledge(side, memberId, side.member(memberId).epoch, { topics, isRenewAck })
    }
    return { what: `${memberId} says ${said.what}${isRenewAck ? ', and may renew' : ''}`, take }
  }

  /** Of what somebody holds, mostly the member itself; or of any offsets. */
  #said() {
    const partition = this.#chance.below(2)
    const [which, skip, length] = [
      this.#chance.below(8),
      this.#chance.oneOf(0, 0, 1, 3),
      this.#chance.oneOf(1, 2, 5, 1000)
    ]
    const isOthers = this.#chance.below(10) === 0
    const anywhere = this.#chance.below(12) === 0 ? this.#chance.below(60) : null
    const type = this.#chance.oneOf(1, 1, 1, 2, 2, 2, 2, 3, 0, 4, 9)
    const types = this.#chance.below(3) === 0 ? Array.from({ length: 3 }, () => this.#chance.oneOf(1, 2, 3, 0)) : [type]
    const of = (side: Side, memberId: string) => {
      const whose = isOthers ? (memberId === 'a' ? 'b' : 'a') : memberId
      const ranges = side.member(whose).held.get(partition) ?? []
      const range = ranges[which % Math.max(1, ranges.length)] ?? { firstOffset: which, lastOffset: which }
      const firstOffset = anywhere ?? Math.min(range.firstOffset + skip, range.lastOffset)
      const lastOffset = Math.min(firstOffset + length - 1, Math.max(range.lastOffset, firstOffset))
      const acknowledgeTypes = types.length === 1 || lastOffset - firstOffset !== 2 ? [type] : types
      return [{ partitionIndex: partition, acknowledgementBatches: [{ firstOffset, lastOffset, acknowledgeTypes }] }]
    }
    const where = anywhere ?? `${which}+${skip}`
    return { what: `${types} of ${length} in ${partition} at ${where}${isOthers ? ' of another' : ''}`, of }
  }

  #wrong(): Step {
    const memberId = this.#chance.oneOf('a', 'nobody', '', 'x'.repeat(37))
    const epoch = this.#chance.oneOf(1, 77, -2, 0)
    const said = this.#chance.below(2) === 0
    const batches = said ? [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }] : []
    const partitions = [{ partitionIndex: this.#chance.oneOf(0, 9), acknowledgementBatches: batches }]
    const topicId = this.#chance.oneOf(null, 'AAAAAAAAAAAAAAAAAAAAZQ')
    const isFetch = epoch !== 0 && this.#chance.below(2) === 0
    const fields = isFetch ? { ...this.#limits(), forgottenTopicsData: [] } : {}
    const body = { groupId: this.group, memberId, shareSessionEpoch: epoch, isRenewAck: false, ...fields }
    const take = (side: Side): Promise<Plain> => {
      const topics = [{ topicId: topicId ?? side.topicId, partitions }]
      return side.session.ask(isFetch ? Api.ShareFetch : Api.ShareAcknowledge, 2, { ...body, topics })
    }
    return { what: `${memberId} with epoch ${epoch} ${isFetch ? 'fetches' : 'acknowledges'} wrongly`, take }
  }

  #produce(): Step {
    const [partition, counts] = [
      this.#chance.below(2),
      Array.from({ length: 1 + this.#chance.below(3) }, () => 1 + this.#chance.below(20))
    ]
    const outcome =
      this.isTransactional && this.#chance.below(2) === 0 ? this.#chance.oneOf('commit', 'abort', 'abort') : null
    const batches = outcome === null ? counts : [...counts, 1]
    if (partition === 0) for (const count of batches) this.#begins.push((this.#begins.at(-1) ?? 0) + count)
    return {
      what: `${counts} records come to ${partition}${outcome === null ? '' : `, ${outcome}`}`,
      take: async (side) => {
        if (outcome !== null) await this.#begin(side, partition)
        for (const count of counts)
          await this.#append(side, partition, batchOf(count, outcome === null ? null : side.producer, partition))
        if (outcome !== null) await this.#end(side, outcome)
        return null
      }
    }
  }

  async #append({ session, topicId }: Side, index: number, records: Buffer): Promise<void> {
    const isTransactional = (records.readInt16BE(21) & 0x10) !== 0
    const topicData = [{ topicId, name: '', partitionData: [{ index, records }] }]
    const transactionalId = isTransactional ? this.group : null
    await session.ask(Api.Produce, 13, { transactionalId, acks: -1, timeoutMs: 5000, topicData })
  }

  async #begin({ session, producer }: Side, partition: number): Promise<void> {
    const topics = [{ name: this.topic, partitions: [partition] }]
    const of = { v3AndBelowTransactionalId: this.group, v3AndBelowTopics: topics, transactions: [] }
    const ids = { v3AndBelowProducerId: producer?.producerId, v3AndBelowProducerEpoch: producer?.producerEpoch }
    await session.ask(Api.AddPartitionsToTxn, 3, { ...of, ...ids })
  }

  async #end({ session, producer }: Side, outcome: 'commit' | 'abort'): Promise<void> {
    const { producerId, producerEpoch } = producer ?? {}
    const committed = outcome === 'commit'
    await session.ask(Api.EndTxn, 3, { transactionalId: this.group, producerId, producerEpoch, committed })
    // The markers come after the answer.
    await new Promise((resolve) => setTimeout(resolve, 100))
  }

  #trim(): Step {
    // Of a batch that the log begins within Kafka gives out also what is before, where the number of records is exact.
    const offset = this.#begins[this.#chance.below(this.#begins.length)] ?? 0
    const isDone = this.#chance.below(3) === 0
    return {
      what: isDone ? `the log begins at ${offset}` : 'nothing',
      take: async (side) => {
        if (!isDone) return null
        const topics = [{ name: this.topic, partitions: [{ partitionIndex: 0, offset }] }]
        return side.session.ask(Api.DeleteRecords, 2, { topics, timeoutMs: 1000 })
      }
    }
  }

  async #askToFetch(side: Side, memberId: string, epoch: number, fields: object): Promise<Plain> {
    const body = { groupId: this.group, memberId, shareSessionEpoch: epoch, isRenewAck: false, forgottenTopicsData: [] }
    const answer = await side.session.ask(Api.ShareFetch, 2, { ...body, ...fields })
    side.note(memberId, epoch, answer as unknown as ShareAnswer)
    return answer
  }

  async #askToAcknowledge(side: Side, memberId: string, epoch: number, fields: object): Promise<Plain> {
    const body = { groupId: this.group, memberId, shareSessionEpoch: epoch, isRenewAck: false }
    const answer = await side.session.ask(Api.ShareAcknowledge, 2, { ...body, ...fields })
    side.note(memberId, epoch, answer as unknown as ShareAnswer)
    return answer
  }
}

const bothPartitions = [0, 1].map((partitionIndex) => ({ partitionIndex, acknowledgementBatches: [] }))

function topicsOf({ topicId }: Side, partitions: readonly object[]) {
  return partitions.length === 0 ? [] : [{ topicId, partitions }]
}
