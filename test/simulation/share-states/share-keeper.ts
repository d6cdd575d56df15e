/**
 * A client of a simulation that keeps the states of share partitions, as the leader of a partition does: it reads, from when on others are
 * fenced, and writes until it is fenced itself. One of them is the group as well, and has them begin anew.
 */
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { MetadataRequest } from '../../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../../src/protocol/generated/api/metadata-response.ts'
import type { Client } from '../client.ts'
import { shareTopic } from '../ledger.ts'
import { pauseAWhile, type Scene } from '../scene.ts'
import type { Batch, Epochs, ShareLedger } from './share-state-ledger.ts'
import { lineOfBroker, lineOfClient, type StatesLine } from './states-line.ts'

const shares = [
  { groupId: 'cooks', partition: 0 },
  { groupId: 'cooks', partition: 1 },
  { groupId: 'drivers', partition: 0 }
] as const
type Share = (typeof shares)[number]

/** How coordinators are asked. */
export type Way = 'as a client' | 'as a broker'

/** What a leader knows since it has read. */
interface Lead extends Epochs {
  startOffset: number
}

const [mostWrites, mostBatches, longestBatch, reach] = [4, 3, 4, 12]
const askAgainMicros = 500_000

export class ShareKeeper {
  readonly #scene: Scene
  readonly #client: Client
  readonly #isGroup: boolean
  readonly #way: Way
  readonly #leads = new Map<Share, Lead>()

  constructor(scene: Scene, client: Client, as: 'group and leader' | 'leader', way: Way) {
    this.#scene = scene
    this.#client = client
    this.#isGroup = as === 'group and leader'
    this.#way = way
  }

  async run(): Promise<void> {
    const { world, ledger } = this.#scene
    if (this.#isGroup) await this.#makeTopic()
    while (!this.#scene.isOver) {
      const share = shares[world.chance.below(shares.length)] ?? shares[0]
      if (ledger.shares.topicId !== null) await this.#keep(share, ledger.shares.topicId)
      await pauseAWhile(this.#scene)
    }
    for (const share of shares) await this.#readInTheEnd(share)
  }

  async #makeTopic(): Promise<void> {
    const { ledger, world } = this.#scene
    const topics = [{ name: shareTopic, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }]
    while (!this.#scene.isOver && ledger.shares.topicId === null) {
      await this.#client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs: 5000 })
      const body = { topics: [{ name: shareTopic }] }
      const answer = await this.#client.ask(MetadataRequest, MetadataResponse, 12, body)
      const told = answer?.topics[0]
      if (told?.errorCode === ErrorCode.NONE) ledger.shares.topicId = told.topicId
      else await world.pause(askAgainMicros, 'the shared topic is made again')
    }
  }

  async #keep(share: Share, topicId: string): Promise<void> {
    const { world } = this.#scene
    const lead = this.#leads.get(share)
    if (this.#isGroup && world.oneIn(12)) await this.#initialize(share, topicId)
    else if (lead === undefined || world.oneIn(8)) await this.#read(share, topicId)
    for (let writes = world.between(1, mostWrites); writes > 0; writes -= 1) {
      const now = this.#leads.get(share)
      if (now !== undefined) await this.#write(share, topicId, now)
    }
  }

  #ledgerOf({ groupId, partition }: Share, topicId: string): ShareLedger {
    return this.#scene.ledger.shares.share(`${groupId}:${topicId}:${partition}`)
  }

  async #initialize(share: Share, topicId: string): Promise<void> {
    const { world, ledger } = this.#scene
    const of = this.#ledgerOf(share, topicId)
    const line = await this.#line(of)
    if (line === null) return
    const [stateEpoch, startOffset] = [of.newStateEpoch(), world.between(0, reach)]
    of.initializeAsked(stateEpoch, startOffset)
    const told = await line.ask((states) => states.initialize({ key: { ...share, topicId }, stateEpoch, startOffset }))
    if (!this.#isGranted(of, told)) return
    of.initialized(stateEpoch)
    ledger.shares.counts['states begun'] += 1
  }

  /** Whether an answer came that says something of the state. */
  async #read(share: Share, topicId: string): Promise<boolean> {
    const { ledger } = this.#scene
    const of = this.#ledgerOf(share, topicId)
    const line = await this.#line(of)
    if (line === null) return false
    const [leaderEpoch, before] = [of.newLeaderEpoch(), of.known()]
    const told = await line.ask((states) => states.read({ ...share, topicId }, leaderEpoch))
    const isGranted = this.#isGranted(of, told)
    if (told?.errorCode === ErrorCode.INVALID_REQUEST) {
      if (line.isSure()) of.toldNothing(before)
      return true
    }
    // A new leader's epoch is written down first: one that coordinates no more cannot.
    if (told === null || !isGranted) return false
    of.told(told, leaderEpoch, before)
    ledger.shares.counts['states read'] += 1
    this.#leads.set(share, { stateEpoch: told.stateEpoch, leaderEpoch, startOffset: told.startOffset })
    return true
  }

  async #write(share: Share, topicId: string, lead: Lead): Promise<void> {
    const { world, ledger } = this.#scene
    const of = this.#ledgerOf(share, topicId)
    const line = await this.#line(of)
    if (line === null) return
    const { stateEpoch, leaderEpoch } = lead
    if (world.oneIn(3)) lead.startOffset += world.between(0, 3)
    const { startOffset } = lead
    const stateBatches = Array.from({ length: world.between(0, mostBatches) }, () => this.#batch(startOffset))
    const written = { stateEpoch, leaderEpoch, startOffset, stateBatches }
    const before = of.writeAsked(written)
    const told = await line.ask((states) =>
      states.write({ key: { ...share, topicId }, ...written, deliveryCompleteCount: 0 })
    )
    if (this.#isGranted(of, told)) {
      of.written(written, before)
      ledger.shares.counts['states written'] += 1
    } else this.#leads.delete(share)
  }

  #line({ name }: ShareLedger): Promise<StatesLine | null> {
    const { cluster, world } = this.#scene
    return this.#way === 'as a client' ? lineOfClient(cluster, this.#client, name) : lineOfBroker(cluster, world)
  }

  #batch(startOffset: number): Batch {
    const { world } = this.#scene
    const firstOffset = startOffset + world.between(0, reach)
    const deliveryState = [0, 2, 4][world.chance.below(3)] ?? 0
    const lastOffset = firstOffset + world.between(0, longestBatch)
    return { firstOffset, lastOffset, deliveryState, deliveryCount: world.between(1, 5) }
  }

  #isGranted({ name }: ShareLedger, told: { readonly errorCode: number } | null): boolean {
    if (told?.errorCode === ErrorCode.NONE) return true
    this.#client.forgetShareCoordinator(name)
    return false
  }

  async #readInTheEnd(share: Share): Promise<void> {
    const { cluster, ledger, world } = this.#scene
    const { topicId } = ledger.shares
    while (topicId !== null && !cluster.hasLostShares && !(await this.#read(share, topicId)))
      await world.pause(askAgainMicros, 'the state of a share partition is read again')
  }
}
