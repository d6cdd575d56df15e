/**
 * The cluster of a simulation: one broker, or three and a controller, each on a machine of its own. Single brokers end and come
 * back, and so does all of it.
 */
import { partitionOfKey } from '../../src/broker/state-topic.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import type { ClusterImage, PartitionImage } from '../../src/coordination/metadata/image.ts'
import type { SimulatedNetwork } from '../../src/host/simulated/network.ts'
import type { End } from '../../src/host/simulated/process.ts'
import type { World } from '../../src/host/simulated/world.ts'
import { Links } from './links.ts'
import { sessionTimeoutMs } from './member.ts'
import { Node } from './node.ts'
import { deliveryCountLimit, lockMs } from './share-members/share-record-ledger.ts'

/** Between a start that failed and the next. */
const startAgainMicros = 500_000
const controllerId = 1000

/** From a start of the whole to its end. */
interface Life {
  /** Null until all of it serves. */
  cluster: Cluster | null
  isStopping: boolean
  /** Resolves when it is over: what its code awaits may never come. */
  readonly ended: Promise<void>
  readonly tellEnd: () => void
}

function newLife(): Life {
  let tellEnd = (): void => {}
  const ended = new Promise<void>((resolve) => {
    tellEnd = resolve
  })
  return { cluster: null, isStopping: false, ended, tellEnd }
}

export class SimulatedCluster {
  readonly nodes: readonly Node[]
  readonly links: Links
  readonly log: string[] = []
  /** How often the power of a machine was cut: what was written and not synced before may be gone. */
  powerCuts = 0
  /** The first that a broker told of a mistake of its own: no fault excuses one. */
  mistake: string | null = null
  /** Called when a broker has another copy of a partition than before; or, with null, of all of them. */
  onOtherCopy: ((nodeId: number, directory: string | null) => void) | undefined
  readonly #world: World
  readonly #controller: Node | null
  #life: Life | null = null
  /** What everybody knew when all of it went; nothing where it was starting or stopping. */
  #imagesAtEnd: readonly ClusterImage[] = []
  /** Where bits have flipped. */
  #rotten: Node | null = null

  constructor(world: World, network: SimulatedNetwork, brokers: number) {
    this.#world = world
    this.links = new Links(world, (nodeId) => this.machines.find(({ id }) => id === nodeId)?.process?.awake() ?? null)
    this.nodes = Array.from({ length: brokers }, (_, index) => new Node(index + 1, world, network))
    this.#controller = brokers === 1 ? null : new Node(controllerId, world, network)
  }

  /** What runs; null while nothing does, or all of it starts. */
  get running(): Cluster | null {
    return this.#life?.cluster ?? null
  }

  /** Brokers' machines, and the controller's. */
  get machines(): readonly Node[] {
    return this.#controller === null ? this.nodes : [...this.nodes, this.#controller]
  }

  /** A partition as the controller knows it; undefined when nobody knows at the moment. */
  imageOf(topicId: string, partition: number): PartitionImage | undefined {
    return this.running?.controller.image.topicById(topicId)?.partitions[partition]
  }

  /** In which leader epoch a partition is; null when nobody knows at the moment. */
  epochOf(topicId: string, partition: number): number | null {
    return this.imageOf(topicId, partition)?.leaderEpoch ?? null
  }

  /** The same, where this node leads in it, and has begun to; null where another does, or may still write. */
  ledEpochOf(topicId: string, partition: number, node: number): number | null {
    const cluster = this.running
    const topic = cluster?.controller.image.topicById(topicId)
    const { leader = -1, leaderEpoch = -1 } = topic?.partitions[partition] ?? {}
    const replica = cluster?.brokers.get(leader)?.replica(topic?.name ?? '', partition)
    return leader === node && replica?.leadership?.epoch === leaderEpoch ? leaderEpoch : null
  }

  /**
   * The leader epoch in which the node coordinates the group; null where another does, or nobody. One that was replaced, and was not
   * told yet, answers with what it knows, as Kafka's does.
   */
  coordinatedEpochOf(group: string, node: number): number | null {
    return this.#coordinatedEpochOf('__consumer_offsets', group, node)
  }

  /** The same of a share partition. */
  shareCoordinatedEpochOf(name: string, node: number): number | null {
    return this.#coordinatedEpochOf('__share_group_state', name, node)
  }

  #coordinatedEpochOf(topicName: string, key: string, node: number): number | null {
    const topic = this.running?.controller.image.topicByName(topicName)
    if (topic === undefined) return null
    return this.ledEpochOf(topic.id, partitionOfKey(key, topic.partitions.length), node)
  }

  /** Whether the node has heard of all that the controller has decided; of several brokers, one may hear of it later. */
  hasHeardAll(nodeId: number): boolean {
    if (this.nodes.length === 1) return true
    const cluster = this.running
    const image = cluster?.brokers.get(nodeId)?.image
    if (cluster === null || image === undefined) return false
    const [decided, heard] = [[...cluster.controller.image.topics()], [...image.topics()]]
    return (
      decided.length === heard.length &&
      decided.every(({ id, partitions }) => image.topicById(id)?.partitions.length === partitions.length)
    )
  }

  /** Starts all of it, and again and again until it serves or is killed. */
  async start(): Promise<void> {
    if (this.#life !== null) return
    const life = newLife()
    this.#life = life
    for (const machine of this.machines) machine.begin()
    this.#note('start')
    while (this.#life === life) {
      try {
        await this.#begin(life)
        return
      } catch (error) {
        if (this.#life !== life) return
        this.#note(`start failed: ${messageOf(error)}`)
        await this.#world.pause(startAgainMicros, 'start again')
      }
    }
  }

  /** All of it is gone at once. */
  end(how: End): void {
    if (this.#life === null) return
    this.#imagesAtEnd = this.#images(this.#life).map((image) => image.copy())
    this.#life.tellEnd()
    this.#life = null
    this.#note(how)
    if (how === 'power cut') this.powerCuts += 1
    for (const machine of this.machines) machine.end(how)
  }

  /** Asks all of it to stop, as SIGTERM does, and waits for it. */
  async stop(): Promise<void> {
    const life = this.#life
    const cluster = life?.cluster
    if (life === null || !cluster || life.isStopping) return
    this.#note('stop')
    life.isStopping = true
    await Promise.race([this.#stopAll(cluster), life.ended])
    if (this.#life === life) this.end('killed')
  }

  async #stopAll(cluster: Cluster): Promise<void> {
    const answered = this.nodes.map(({ server }) => server?.stop())
    for (const broker of cluster.brokers.values()) broker.release()
    await Promise.all(answered)
    await cluster.stop().catch((error: unknown) => this.#note(`stop failed: ${messageOf(error)}`))
  }

  /** One broker is gone at once; where it is the only one, or all are starting or stopping, all are. */
  endNode(node: Node, how: End): void {
    const life = this.#life
    if (life === null || node.process === null) return
    if (how === 'power cut') this.powerCuts += 1
    if (life.cluster === null || life.isStopping || this.nodes.length === 1 || node === this.#controller) {
      this.end('killed')
      // Its disk forgets what the others' keep.
      if (how === 'power cut') node.powerCut()
      return
    }
    this.#note(`node ${node.id}: ${how}`)
    node.end(how)
    void this.#tellLoss(life, life.cluster, node.id)
  }

  /** A process does nothing for so long, and then goes on. */
  pause(node: Node, micros: number): void {
    if (node.process === null) return
    this.#note(`node ${node.id}: paused for ${Math.round(micros / 1000)} ms`)
    node.process.pause(micros)
  }

  /** One broker hands over what it leads, and stops. */
  async stopNode(node: Node): Promise<void> {
    const life = this.#life
    if (this.nodes.length === 1) return await this.stop()
    const { process, server } = node
    if (!life?.cluster?.brokers.has(node.id) || life.isStopping || process === null) return
    this.#note(`node ${node.id}: stop`)
    const drained = async (): Promise<void> => await server?.stop()
    const stopped = life.cluster.stopBroker(node.id, drained).catch((error: unknown) => {
      this.#note(`node ${node.id}: stop failed: ${messageOf(error)}`)
    })
    await Promise.race([stopped, node.ended])
    if (this.#life === life && node.process === process) this.endNode(node, 'killed')
  }

  /** One broker comes back; again and again until it serves, or is killed, or all are. */
  async startNode(node: Node): Promise<void> {
    const life = this.#life
    if (life === null) return await this.start()
    if (node.process !== null) return
    const process = node.begin()
    this.#note(`node ${node.id}: start`)
    while (this.#life === life && node.process === process && !life.isStopping) {
      try {
        await this.#beginNode(life, node)
        return
      } catch (error) {
        if (this.#life !== life || node.process !== process) return
        this.#note(`node ${node.id}: start failed: ${messageOf(error)}`)
        await this.#world.pause(startAgainMicros, 'start again')
      }
    }
  }

  /** Whether others have all of what the broker, which is down, has: in every partition somebody else is in sync, and it is not. */
  isDispensable(node: Node): boolean {
    return this.#everyoneSaysOf(
      node,
      ({ inSyncReplicas }) => inSyncReplicas.length > 0 && !inSyncReplicas.includes(node.id)
    )
  }

  /** Whether that is so of all partitions of the broker, which is down, in the image of everybody. */
  #everyoneSaysOf(node: Node, isSo: (partition: PartitionImage) => boolean): boolean {
    const images = node.process !== null || this.#life === null ? [] : this.#images(this.#life)
    if (images.length === 0) return false
    return images.every((image) => {
      const partitions = [...image.topics()].flatMap((topic) => topic.partitions)
      return partitions.filter(({ replicas }) => replicas.includes(node.id)).every(isSo)
    })
  }

  /** Whether nobody can read the partition any more: it is damaged where a bit has flipped, and others died before they had all. */
  isLost(topicId: string, partitionId: number): boolean {
    const cluster = this.running
    if (this.#rotten === null || cluster === null) return false
    const topic = cluster.controller.image.topicById(topicId)
    const partition = topic?.partitions[partitionId]
    if (topic === undefined || partition === undefined) return false
    const hosted = cluster.brokers.get(this.#rotten.id)?.hosted(topic.name, partitionId)
    return hosted?.kind === 'offline' && !mayBeLedByOthers(partition, this.#rotten.id)
  }

  /** Whether nobody can say any more where some of the groups are. */
  get hasLostGroups(): boolean {
    return this.#hasLostSome('__consumer_offsets')
  }

  /** The same of transactional ids. */
  get hasLostTransactions(): boolean {
    return this.#hasLostSome('__transaction_state')
  }

  /** The same of share partitions' states. */
  get hasLostShares(): boolean {
    return this.#hasLostSome('__share_group_state')
  }

  #hasLostSome(name: string): boolean {
    const topic = this.running?.controller.image.topicByName(name)
    return topic?.partitions.some(({ partitionId }) => this.isLost(topic.id, partitionId)) ?? false
  }

  /**
   * A bit flips on the disk of a broker that is down, where it may, and on no other's in this simulation: others keep what was promised.
   * False where none may.
   */
  rot(node: Node): boolean {
    const path = node.rot(this.#mayRot(node))
    if (path === null) return false
    this.#rotten = node
    this.#note(`node ${node.id}: a bit flips in ${path}`)
    // Perhaps where it says how far its logs were trimmed.
    this.onOtherCopy?.(node.id, null)
    return true
  }

  /** The last segment of a log ends earlier there, on the border of a batch, or is gone. False where no log may. */
  loseTail(node: Node): boolean {
    const what = node.loseTail(this.#mayRot(node))
    if (what === null) return false
    this.#rotten = node
    this.#note(`node ${node.id}: ${what}`)
    this.onOtherCopy?.(node.id, null)
    return true
  }

  /** Whether bits may flip on the disk of this broker, which runs. */
  mayRotRunning(node: Node): boolean {
    return (this.#rotten ?? node) === node && node.process !== null && this.running !== null
  }

  /** A bit has flipped there. */
  rotted(node: Node, where: string): void {
    this.#rotten = node
    this.#note(`node ${node.id}: a bit flips in ${where}`)
  }

  /**
   * The directories in which bits may flip there, and logs end earlier. Behind what a checkpoint says was synced, nobody can tell such a record from one that a
   * power cut left half written: it is cut off, and so others must be known to have everything, who may be down as well.
   */
  #mayRot(node: Node): readonly string[] {
    if ((this.#rotten ?? node) !== node || node.process !== null) return []
    const images = this.#life === null ? this.#imagesAtEnd : this.#images(this.#life)
    const [first, ...others] = images.map((image) => new Set(directoriesOfOthers(image, node.id)))
    return [...(first ?? [])].filter((directory) => others.every((known) => known.has(directory)))
  }

  /** What the controller and the brokers know; nothing while nobody can be asked. */
  #images({ cluster, isStopping }: Life): readonly ClusterImage[] {
    if (cluster === null || isStopping) return []
    return [cluster.controller.image, ...[...cluster.brokers.values()].map(({ image }) => image)]
  }

  /** Whether the disk may be replaced: what lies on another may have flipped, unseen. */
  mayWipe(node: Node): boolean {
    return (this.#rotten === null || this.#rotten === node) && this.isDispensable(node)
  }

  wipe(node: Node): void {
    this.#note(`node ${node.id}: another disk`)
    this.onOtherCopy?.(node.id, null)
    node.wipe()
  }

  async #begin(life: Life): Promise<void> {
    try {
      for (const node of this.nodes) await node.listen(this.#logOf(life, node))
      const [first, ...others] = this.nodes.map((node) => node.start(this.#logOf(life, node)))
      const controllerHost = this.#controller?.process
      const cluster = await Cluster.start({
        brokers: [first ?? fail(), ...others],
        ...(controllerHost ? { controllerHost, transport: this.links.transport } : {}),
        ...{ durability: 'disk', config, log: this.#logOf(life) }
      })
      if (this.#life !== life) return
      life.cluster = cluster
      for (const { id, server } of this.nodes) server?.serve(cluster.brokers.get(id) ?? fail())
      this.#note('serves')
    } catch (error) {
      if (this.#life === life) await Promise.all(this.nodes.map(({ server }) => server?.stop()))
      throw error
    }
  }

  async #beginNode(life: Life, node: Node): Promise<void> {
    const server = await node.listen(this.#logOf(life, node))
    try {
      const broker = await life.cluster?.startBroker(node.start(this.#logOf(life, node)))
      if (broker === undefined || this.#life !== life || node.server !== server) return
      server.serve(broker)
      this.#note(`node ${node.id}: serves`)
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** A controller whose disk refuses is of no use any more: all of it begins anew. */
  async #tellLoss(life: Life, cluster: Cluster, nodeId: number): Promise<void> {
    try {
      await cluster.lostBroker(nodeId)
    } catch (error) {
      if (this.#life !== life) return
      this.#note(`the controller cannot go on: ${messageOf(error)}`)
      this.end('killed')
      await this.start()
    }
  }

  #logOf(life: Life, node: Node | null = null): (line: string) => void {
    const who = node === null ? '' : `node ${node.id}: `
    return (line) => {
      if (this.#life !== life) return
      if (line.includes('met a mistake of the broker')) this.mistake ??= `${who}${line}`
      this.#note(`${who}${line}`)
      const [, directory] = setAside.exec(line) ?? []
      if (directory !== undefined) this.onOtherCopy?.(node?.id ?? 1, directory)
    }
  }

  /** Of what happens to the machines. */
  tell(line: string): void {
    this.#note(line)
  }

  #note(line: string): void {
    this.#world.note(line)
    this.log.push(`${this.#world.now}  ${line}`)
  }
}

/** Whether anybody else may have everything: who is down at the moment comes back, and leads. */
export function mayBeLedByOthers(
  of: Pick<PartitionImage, 'inSyncReplicas' | 'eligibleLeaderReplicas' | 'lastKnownEligibleLeaderReplicas'>,
  nodeId: number
): boolean {
  const candidates = [of.inSyncReplicas, of.eligibleLeaderReplicas, of.lastKnownEligibleLeaderReplicas]
  return candidates.flat().some((id) => id !== nodeId)
}

/** The partitions of a broker that others have all of, by their directories. */
function* directoriesOfOthers(image: ClusterImage, nodeId: number): Iterable<string> {
  for (const { name, partitions } of image.topics()) {
    for (const { partitionId, replicas, inSyncReplicas, eligibleLeaderReplicas } of partitions) {
      const haveAll = [...inSyncReplicas, ...eligibleLeaderReplicas]
      if (replicas.includes(nodeId) && haveAll.some((id) => id !== nodeId)) yield `${name}-${partitionId}`
    }
  }
}

/** What a broker tells of a directory that is not served any more, with the partition that it was of. */
const setAside = /^simulated\/(\S+-\d+) (?:was set aside|belongs to no topic|was moved to other brokers)/

const config = {
  'offsets.topic.num.partitions': '2',
  'transaction.state.log.num.partitions': '2',
  'share.coordinator.state.topic.num.partitions': '2',
  'share.coordinator.snapshot.update.records.per.snapshot': '5',
  'share.coordinator.state.topic.prune.interval.ms': '700',
  'share.coordinator.cold.partition.snapshot.interval.ms': '1500',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '300',
  'log.retention.check.interval.ms': '5000',
  // Seconds of a simulation are many steps: what ends a session, and a lag, comes soon. A leader that reaches only the controller goes on alone.
  'broker.heartbeat.interval.ms': '400',
  'broker.session.timeout.ms': '1500',
  'replica.lag.time.max.ms': '1000',
  'auto.create.topics.enable': 'false',
  // Of the brokers' own topics as well.
  'log.cleaner.backoff.ms': '300',
  'log.roll.ms': '1000',
  'group.min.session.timeout.ms': String(sessionTimeoutMs),
  'group.share.min.record.lock.duration.ms': String(lockMs),
  'group.share.record.lock.duration.ms': String(lockMs),
  'group.share.delivery.count.limit': String(deliveryCountLimit),
  'group.share.min.session.timeout.ms': '1000',
  'group.share.session.timeout.ms': '1500',
  'group.share.min.heartbeat.interval.ms': '100',
  'group.share.heartbeat.interval.ms': '300',
  'group.share.assignment.interval.ms': '0'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function fail(): never {
  throw new Error('a cluster has brokers')
}
