/**
 * The broker without sockets: bytes of a request in, bytes of an answer out.
 *
 * It owns what one node has (its storage, its replicas, its coordinators) and finds the API for each request. What an API does
 * stands in `apis/`; what the cluster knows in its image, which follows the controller; where records lie in `log/`.
 */

import { configOfBroker } from '../controller/config-control.ts'
import type { MetadataFollower } from '../controller/controller.ts'
import type { PartitionPlan } from '../controller/log-makers.ts'
import type { BrokerConfig } from '../coordination/config/broker-config.ts'
import type { StateRecord } from '../coordination/coordinator.ts'
import type { GroupCoordinator } from '../coordination/groups/group-coordinator.ts'
import type { GroupTopics } from '../coordination/groups/topic-names.ts'
import { ClusterImage, ResourceType } from '../coordination/metadata/image.ts'
import { replayMetadata } from '../coordination/metadata/replay.ts'
import { DiskError } from '../host/disk.ts'
import type { Host } from '../host/host.ts'
import { InvariantError, mistakeIn, wholeStory } from '../invariant.ts'
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { FetchRequest } from '../protocol/generated/api/fetch-request.ts'
import type { Decoded } from '../protocol/message.ts'
import { type BrokerAnswer, close } from './answer.ts'
import type { Api, RequestContext } from './api.ts'
import { answerFetch } from './apis/01-fetch.ts'
import { allApis } from './apis/all.ts'
import { type Authorizer, allowEverything } from './authorizer.ts'
import { BrokerShares } from './broker-shares.ts'
import { BrokerTransactions } from './broker-transactions.ts'
import type { ControllerLine } from './controller-line.ts'
import { dispatch } from './dispatch.ts'
import { type AdvertisedFeatures, advertisedFeatures } from './features.ts'
import { FetchMemory } from './fetch-memory.ts'
import { FetchSessions } from './fetch-sessions.ts'
import { GroupCoordinators } from './group-coordinators.ts'
import { groupTopics } from './group-topics.ts'
import { HeldSessions } from './held-sessions.ts'
import type { HostedPartition } from './hosted-partition.ts'
import { Housekeeping } from './housekeeping.ts'
import { LatestOffsets } from './latest-offsets.ts'
import { metadataDirectory } from './metadata-directory.ts'
import { Participation } from './participation.ts'
import { type Fetched, type Peer, PeerUnreachable } from './peer.ts'
import { ProducerIds } from './producer-ids.ts'
import { FetchPurgatory } from './purgatory.ts'
import { leaderEpochError } from './read-partition.ts'
import type { Replica } from './replication/replica.ts'
import type { ReplicationThrottle } from './replication/replication-throttle.ts'
import type { Session } from './session.ts'
import { DeadLetterQueue } from './share/dead-letter-queue.ts'
import { SharePartitions } from './share/share-partitions.ts'
import type { Storage } from './storage.ts'
import { Walks } from './walks.ts'

/** The others of the cluster, as one broker reaches them. */
export interface Lines {
  readonly controller: ControllerLine
  readonly peer: (nodeId: number) => Peer
}

export interface BrokerOptions {
  readonly storage: Storage
  readonly lines: (broker: Broker) => Lines
  /** Where clients are told to come back to; null: where they came in. */
  readonly advertised: { readonly host: string; readonly port: number } | null
  /** Gets a line when something goes wrong that no client is told of. */
  readonly log: (line: string) => void
  /** The broker has stopped itself, for a mistake of its own or a data directory that is gone: others should lead what it led. */
  readonly onBroken: (reason: Error) => void
}

export type Led = { readonly replica: Replica } | { readonly error: ErrorCode; readonly reason: DiskError | null }

export class Broker {
  readonly host: Host
  readonly config: BrokerConfig
  readonly nodeId: number
  readonly clusterId: string
  readonly apis: ReadonlyMap<number, Api> = allApis
  readonly features: AdvertisedFeatures = advertisedFeatures
  authorizer: Authorizer = allowEverything
  /** What the cluster is changed by. */
  readonly controller: ControllerLine
  readonly producerIds: ProducerIds
  readonly fetchSessions: FetchSessions
  readonly fetches: FetchPurgatory
  readonly fetchMemory = new FetchMemory()
  readonly walks: Walks
  readonly heldSessions = new HeldSessions()
  readonly topicNames: GroupTopics
  readonly logDirectory: {
    readonly path: string
    readonly space: () => { totalBytes: number; freeBytes: number } | null
  }
  readonly #advertised: BrokerOptions['advertised']
  readonly #log: (line: string) => void
  readonly #onBroken: (reason: Error) => void
  readonly #storage: Storage
  readonly #participation: Participation
  readonly groups: GroupCoordinators
  readonly transactions: BrokerTransactions
  readonly shares: BrokerShares
  readonly deadLetters: DeadLetterQueue
  readonly latestOffsets: LatestOffsets
  readonly sharePartitions: SharePartitions
  readonly #housekeeping: Housekeeping
  #image = new ClusterImage()
  /** What was told before the logs were opened; null from then on. */
  #early: (readonly StateRecord[])[] | null = []
  #inFlight = 0
  readonly #answered = (answer: BrokerAnswer): BrokerAnswer => {
    this.#inFlight -= 1
    if (this.#inFlight === 0) this.#whenIdle?.()
    return answer
  }
  #whenIdle: (() => void) | null = null
  /** It has stopped itself: what it knows cannot be trusted. */
  #isBroken = false
  #stopping: Promise<void> | null = null

  /** Opens every log of the storage that the cluster knows of. Rejects with DiskError; the storage is the caller's to let go then. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options)
    const { storage } = options
    broker.#image = await broker.controller.attach(broker.#follower())
    broker.#begin()
    await storage.replicas.recovered()
    return broker
  }

  private constructor({ storage, lines, advertised, log, onBroken }: BrokerOptions) {
    const { host, config, replicas, nodeId } = storage
    this.nodeId = nodeId
    const { controller, peer } = lines(this)
    this.host = host
    this.config = config
    this.controller = controller
    this.#advertised = advertised
    this.#log = log
    this.#onBroken = onBroken
    this.#storage = storage
    this.clusterId = storage.directory.clusterId
    this.logDirectory = { path: host.disk.location, space: () => host.disk.space() }
    this.producerIds = new ProducerIds(controller)
    this.fetchSessions = new FetchSessions(host.clock, host.chance)
    this.fetches = new FetchPurgatory(host.clock)
    this.walks = new Walks(host.clock)
    this.topicNames = groupTopics(() => this.#image)
    const image = (): ClusterImage => this.#image
    // What names no partition may have left anything half done.
    storage.onMistake = (error) => this.failed('What nobody waits for', mistakeIn('broker', error))
    const onMistake = (what: string, error: unknown): void => this.failed(what, error)
    this.#participation = new Participation({ storage, lines: { controller, peer }, image, onMistake })
    this.shares = new BrokerShares({ nodeId, host, config, controller, image, replicas, peer })
    this.latestOffsets = new LatestOffsets({ nodeId, image, peer, here: (of) => this.logEnds(of) })
    this.groups = new GroupCoordinators({
      ...{ host, config, controller, image, replicas, topics: this.topicNames, log },
      persister: this.shares.persister
    })
    this.transactions = new BrokerTransactions({
      ...{ nodeId, host, config, controller, image, replicas, peer, topics: this.topicNames },
      ...{ producerIds: this.producerIds, groups: this.groups },
      onMistake: (error) => this.failed('Looking after transactions', error)
    })
    this.deadLetters = new DeadLetterQueue({
      ...{ nodeId, clock: host.clock, config, image, controller, peer, log },
      led: (topic, partition) => this.led(topic, partition)
    })
    this.sharePartitions = new SharePartitions({
      deadLetters: this.deadLetters,
      ...{ clock: host.clock, persister: this.shares.persister, mostSessions: () => config.shareMaxSessions },
      settingsOf: (groupId) => config.sharePartitionSettings(this.#image.configOf(ResourceType.group, groupId))
    })
    const onGone = (reason: DiskError): void => this.end(reason)
    this.#housekeeping = new Housekeeping({ clock: host.clock, config, storage, image, log, onGone })
    replicas.observeRoles(this.groups)
    replicas.observeRoles(this.transactions.coordinators)
    replicas.observeRoles(this.sharePartitions)
    replicas.observeRoles(this.shares.coordinators)
  }

  /** Of what followers take of this broker. */
  get leaderThrottle(): ReplicationThrottle {
    return this.#participation.leaderThrottle
  }

  /** Whether requests that name very many partitions are under way. */
  get isInSlices(): boolean {
    return this.walks.isBusy
  }

  /** What this broker knows of the cluster. */
  get image(): ClusterImage {
    return this.#image
  }

  #begin(): void {
    const { replicas } = this.#storage
    this.config.follow((name) => configOfBroker(this.#image, this.nodeId, name))
    this.#image.takeDelta()
    replicas.openAll(this.#image)
    const early = this.#early ?? []
    this.#early = null
    for (const records of early) this.#follow(records)
  }

  /** What the controller tells, and asks. */
  #follower(): MetadataFollower {
    const { replicas } = this.#storage
    return {
      isLettingGo: (topic) => replicas.isLettingGo(topic),
      letGo: () => replicas.letGo(),
      prepare: (plan: PartitionPlan) => replicas.prepare(plan),
      discard: (plan: PartitionPlan) => replicas.discard(plan),
      leave: (plan: PartitionPlan) => replicas.leave(plan),
      namesSafe: () => replicas.namesSafe(),
      follow: (records) => this.#follow(records)
    }
  }

  /** What this broker makes of it is its own affair: a mistake here stops this broker, and the others are told all the same. */
  #follow(records: readonly StateRecord[]): void {
    if (this.#early !== null) {
      this.#early.push(records)
      return
    }
    try {
      for (const record of records) replayMetadata(this.#image, record)
      const delta = this.#image.takeDelta()
      this.#storage.replicas.follow(delta, this.#image)
      this.groups.follow(delta)
      if (delta.configs.length > 0) this.sharePartitions.settingsChanged()
      this.shares.coordinators.follow(delta)
    } catch (error) {
      this.failed(
        'Following the controller',
        new InvariantError('what the controller says was not followed', 'broker', error)
      )
    }
  }

  /**
   * The controller has said who leads, and hears this broker under this epoch. From here on it leads, follows and serves, and looks after
   * what it has.
   */
  serve(epoch: number): void {
    this.#participation.begin(epoch)
    this.#storage.begin()
    this.#housekeeping.start()
  }

  /** The controller hears that it lives, from here on. Of a broker of several that takes part already. */
  beginHeartbeats(): void {
    this.#participation.beginHeartbeats()
  }

  /** Resolves when the controller has it take part. Of a broker of several that comes. Rejects with DiskError. */
  takePart(): Promise<void> {
    return this.#participation.takePart()
  }

  /**
   * One request in (without its size prefix), one answer out. What must happen in the order of the requests has happened
   * when this returns; the rest may be waited for. Never throws and never rejects.
   */
  answer(session: Session, frame: Buffer): BrokerAnswer | Promise<BrokerAnswer> {
    const answer = this.heldSessions.isHeld(session)
      ? this.heldSessions.inTurn(session, () => this.#dispatch(session, frame))
      : this.#dispatch(session, frame)
    if (!(answer instanceof Promise)) return answer
    this.#inFlight += 1
    return answer.then(this.#answered)
  }

  /**
   * The connection has ended: what somebody held by it is given to others, once what came by it before is done, which may be the opening of
   * a session (so with Kafka, whose Selector lets what it has received be done before it tells).
   */
  disconnected(session: Session): void {
    if (this.heldSessions.isHeld(session)) void this.heldSessions.inTurn(session, () => this.disconnected(session))
    else if (!this.#isBroken) this.sharePartitions.disconnected(session)
  }

  #dispatch(session: Session, frame: Buffer): BrokerAnswer | Promise<BrokerAnswer> {
    if (this.#isBroken) return close('the broker has stopped itself')
    return dispatch(this, session, frame)
  }

  /** What this broker has of a partition. */
  hosted(topic: string, partition: number): HostedPartition {
    return this.#storage.replicas.get(topic, partition)
  }

  /** The replica of a partition that serves; undefined when there is none, or it is offline. */
  replica(topic: string, partition: number): Replica | undefined {
    const hosted = this.hosted(topic, partition)
    return hosted.kind === 'online' ? hosted.replica : undefined
  }

  /** The replica that leads a partition; or Kafka's error for who asks for the leader here, and what happened where the disk is at fault. */
  led(topic: string, partition: number): Led {
    const hosted = this.hosted(topic, partition)
    if (hosted.kind === 'offline') return { error: ErrorCode.KAFKA_STORAGE_ERROR, reason: hosted.reason }
    if (hosted.kind === 'online' && hosted.replica.leadership !== null) return { replica: hosted.replica }
    const isThere = this.#image.topicByName(topic)?.partitions[partition] !== undefined
    const { NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
    return { error: isThere ? NOT_LEADER_OR_FOLLOWER : UNKNOWN_TOPIC_OR_PARTITION, reason: null }
  }

  /** The same for who knows who leads: whether that is another epoch comes first (Partition.getLocalLog). */
  ledIn(currentLeaderEpoch: number, topic: string, partition: number): Led {
    const replica = this.replica(topic, partition)
    const error = replica === undefined ? ErrorCode.NONE : leaderEpochError(replica, currentLeaderEpoch)
    return error === ErrorCode.NONE ? this.led(topic, partition) : { error, reason: null }
  }

  /** A follower's Fetch, by values: Kafka's request of the newest version. */
  async fetchFor(followerId: number, request: Decoded<FetchRequest>): Promise<Fetched> {
    const session = { id: -1, clientHost: '', listener: { host: '', port: 0 } }
    const context: RequestContext = {
      ...{ broker: this, session, apiVersion: FetchRequest.highestVersion, correlationId: 0 },
      ...{ clientId: `broker-${followerId}`, onSent: null }
    }
    try {
      const response = await answerFetch(request, context)
      return { response, done: () => context.onSent?.() }
    } catch (error) {
      // It is none of the follower's, which asks again.
      this.failed(`A Fetch of broker ${followerId}`, error)
      throw new PeerUnreachable(`broker ${this.nodeId} could not answer`)
    }
  }

  /** Where the log of a partition that is led here begins and ends. */
  logEnds({ topicId, partition, leaderEpoch }: Parameters<Peer['logEnds']>[0]): Awaited<ReturnType<Peer['logEnds']>> {
    const led = this.led(this.#image.topicById(topicId)?.name ?? '', partition)
    if ('error' in led) return { error: led.error }
    if (led.replica.leaderEpoch !== leaderEpoch) return { error: ErrorCode.FENCED_LEADER_EPOCH }
    const { logStartOffset, logEndOffset, gaps } = led.replica.log
    return { logStartOffset, logEndOffset, highWatermark: led.replica.highWatermark, gaps }
  }

  /** Where a client of this session is told to come back to. */
  endpoint(session: Session): { readonly host: string; readonly port: number } {
    return this.#advertised ?? session.listener
  }

  /** Whether clients are told hosts that were chosen for them, whichever way they came in. */
  get isAdvertised(): boolean {
    return this.#advertised !== null
  }

  rackOf(nodeId: number): string | null {
    return this.#image.broker(nodeId)?.rack ?? (nodeId === this.nodeId ? this.config.rack : null)
  }

  /** Makes `__consumer_offsets` and its coordinators when they are not there yet; false when that failed. */
  ensureGroupCoordinators(): Promise<boolean> {
    return this.groups.topic.ensure()
  }

  /** The node that looks after the group; -1 when there is none. */
  groupCoordinatorNode(groupId: string): number {
    return this.groups.topic.nodeOf(groupId)
  }

  /** The partition of `__consumer_offsets` that has the group; null as long as there is no such topic. */
  groupPartition(groupId: string): number | null {
    return this.groups.topic.partitionOf(groupId)
  }

  groupCoordinatorFor(groupId: string): Promise<GroupCoordinator | undefined> {
    return this.groups.of(groupId)
  }

  groupCoordinators(): Promise<readonly GroupCoordinator[]> {
    return this.groups.all()
  }

  /** Resolves when the records before the offset are gone. Rejects with DiskError. */
  deleteRecordsBefore(replica: Replica, offset: number): Promise<void> {
    return this.#storage.replicas.deleteRecordsBefore(replica, offset)
  }

  /** Puts the log start offsets on disk now: DeleteRecords must survive a crash once it is answered. */
  saveLogStartOffsets(): Promise<void> {
    return this.#storage.replicas.saving.logStartOffsets()
  }

  /**
   * A mistake of ours came to light while something was done: whoever runs the broker hears of it, whole, and what it names
   * serves no more.
   */
  failed(what: string, error: unknown): void {
    this.#log(`${what} met a mistake of the broker, please report it: ${wholeStory(error)}`)
    if (!(error instanceof InvariantError) || error.stops === 'nothing else') return
    if (error.stops === 'broker' || error.stops.partition === metadataDirectory) this.#stopItself(error)
    else this.#stopPartition(error.stops.partition, error)
  }

  #stopPartition(name: string, error: InvariantError): void {
    const what = `${name} serves no more, for a mistake of the broker: ${error.message}`
    this.#storage.replicas.stop(name, new DiskError('failed', name, what, error))
  }

  /** There is nothing to go on with, and the mistake is none of ours: whoever runs the broker hears why it has stopped itself. */
  end(reason: DiskError): void {
    if (this.#isBroken) return
    this.#log(`The broker has stopped itself. ${reason.message}`)
    this.#stopItself(reason)
  }

  /** The files stay as they are, for the next start to recover. */
  #stopItself(reason: Error): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.abandon()
    // What waits for a turn has none any more, and is never answered.
    this.#whenIdle?.()
    this.#onBroken(reason)
  }

  /** Ends all that it has begun, without a word to the disk: its start has failed, or it has stopped itself. */
  abandon(): void {
    this.release()
    this.#endReplication()
    this.#housekeeping.stop()
    this.#storage.abandon()
  }

  /**
   * Answers those who wait for records or for other members: the broker is about to stop. Nobody waits from now on. Followers are
   * served and leaders followed to the end: acknowledgements that are under way depend on both.
   */
  release(): void {
    this.fetches.release()
    this.groups.close()
    this.transactions.coordinators.close()
    this.sharePartitions.close()
    this.shares.close()
  }

  /** Resolves when the requests in flight are answered; what followers keep waiting for too long is refused. */
  async drain(): Promise<void> {
    this.release()
    if (this.#inFlight === 0 || this.#isBroken) return
    const refusal = this.host.clock.after(limits.stopWaitMs, () => this.#storage.replicas.resign())
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve
    })
    refusal.cancel()
  }

  /** Waits for the requests in flight, and closes every log cleanly. The directory is free afterwards, whatever happens. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    if (this.#isBroken) return
    this.#housekeeping.stop()
    await this.drain()
    if (this.#isBroken) return
    this.#endReplication()
    try {
      await this.#storage.close(this.#image.brokerEpoch(this.nodeId))
    } catch (error) {
      // It has stopped itself meanwhile, and let go of its directory.
      if (!this.#isBroken) throw error
    }
  }

  #endReplication(): void {
    this.fetches.end()
    this.sharePartitions.end()
    this.#participation.stop()
  }
}
