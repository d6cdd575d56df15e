/**
 * A member of a share group in a simulation: it comes, is given partitions, fetches from their leaders, and says of what it was given that it is
 * done, or not. It goes with a word, or falls silent with records in its hands. The group's last one reads on in the end until all was given to somebody.
 */
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { ShareAcknowledgeRequest } from '../../../src/protocol/generated/api/share-acknowledge-request.ts'
import { ShareAcknowledgeResponse } from '../../../src/protocol/generated/api/share-acknowledge-response.ts'
import { ShareFetchRequest } from '../../../src/protocol/generated/api/share-fetch-request.ts'
import { ShareFetchResponse } from '../../../src/protocol/generated/api/share-fetch-response.ts'
import { ShareGroupHeartbeatRequest } from '../../../src/protocol/generated/api/share-group-heartbeat-request.ts'
import { ShareGroupHeartbeatResponse } from '../../../src/protocol/generated/api/share-group-heartbeat-response.ts'
import type { Decoded } from '../../../src/protocol/message.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import type { Client } from '../client.ts'
import { batchesIn } from '../fetch.ts'
import { sharedTopic } from '../ledger.ts'
import { pauseAWhile, type Scene } from '../scene.ts'
import { type Exchange, type Given, lockMs, type SharedPartition, type Verdict } from './share-record-ledger.ts'
import { shareGroup } from './shared-topic.ts'

const mostTurns = 30
const fetchBytes = 64 * 1024
/** Longer than a lock (cluster.ts). */
const askAgainMicros = 300_000

interface Place {
  readonly topicId: string
  readonly index: number
  readonly shared: SharedPartition
}

/** At the leader of partitions. */
interface Session {
  epoch: number
  readonly places: Set<Place>
}

interface Held {
  readonly given: Given
  readonly place: Place
  readonly node: number
  readonly session: Session
  /** The leader epoch in which it was given, as long as that is known: another leader knows nothing of it. */
  readonly leaderEpoch: number | null
}

/** Where an answer came from. */
interface Source {
  readonly node: number
  readonly session: Session
  readonly place: Place
  readonly epochsBefore: ReadonlyMap<Place, number | null>
}

interface Said {
  readonly held: Held
  readonly verdict: Verdict
}

const types: Record<Verdict, number> = { accept: 1, release: 2, reject: 3 }

type FetchAnswer = Decoded<ShareFetchResponse>['responses'][number]['partitions'][number]

export class ShareMember {
  readonly #scene: Scene
  readonly #client: Client
  readonly #name: string
  #lives = 0
  #epoch = 0
  #assigned: readonly Place[] = []
  readonly #sessions = new Map<number, Session>()
  #held: readonly Held[] = []

  constructor(scene: Scene, client: Client, name: string) {
    this.#scene = scene
    this.#client = client
    this.#name = name
  }

  async run(as: 'one of several' | 'the last one'): Promise<void> {
    const { world, ledger } = this.#scene
    while (!this.#scene.isOver) {
      if (!ledger.sharedRecords.isBegun) await pauseAWhile(this.#scene)
      else await this.#live(world.between(1, mostTurns))
      for (let rests = world.between(0, 5); rests > 0; rests -= 1) await pauseAWhile(this.#scene)
    }
    if (!ledger.sharedRecords.isBegun) return
    if (as === 'the last one') await this.#readToTheEnd()
  }

  get #memberId(): string {
    return `${this.#name}-${this.#lives}`
  }

  async #live(turns: number): Promise<void> {
    const { world } = this.#scene
    this.#begin()
    for (let turn = 0; turn < turns && !this.#scene.isOver; turn += 1) {
      if (this.#assigned.length === 0 || world.oneIn(4)) await this.#heartbeat()
      else await this.#work()
      await pauseAWhile(this.#scene)
    }
    if (world.oneIn(2)) await this.#leave()
  }

  /** As somebody else: what it held before is held until its locks run out. */
  #begin(): void {
    this.#lives += 1
    this.#epoch = 0
    this.#assigned = []
    this.#sessions.clear()
    this.#held = []
  }

  async #heartbeat(memberEpoch = this.#epoch): Promise<void> {
    const coordinator = await this.#client.coordinatorOf(shareGroup)
    if (coordinator === null) return
    const names = memberEpoch === 0 ? [sharedTopic] : null
    const body = { groupId: shareGroup, memberId: this.#memberId, memberEpoch, subscribedTopicNames: names }
    const answer = await this.#client.ask(ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, 1, body, coordinator)
    if (answer === null || answer.errorCode !== ErrorCode.NONE) {
      this.#client.forgetCoordinator(shareGroup)
      const isNoMember = answer?.errorCode === ErrorCode.UNKNOWN_MEMBER_ID
      if (isNoMember || answer?.errorCode === ErrorCode.FENCED_MEMBER_EPOCH) this.#begin()
      return
    }
    this.#epoch = answer.memberEpoch
    if (answer.assignment === null) return
    this.#assigned = answer.assignment.topicPartitions.flatMap(({ topicId, partitions }) =>
      partitions.flatMap((index) => this.#placeOf(topicId, index))
    )
  }

  #placeOf(topicId: string, index: number): Place[] {
    const known = this.#assigned.find((place) => place.topicId === topicId && place.index === index)
    if (known !== undefined) return [known]
    const { ledger } = this.#scene
    const partition = ledger.topic(topicId)?.partitions[index]
    return partition === undefined ? [] : [{ topicId, index, shared: ledger.sharedRecords.of(partition) }]
  }

  async #work(): Promise<void> {
    const { world } = this.#scene
    const place = this.#assigned[world.chance.below(this.#assigned.length)]
    const leader = place === undefined ? null : await this.#client.leaderOf(place.topicId, place.index)
    if (place === undefined || leader === null) return
    const said = this.#session(leader.node) === undefined ? [] : this.#saidOf(place, leader.node)
    if (said.length > 0 && world.oneIn(2)) await this.#acknowledge(leader.node, said)
    else await this.#fetch(leader.node, place, said)
  }

  #session(node: number): Session | undefined {
    return this.#sessions.get(node)
  }

  /** Of some of what it holds there. It is in its hands no more, whatever comes of it. */
  #saidOf(place: Place, node: number, verdict?: Verdict): Said[] {
    const { world } = this.#scene
    const there = this.#held.filter((held) => held.place === place && held.node === node)
    const some = there.slice(0, verdict === undefined ? world.between(0, there.length) : there.length)
    this.#held = this.#held.filter((held) => !some.includes(held))
    const verdicts: readonly Verdict[] = ['accept', 'accept', 'release', 'release', 'reject']
    const one = (): Verdict => verdict ?? verdicts[world.chance.below(verdicts.length)] ?? 'accept'
    for (const { given } of some) place.shared.mayHaveSaid(given)
    return some.map((held) => ({ held, verdict: one() }))
  }

  async #acknowledge(node: number, said: readonly Said[]): Promise<void> {
    const session = this.#session(node)
    const place = said[0]?.held.place
    if (session === undefined || place === undefined) return
    const body = { ...this.#bodyOf(session), topics: [this.#topicOf(place, said)] }
    const sentMicros = this.#scene.world.nowMicros
    const answer = await this.#client.ask(ShareAcknowledgeRequest, ShareAcknowledgeResponse, 1, body, node)
    if (answer === null || answer.errorCode !== ErrorCode.NONE) return this.#lost(node)
    session.epoch += 1
    const told = answer.responses[0]?.partitions[0]
    this.#answered(session, said, told?.errorCode, this.#exchange(sentMicros))
    if (told?.errorCode !== ErrorCode.NONE) this.#client.forgetLeader(place.topicId, place.index)
  }

  async #fetch(node: number, place: Place, said: readonly Said[], maxRecords = 10): Promise<void> {
    const { world } = this.#scene
    const session = this.#session(node) ?? { epoch: 0, places: new Set() }
    session.places.add(place)
    this.#sessions.set(node, session)
    const limits = { maxWaitMs: world.oneIn(2) ? 100 : 0, minBytes: 1, maxBytes: fetchBytes, maxRecords, batchSize: 3 }
    const topics = [this.#topicOf(place, said)]
    const body = { ...this.#bodyOf(session), ...limits, topics, forgottenTopicsData: [] }
    const sentMicros = world.nowMicros
    const epochsBefore = this.#epochsOf(session, node)
    const answer = await this.#client.ask(ShareFetchRequest, ShareFetchResponse, 1, body, node)
    if (answer === null || answer.errorCode !== ErrorCode.NONE) return this.#lost(node)
    session.epoch += 1
    const exchange = this.#exchange(sentMicros)
    for (const { topicId, partitions } of answer.responses)
      for (const told of partitions) {
        const [of] = this.#placeOf(topicId, told.partitionIndex)
        if (of !== undefined) this.#told({ node, session, place: of, epochsBefore }, told, exchange)
      }
    const told = answer.responses
      .flatMap(({ partitions }) => partitions)
      .find((one) => one.partitionIndex === place.index)
    if (said.length > 0) this.#answered(session, said, told?.acknowledgeErrorCode, exchange)
  }

  /** By place, where it leads. */
  #epochsOf({ places }: Session, node: number): ReadonlyMap<Place, number | null> {
    const { cluster } = this.#scene
    return new Map(Array.from(places, (place) => [place, cluster.ledEpochOf(place.topicId, place.index, node)]))
  }

  #told({ node, session, place, epochsBefore }: Source, told: FetchAnswer, exchange: Exchange): void {
    const epoch = this.#epochsOf(session, node).get(place) ?? null
    const leaderEpoch = epoch === epochsBefore.get(place) ? epoch : null
    if (told.errorCode !== ErrorCode.NONE) this.#client.forgetLeader(place.topicId, place.index)
    const values = new Map<number, string | null>()
    for (const batch of batchesIn(told.records))
      for (const { offset, value } of readRecords(batch)) values.set(offset, value?.toString() ?? null)
    for (const { firstOffset, lastOffset, deliveryCount } of told.acquiredRecords)
      for (let offset = firstOffset; offset <= lastOffset; offset += 1) {
        const given = { ...exchange, memberId: this.#memberId, offset, deliveryCount }
        place.shared.given(given, values.get(offset) ?? null)
        // What it held of a leader of before it holds no more.
        this.#held = this.#held.filter((held) => held.place !== place || held.given.offset !== offset)
        this.#held = [...this.#held, { given, place, node, session, leaderEpoch }]
        this.#scene.ledger.sharedRecords.counts['records shared'] += 1
      }
  }

  #answered(session: Session, said: readonly Said[], errorCode: number | undefined, exchange: Exchange): void {
    if (errorCode === ErrorCode.NONE) this.#holds(said, exchange)
    if (errorCode !== ErrorCode.INVALID_RECORD_STATE) return
    const areHeld = said.every(({ held }) => held.session === session && this.#isLocked(held, exchange))
    const [one] = said
    if (areHeld && one !== undefined) one.held.place.shared.taken(one.held.given)
  }

  /** Whether nobody else can have had it until the answer came. */
  #isLocked({ given, place, node, leaderEpoch }: Held, { answeredMicros }: Exchange): boolean {
    const { cluster } = this.#scene
    const isLed = leaderEpoch !== null && leaderEpoch === cluster.ledEpochOf(place.topicId, place.index, node)
    return isLed && answeredMicros < given.sentMicros + 1000 * lockMs
  }

  #holds(said: readonly Said[], exchange: Exchange): void {
    for (const { held, verdict } of said) held.place.shared.said(held.given, verdict, exchange)
    this.#scene.ledger.sharedRecords.counts['said of them'] += said.length
  }

  /** What it was given there by the answer that did not come, nobody knows. */
  #lost(node: number): void {
    for (const { shared } of this.#sessions.get(node)?.places ?? []) shared.unanswered()
    this.#sessions.delete(node)
    this.#held = this.#held.filter((held) => held.node !== node)
    for (const { topicId, index } of this.#assigned) this.#client.forgetLeader(topicId, index)
  }

  #exchange(sentMicros: number): Exchange {
    return { sentMicros, answeredMicros: this.#scene.world.nowMicros }
  }

  #bodyOf({ epoch }: Session) {
    return { groupId: shareGroup, memberId: this.#memberId, shareSessionEpoch: epoch, isRenewAck: false }
  }

  /** In order, each offset by itself. */
  #topicOf({ topicId, index }: Place, said: readonly Said[]) {
    const batches = said.map(({ held, verdict }) => ({
      ...{ firstOffset: held.given.offset, lastOffset: held.given.offset },
      acknowledgeTypes: [types[verdict]]
    }))
    batches.sort((one, other) => one.firstOffset - other.firstOffset)
    return { topicId, partitions: [{ partitionIndex: index, acknowledgementBatches: batches }] }
  }

  async #leave(): Promise<void> {
    for (const [node, session] of this.#sessions) {
      const body = { ...this.#bodyOf(session), shareSessionEpoch: -1, topics: [] }
      await this.#client.ask(ShareAcknowledgeRequest, ShareAcknowledgeResponse, 1, body, node)
    }
    if (this.#epoch > 0) await this.#heartbeat(-1)
  }

  /** Others are silent by now, and their locks run out. */
  async #readToTheEnd(): Promise<void> {
    const { world, cluster, ledger } = this.#scene
    const topic = ledger.sharedTopic
    if (topic === null) return
    this.#begin()
    for (;;) {
      const left = topic.partitions.filter((partition, index) => {
        return !cluster.isLost(topic.id, index) && ledger.sharedRecords.of(partition).left() !== null
      })
      if (left.length === 0 || cluster.hasLostShares || cluster.hasLostGroups) return
      await this.#heartbeat()
      for (const place of this.#assigned) {
        const leader = await this.#client.leaderOf(place.topicId, place.index)
        if (leader === null) continue
        const isOpen = this.#session(leader.node) !== undefined
        await this.#fetch(leader.node, place, isOpen ? this.#saidOf(place, leader.node, 'accept') : [], 100)
      }
      await world.pause(askAgainMicros, 'what is shared is read on')
    }
  }
}
