/**
 * A member of a classic group in a simulation, one of several: it comes, gets its share of the partitions, reads and commits, is
 * called to share anew, and goes: with a word, or silently, and then may come to itself again when others have what was its own.
 */
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { HeartbeatRequest } from '../../src/protocol/generated/api/heartbeat-request.ts'
import { HeartbeatResponse } from '../../src/protocol/generated/api/heartbeat-response.ts'
import { JoinGroupRequest } from '../../src/protocol/generated/api/join-group-request.ts'
import { JoinGroupResponse } from '../../src/protocol/generated/api/join-group-response.ts'
import { LeaveGroupRequest } from '../../src/protocol/generated/api/leave-group-request.ts'
import { LeaveGroupResponse } from '../../src/protocol/generated/api/leave-group-response.ts'
import { SyncGroupRequest } from '../../src/protocol/generated/api/sync-group-request.ts'
import { SyncGroupResponse } from '../../src/protocol/generated/api/sync-group-response.ts'
import type { Decoded, Message } from '../../src/protocol/message.ts'
import type { Client } from './client.ts'
import type { Membership } from './group-ledger.ts'
import { commitOffset, committedOffset, type Place, readOn } from './group-offsets.ts'
import { pauseAWhile, type Scene } from './scene.ts'

/** Who is silent for so long is a member no more (`group.min.session.timeout.ms` allows it). */
export const sessionTimeoutMs = 300
const protocol = 'share'
const protocolType = 'simulation'
/** A member does so many things before it goes. */
const mostTurns = 25

/** What a coordinator has answered. */
interface Answered<Response> {
  readonly answer: Decoded<Response>
  /**
   * Whether it coordinated the group from the question to the answer. One that was replaced, and was not told yet, answers with the
   * generations and assignments that it knows, as Kafka's does until it hears so (GroupCoordinatorService.onResignation): what needs no
   * record waits for nobody. What it says of them is held against nothing; what it acknowledges of commits is (group-offsets.ts).
   */
  readonly isCurrent: boolean
}

/** What it has of one generation. */
interface Share {
  readonly membership: Membership
  readonly places: readonly Place[]
  readonly positions: Map<Place, number>
}

export class Member {
  readonly #scene: Scene
  readonly #client: Client
  readonly #group: string
  #memberId = ''

  constructor(scene: Scene, client: Client, group: string) {
    this.#scene = scene
    this.#client = client
    this.#group = group
  }

  async run(): Promise<void> {
    const { world } = this.#scene
    while (!this.#scene.isOver) {
      await this.#live(world.between(1, mostTurns))
      for (let rests = world.between(0, 8); rests > 0; rests -= 1) await pauseAWhile(this.#scene)
    }
  }

  /** From the first join to the last word, if there is one. */
  async #live(turns: number): Promise<void> {
    const { world, ledger } = this.#scene
    let share: Share | null = null
    let former: Share | null = null
    for (let turn = 0; turn < turns && !this.#scene.isOver; turn += 1) {
      share ??= await this.#join()
      const isOver = former !== null && former.membership.generation < ledger.groups.latestOf(this.#group)
      if (former !== null && isOver && world.oneIn(4)) await this.#goOnAsIn(former)
      if (share !== null && !(await this.#work(share))) {
        former = share
        share = null
      }
      await pauseAWhile(this.#scene)
    }
    if (share !== null && world.oneIn(2)) await this.#fallAsleep(share)
    else await this.#leave()
  }

  /** Null when it has to ask again. */
  async #join(): Promise<Share | null> {
    const { ledger } = this.#scene
    const latest = ledger.groups.latestOf(this.#group)
    const body = {
      ...{ groupId: this.#group, memberId: this.#memberId, protocolType },
      ...{ sessionTimeoutMs, rebalanceTimeoutMs: 2 * sessionTimeoutMs },
      protocols: [{ name: protocol, metadata: Buffer.alloc(0) }]
    }
    const told = await this.#ask(JoinGroupRequest, JoinGroupResponse, 9, body)
    if (told === null) return null
    const { answer: joined, isCurrent } = told
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId
    if (joined.errorCode !== ErrorCode.NONE) return this.#refused(joined.errorCode)
    this.#memberId = joined.memberId
    const membership = { group: this.#group, generation: joined.generationId, memberId: joined.memberId }
    if (isCurrent) ledger.groups.joined(membership, latest)
    const members = joined.leader === joined.memberId ? joined.members.map(({ memberId }) => memberId) : []
    return await this.#sync(membership, members)
  }

  /** `members`: of whoever leads the group, and has to share. */
  async #sync(membership: Membership, members: readonly string[]): Promise<Share | null> {
    const { ledger } = this.#scene
    const { generation, memberId } = membership
    const latest = ledger.groups.latestOf(this.#group)
    const body = {
      ...{ groupId: this.#group, generationId: generation, memberId, protocolType, protocolName: protocol },
      assignments: this.#shared(members)
    }
    const told = await this.#ask(SyncGroupRequest, SyncGroupResponse, 5, body)
    if (told === null) return null
    const { answer: synced, isCurrent } = told
    if (synced.errorCode !== ErrorCode.NONE) return this.#refused(synced.errorCode)
    const names = synced.assignment
      .toString()
      .split(' ')
      .filter((name) => name !== '')
    if (isCurrent) ledger.groups.heard(membership, latest)
    if (isCurrent) ledger.groups.assigned(membership, names)
    return { membership, places: names.flatMap((name) => this.#placeOf(name)), positions: new Map() }
  }

  /** Each partition that is known goes to one of them, in turn. */
  #shared(members: readonly string[]): { memberId: string; assignment: Buffer }[] {
    const names = this.#scene.ledger.topics.flatMap(({ id, partitions }) =>
      Array.from(partitions.keys(), (index) => `${id}/${index}`)
    )
    return members.map((memberId, place) => ({
      memberId,
      assignment: Buffer.from(names.filter((_, turn) => turn % members.length === place).join(' '))
    }))
  }

  #placeOf(name: string): Place[] {
    const [topicId = '', index = ''] = name.split('/')
    const topic = this.#scene.ledger.topic(topicId)
    const partition = topic?.partitions[Number(index)]
    return topic === undefined || partition === undefined ? [] : [{ topic, index: Number(index), partition }]
  }

  /** Says that it lives, or reads, or commits; false when it has to join again. */
  async #work(share: Share): Promise<boolean> {
    const { world } = this.#scene
    const place = share.places[world.chance.below(Math.max(1, share.places.length))]
    if (place === undefined || world.oneIn(2)) return await this.#heartbeat(share.membership)
    const next = await this.#read(share, place)
    if (next === null || !world.oneIn(2)) return true
    return await this.#commit(share, place, next)
  }

  async #heartbeat(membership: Membership): Promise<boolean> {
    const { ledger } = this.#scene
    const { generation, memberId } = membership
    const latest = ledger.groups.latestOf(this.#group)
    const body = { groupId: this.#group, generationId: generation, memberId }
    const told = await this.#ask(HeartbeatRequest, HeartbeatResponse, 4, body)
    if (told === null) return true
    const { answer, isCurrent } = told
    if (answer.errorCode !== ErrorCode.NONE) this.#refused(answer.errorCode, memberId)
    else if (isCurrent) ledger.groups.heard(membership, latest)
    return answer.errorCode === ErrorCode.NONE || isElsewhere(answer.errorCode)
  }

  /** Where it has come to; null when nothing was read. */
  async #read({ positions }: Share, place: Place): Promise<number | null> {
    if (place.topic.state !== 'there') return null
    const known = positions.get(place) ?? (await committedOffset(this.#scene, this.#client, this.#group, place))
    if (known === null) return null
    const from = Math.max(known, place.partition.startAsked)
    const next = await readOn(this.#scene, this.#client, place, from)
    if (next !== null) positions.set(place, next)
    return next === null || next <= from ? null : next
  }

  async #commit({ membership }: Share, place: Place, offset: number): Promise<boolean> {
    const errorCode = await commitOffset(this.#scene, this.#client, membership, place, offset)
    if (errorCode === null || errorCode === ErrorCode.NONE || isElsewhere(errorCode)) return true
    this.#refused(errorCode)
    return false
  }

  /** It is silent until its session has ended, and then goes on as if nothing had happened. */
  async #fallAsleep(share: Share): Promise<void> {
    const { world } = this.#scene
    await world.pause(world.between(1, 3) * sessionTimeoutMs * 1000, 'a member sleeps')
    await this.#goOnAsIn(share)
  }

  /** What its client has kept for too long, in a generation that may be over. */
  async #goOnAsIn({ membership, positions }: Share): Promise<void> {
    const { groups } = this.#scene.ledger
    for (const [place, offset] of positions) {
      if (membership.generation < groups.latestOf(this.#group)) groups.counts.fenced += 1
      await commitOffset(this.#scene, this.#client, membership, place, offset)
    }
    await this.#heartbeat(membership)
  }

  async #leave(): Promise<void> {
    if (this.#memberId === '') return
    const body = { groupId: this.#group, members: [{ memberId: this.#memberId }] }
    this.#memberId = ''
    await this.#ask(LeaveGroupRequest, LeaveGroupResponse, 5, body)
  }

  async #ask<Request, Response extends { readonly errorCode: number }>(
    request: Message<Request>,
    response: Message<Response>,
    version: number,
    body: Request
  ): Promise<Answered<Response> | null> {
    const { cluster } = this.#scene
    const coordinator = await this.#client.coordinatorOf(this.#group)
    if (coordinator === null) return null
    const epoch = cluster.coordinatedEpochOf(this.#group, coordinator)
    const answer = await this.#client.ask(request, response, version, body, coordinator)
    const isCurrent = epoch !== null && epoch === cluster.coordinatedEpochOf(this.#group, coordinator)
    // Who has heard nothing of the next one looks for it now and then, as a client does that hears nothing of its group.
    if (answer === null || !isCurrent || isElsewhere(answer.errorCode)) this.#client.forgetCoordinator(this.#group)
    return answer === null ? null : { answer, isCurrent }
  }

  #refused(errorCode: number, memberId = this.#memberId): null {
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID && memberId === this.#memberId) this.#memberId = ''
    return null
  }
}

/** The group is looked after by another, or nobody can say now. */
function isElsewhere(errorCode: number): boolean {
  const { NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS } = ErrorCode
  const elsewhere: readonly number[] = [NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS]
  return elsewhere.includes(errorCode)
}
