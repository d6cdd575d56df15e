/**
 * A model of one partition on five brokers, under everything that the controller decides. Each broker's log is a number: how many
 * records of the partition it has. The leader appends, followers copy, and what every replica in sync has is committed, as long
 * as as many are in sync as there must be (KIP-966). A clean election loses nothing of that; this is what the model is for.
 */
import assert from 'node:assert/strict'
import { decideInSyncSet } from '../../src/controller/alter-partition.ts'
import { fencedBroker, returnedBroker, stoppingBroker, unfencedBroker } from '../../src/controller/broker-changes.ts'
import { balancingElections, decideElections } from '../../src/controller/elect-leaders.ts'
import { OfflineByBroker } from '../../src/controller/offline-by-broker.ts'
import { decideReassignment } from '../../src/controller/reassignments.ts'
import { isDecided, type ReplicaEnd, ReplicaEnds } from '../../src/controller/replica-ends.ts'
import type { Scene } from '../../src/controller/scene.ts'
import { startElections } from '../../src/controller/start-elections.ts'
import type { StateRecord } from '../../src/coordination/coordinator.ts'
import type { PartitionImage } from '../../src/coordination/metadata/image.ts'
import { type LivingBroker, livingBrokers } from '../../src/coordination/metadata/living-brokers.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'
import type { SeededChance } from '../../src/host/memory/chance.ts'
import { brokerIds, directoryOf, sceneOf, topicIdOf, topicOf } from './setup.ts'

/** Whether brokers lose what they have, or leaders are elected who have less: then only the image's own rules are checked. */
export type Weather = 'calm' | 'rough'

export class ClusterModel {
  readonly #chance: SeededChance
  readonly #weather: Weather
  readonly #minInSync: number
  readonly #image: Scene['image']
  readonly #defaults: Scene['defaults']
  #brokers: readonly LivingBroker[]
  /** How many records each broker has. */
  readonly #logs = new Map<number, number>()
  #committed = 0
  readonly #ends = new ReplicaEnds()
  /** Whose log a start has cut, as each broker's disk says until it hears what was decided. */
  readonly #notes = new Set<number>()
  /** The one whose disk may lose what was committed, where a start sees nothing of it, or no difference to a torn write. */
  readonly #rotten: number
  #epoch = 1000
  #directory = 50

  constructor(chance: SeededChance, weather: Weather) {
    this.#chance = chance
    this.#weather = weather
    this.#minInSync = 1 + chance.below(3)
    this.#rotten = this.#one(brokerIds)
    const unclean = weather === 'rough' && chance.below(3) === 0
    const config = {
      'min.insync.replicas': String(this.#minInSync),
      'unclean.leader.election.enable': String(unclean)
    }
    const { image, living, defaults } = sceneOf({ topics: { t: [{}] }, configs: { t: config } })
    this.#image = image
    this.#defaults = defaults
    this.#brokers = [...living.all()]
  }

  get partition(): PartitionImage {
    const [partition] = topicOf(this.#scene).partitions
    if (partition === undefined) throw new Error('the partition is gone')
    return partition
  }

  /** Something happens; gives its name. */
  step(): string {
    const steps = [
      ...[this.#append, this.#append, this.#fetch, this.#fetch, this.#fetch, this.#shrink, this.#expand, this.#expand],
      ...[this.#fence, this.#comeBack, this.#comeBack, this.#stop, this.#elect, this.#balance, this.#reassign],
      ...[
        this.#cancel,
        this.#restart,
        this.#comeBackCut,
        this.#comeBackCut,
        this.#comeBackDoubtful,
        this.#comeBackDoubtful,
        ...(this.#weather === 'rough' ? [this.#crash, this.#wipe, this.#uncleanly] : [])
      ]
    ]
    const step = this.#one(steps)
    step.call(this)
    this.#commit()
    return step.name
  }

  get #scene(): Scene {
    const living = livingBrokers(this.#brokers)
    return { image: this.#image, living, defaults: this.#defaults, ends: this.#ends, offline: new OfflineByBroker() }
  }

  #one<Value>(values: readonly Value[]): Value {
    const value = values[this.#chance.below(values.length)]
    if (value === undefined) throw new Error('nothing to choose from')
    return value
  }

  #logOf(id: number): number {
    return this.#logs.get(id) ?? 0
  }

  #change(id: number, change: Partial<LivingBroker>): void {
    this.#brokers = this.#brokers.map((broker) => (broker.id === id ? { ...broker, ...change } : broker))
  }

  #isActive(id: number): boolean {
    return this.#scene.living.isActive(id)
  }

  /** Replays, and holds each record against the rules; `joined` are in sync by this very request. */
  #replay(records: readonly StateRecord[], joined: readonly number[] = []): void {
    for (const record of records) {
      const before = this.partition
      replayMetadata(this.#image, record)
      this.#checkChange(before, this.partition, joined)
    }
    this.#ends.forgetDecided(this.#image)
    for (const id of this.#notes) if (this.#isActive(id) && isDecided(this.partition, id)) this.#notes.delete(id)
  }

  #checkChange(before: PartitionImage, now: PartitionImage, joined: readonly number[]): void {
    const { replicas, inSyncReplicas, eligibleLeaderReplicas, addingReplicas, removingReplicas, leader } = now
    for (const some of [inSyncReplicas, eligibleLeaderReplicas, addingReplicas, removingReplicas]) {
      assert.ok(
        some.every((id) => replicas.includes(id)),
        'all are replicas'
      )
      assert.equal(new Set(some).size, some.length, 'nobody is named twice')
    }
    assert.ok(
      !eligibleLeaderReplicas.some((id) => inSyncReplicas.includes(id)),
      'who is in sync is not eligible besides'
    )
    assert.ok(leader === -1 || inSyncReplicas.includes(leader), 'who leads is in sync')
    assert.equal(now.directories.length, replicas.length)
    assert.equal(now.partitionEpoch, before.partitionEpoch + 1)
    assert.ok(now.leaderEpoch - before.leaderEpoch <= 1)
    if (leader === before.leader) return
    assert.equal(now.leaderEpoch, before.leaderEpoch + 1, 'another leader begins an epoch')
    if (leader !== -1) this.#checkElection(before, now, joined)
  }

  #checkElection(
    before: PartitionImage,
    { leader, leaderRecoveryState }: PartitionImage,
    joined: readonly number[]
  ): void {
    assert.ok(this.#isActive(leader), 'who is elected is there')
    const hadEverything = [...before.inSyncReplicas, ...before.eligibleLeaderReplicas, ...joined].includes(leader)
    if (hadEverything && before.leaderRecoveryState === 0) {
      if (this.#weather === 'calm') assert.ok(this.#logOf(leader) >= this.#committed, 'nothing committed is lost')
      return
    }
    assert.equal(this.#weather, 'rough', 'nobody is elected who has not everything')
    assert.ok(hadEverything || leaderRecoveryState === 1, 'an unclean election is marked')
  }

  /** What every replica in sync has, as long as they are enough (Kafka: Partition.maybeIncrementLeaderHW). */
  #commit(): void {
    const { leader, inSyncReplicas, replicas } = this.partition
    if (leader === -1 || inSyncReplicas.length < Math.min(this.#minInSync, replicas.length)) return
    this.#committed = Math.max(this.#committed, Math.min(...inSyncReplicas.map((id) => this.#logOf(id))))
  }

  #append(): void {
    const { leader } = this.partition
    if (leader !== -1 && this.#isActive(leader)) this.#logs.set(leader, this.#logOf(leader) + 1)
  }

  /** A follower has what its leader has, and no more. */
  #fetch(): void {
    const { leader, replicas } = this.partition
    const id = this.#one(replicas)
    if (leader !== -1 && id !== leader && this.#isActive(id)) this.#logs.set(id, this.#logOf(leader))
  }

  #ask(ids: readonly number[], joined: readonly number[] = []): void {
    const { leader, leaderEpoch, partitionEpoch } = this.partition
    const inSyncReplicas = ids.map((brokerId) => ({
      brokerId,
      brokerEpoch: this.#scene.living.broker(brokerId)?.epoch ?? -1
    }))
    const wanted = { topicId: topicIdOf('t'), partitionId: 0, leaderEpoch, partitionEpoch, leaderRecoveryState: 0 }
    this.#replay(decideInSyncSet(this.#scene, leader, { ...wanted, inSyncReplicas }).records, joined)
  }

  #shrink(): void {
    const { leader, inSyncReplicas } = this.partition
    if (leader === -1) return
    const slow = this.#one(inSyncReplicas)
    if (slow !== leader) this.#ask(inSyncReplicas.filter((id) => id !== slow))
  }

  /** Whoever has everything that is committed, and everything that the leader had when it began. */
  #expand(): void {
    const { leader, replicas, inSyncReplicas } = this.partition
    if (leader === -1) return
    const caughtUp = replicas.filter((id) => !inSyncReplicas.includes(id) && this.#logOf(id) === this.#logOf(leader))
    const [one] = caughtUp
    if (one !== undefined) this.#ask([...inSyncReplicas, one], [one])
  }

  /** Who is fenced is not fenced again (`BrokerControl.fence`): who was away at a start stays what it was. */
  #fence(): void {
    const { id, state } = this.#one(this.#brokers)
    if (state === 'fenced') return
    const records = fencedBroker(this.#scene, id)
    this.#change(id, { state: 'fenced' })
    this.#replay(records)
  }

  /** After a clean stop, or a cut that it has lived through. */
  #comeBack(): void {
    const { id, state, directoryId } = this.#one(this.#brokers)
    if (state === 'active') return
    this.#epoch += 1
    this.#change(id, { state: 'fenced', epoch: this.#epoch })
    this.#register(id, 'whole')
    this.#replay(returnedBroker(this.#scene, { id, isClean: true, directoryId }))
    this.#unfence(id)
  }

  /** After a kill, since which its disk may have lost what others have, and nothing is to be seen of that. */
  #comeBackDoubtful(): void {
    const { id, state } = this.#one(this.#brokers)
    if (state === 'active') return
    this.#epoch += 1
    this.#change(id, { state: 'fenced', epoch: this.#epoch })
    this.#lose(id, this.partition.leader !== -1)
    this.#register(id, 'doubtful')
    this.#unfence(id)
  }

  /** After a power cut that has torn what it was writing, or something has rotted that looks like it. */
  #comeBackCut(): void {
    const { id, state } = this.#one(this.#brokers)
    if (state === 'active') return
    this.#epoch += 1
    this.#change(id, { state: 'fenced', epoch: this.#epoch })
    this.#tear(id)
    this.#unfence(id)
  }

  /** A start cuts off some of what it has. */
  #tear(id: number): void {
    this.#lose(id, true)
    this.#notes.add(id)
    this.#register(id, 'cut')
  }

  /** Nothing that is committed, unless that may have rotted there, and others have it. */
  #lose(id: number, mayRot: boolean): void {
    const { inSyncReplicas, eligibleLeaderReplicas } = this.partition
    const candidates = [...inSyncReplicas, ...eligibleLeaderReplicas]
    const isKept = candidates.includes(id) && !(mayRot && id === this.#rotten && candidates.length > 1)
    const has = this.#logOf(id)
    const least = isKept ? Math.min(has, this.#committed) : 0
    this.#logs.set(id, least + this.#chance.below(has - least + 1))
  }

  #register(id: number, afterStop: ReplicaEnd['state']): void {
    const state = this.#notes.has(id) ? 'cut' : afterStop
    const end = { topicId: topicIdOf('t'), partitionId: 0, lastEpoch: 0, logEndOffset: this.#logOf(id), state }
    this.#ends.registered(id, { ends: [end], damaged: [], ahead: [] }, this.#image)
  }

  #unfence(id: number): void {
    const records = unfencedBroker(this.#scene, id)
    this.#change(id, { state: 'active' })
    this.#replay(records)
  }

  #stop(): void {
    const { id, state } = this.#one(this.#brokers)
    if (state !== 'active') return
    const { records } = stoppingBroker(this.#scene, id)
    this.#change(id, { state: 'in controlled shutdown' })
    this.#replay(records)
    assert.notEqual(this.partition.leader, id, 'who stops leads nothing')
  }

  #elect(): void {
    const named = [{ topic: 't', partitions: [0] }]
    const [result] = decideElections(this.#scene, 'preferred', this.#chance.below(2) === 0 ? named : null).result
    assert.equal(result?.topic, 't')
    this.#replay(decideElections(this.#scene, 'preferred', named).records)
  }

  #uncleanly(): void {
    this.#replay(decideElections(this.#scene, 'unclean', null).records)
  }

  #balance(): void {
    this.#replay(balancingElections(this.#scene, 1))
  }

  #reassign(): void {
    const replicas = brokerIds.filter(() => this.#chance.below(2) === 0)
    const wanted = { topic: 't', partitionId: 0, replicas, allowReplicationFactorChange: true }
    this.#replay(decideReassignment(this.#scene, wanted).records)
    this.#forgetStrangers()
  }

  #cancel(): void {
    const wanted = { topic: 't', partitionId: 0, replicas: null, allowReplicationFactorChange: true }
    const { replicas, addingReplicas } = this.partition
    // When only replicas that were being added are in sync, the first of the others counts as being so.
    const original = replicas.filter((id) => !addingReplicas.includes(id)).slice(0, 1)
    const joined = this.#weather === 'rough' ? original : []
    this.#replay(decideReassignment(this.#scene, wanted).records, joined)
    this.#forgetStrangers()
  }

  /** Who is no replica deletes what it had. */
  #forgetStrangers(): void {
    for (const id of brokerIds) if (!this.partition.replicas.includes(id)) this.#logs.delete(id)
  }

  /** The whole process: what was not committed may be lost, here or there, and everybody comes back. */
  #restart(): void {
    const { inSyncReplicas, eligibleLeaderReplicas } = this.partition
    for (const id of brokerIds) this.#change(id, { state: this.#chance.below(5) === 0 ? 'fenced' : 'active' })
    // Who is alone is not doubted.
    const areAllThere = [...inSyncReplicas, ...eligibleLeaderReplicas].every((id) => this.#isActive(id))
    for (const id of brokerIds) {
      const afterStop = this.#one(['whole', 'doubtful', 'cut'] as const)
      if (!this.#isActive(id)) this.#register(id, 'doubtful')
      else if (afterStop === 'cut') this.#tear(id)
      else {
        if (afterStop === 'doubtful') this.#lose(id, areAllThere)
        this.#register(id, afterStop)
      }
    }
    const { leaderEpoch } = this.partition
    this.#replay(startElections(this.#scene))
    const { leader, replicas } = this.partition
    if (leader !== -1 && replicas.length > 1) assert.equal(this.partition.leaderEpoch, leaderEpoch + 1)
    if (leader !== -1) assert.ok(this.#isActive(leader), 'who leads after a start is there')
  }

  /** It comes back with less than it had. */
  #crash(): void {
    const { id, directoryId } = this.#one(this.#brokers)
    this.#epoch += 1
    this.#change(id, { state: 'fenced', epoch: this.#epoch })
    this.#logs.set(id, this.#chance.below(this.#logOf(id) + 1))
    this.#register(id, 'doubtful')
    this.#replay(returnedBroker(this.#scene, { id, isClean: false, directoryId }))
    if (this.#chance.below(2) === 0) this.#unfence(id)
  }

  #wipe(): void {
    const { id } = this.#one(this.#brokers)
    this.#directory += 1
    this.#epoch += 1
    const directoryId = directoryOf(this.#directory % 256)
    this.#change(id, { state: 'fenced', epoch: this.#epoch, directoryId })
    this.#logs.set(id, 0)
    this.#logs.set(id, 0)
    this.#notes.delete(id)
    this.#replay(returnedBroker(this.#scene, { id, isClean: true, directoryId }))
    const { inSyncReplicas, eligibleLeaderReplicas, lastKnownEligibleLeaderReplicas } = this.partition
    const known = [...inSyncReplicas, ...eligibleLeaderReplicas, ...lastKnownEligibleLeaderReplicas]
    assert.ok(!known.includes(id), 'who lost everything counts as nobody')
  }
}
