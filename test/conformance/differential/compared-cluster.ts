/** One cluster of three brokers of the comparison: its brokers, their connections, and answers without what each cluster has named itself. */
import type { RealKafkaCluster } from '../../harness/real-kafka-cluster.ts'
import { Api } from './case.ts'
import { type Plain, Session } from './session.ts'

/** What both kinds of clusters can be told to do. */
export type Cluster = Pick<RealKafkaCluster, 'addresses' | 'startBroker' | 'stopBroker' | 'killBroker' | 'stop'>

/** Each cluster has its own of these. */
const ownValues = new Set([
  'clusterId',
  'topicId',
  'host',
  'controllerId',
  'logAppendTimeMs',
  'errorMessage',
  'sessionId'
])
/** Elections are counted alike where they are the same; how often a set of replicas changed on the way to it is not told. */
const epochs = new Set(['leaderEpoch', 'currentLeaderEpoch', 'brokerEpoch'])
const unordered = new Set(['isrNodes', 'offlineReplicas', 'eligibleLeaderReplicas', 'lastKnownElr'])
const settleMs = 60_000

export interface PartitionState {
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  readonly isMoving: boolean
}

export class ComparedCluster {
  readonly addresses: readonly string[]
  readonly #cluster: Cluster
  readonly #sessions: readonly Session[]
  readonly #running = new Set([1, 2, 3])

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.addresses = cluster.addresses
    this.#sessions = cluster.addresses.map((address) => new Session(address))
  }

  get running(): readonly number[] {
    return [...this.#running].sort()
  }

  async start(id: number): Promise<void> {
    await this.#cluster.startBroker(id)
    this.#running.add(id)
  }

  async stop(id: number): Promise<void> {
    this.#left(id)
    await this.#cluster.stopBroker(id)
  }

  async kill(id: number): Promise<void> {
    this.#left(id)
    await this.#cluster.killBroker(id)
  }

  async end(): Promise<void> {
    for (const session of this.#sessions) session.close()
    await this.#cluster.stop()
  }

  /** The answer of one broker, in a form that both clusters can give. */
  async ask(id: number, api: number, version: number, request: object): Promise<Plain> {
    return this.#normalForm(await this.#session(id).ask(api, version, request))
  }

  /** The same of each broker that runs. */
  async askEach(api: number, version: number, request: object): Promise<Plain> {
    const answers = await Promise.all(this.running.map((id) => this.ask(id, api, version, request)))
    return Object.fromEntries(answers.map((answer, index) => [`broker ${this.running[index]}`, answer]))
  }

  /** What every broker that runs says of these topics. */
  describe(topics: readonly string[]): Promise<Plain> {
    return this.askEach(Api.DescribeTopicPartitions, 0, {
      topics: topics.map((name) => ({ name })),
      responsePartitionLimit: 100
    })
  }

  /** The id of a topic, for requests that name it so. */
  async idOf(name: string): Promise<string> {
    const answer = await this.#session(1).ask(Api.Metadata, 12, { topics: [{ name }] })
    const [topic] = elements(field(answer, 'topics'))
    return String(field(topic ?? null, 'topicId'))
  }

  /** Waits until every broker that runs says so of the topic's partitions. */
  async until(topic: string, isSo: (partitions: readonly PartitionState[]) => boolean): Promise<void> {
    const deadline = Date.now() + settleMs
    for (;;) {
      const told = await Promise.all(this.running.map((id) => this.#partitions(id, topic)))
      if (told.every(isSo)) return
      if (Date.now() > deadline) throw new Error(`${topic} has not settled: ${JSON.stringify(told)}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async #partitions(id: number, topic: string): Promise<PartitionState[]> {
    const request = { topics: [{ name: topic }], responsePartitionLimit: 100 }
    const described = await this.#session(id).ask(Api.DescribeTopicPartitions, 0, request)
    const moving = await this.#session(id).ask(Api.ListPartitionReassignments, 0, { timeoutMs: 5000, topics: null })
    const isMoving = elements(field(moving, 'topics')).some((one) => field(one, 'name') === topic)
    return elements(field(elements(field(described, 'topics'))[0] ?? null, 'partitions')).map((partition) => ({
      leader: Number(field(partition, 'leaderId')),
      replicas: elements(field(partition, 'replicaNodes')).map(Number),
      inSync: elements(field(partition, 'isrNodes')).map(Number),
      isMoving
    }))
  }

  #left(id: number): void {
    this.#running.delete(id)
    this.#session(id).close()
  }

  #session(id: number): Session {
    const session = this.#sessions[id - 1]
    if (session === undefined) throw new RangeError(`there is no broker ${id}`)
    return session
  }

  #normalForm(value: Plain, name = ''): Plain {
    if (ownValues.has(name)) return 'own'
    if (epochs.has(name)) return Number(value) < 0 ? 'no epoch' : 'an epoch'
    if (name === 'port') return this.#brokerAt(Number(value))
    if (Buffer.isBuffer(value)) return `${value.length} bytes`
    if (typeof value === 'bigint') return String(value)
    if (Array.isArray(value)) return this.#list(value, name)
    if (typeof value !== 'object' || value === null) return value
    const fields = Object.entries(value).filter(([field]) => field !== 'throttleTimeMs')
    return Object.fromEntries(fields.map(([field, inner]) => [field, this.#normalForm(inner, field)]))
  }

  #list(values: readonly Plain[], name: string): Plain {
    const elements = values.map((value) => this.#normalForm(value))
    const isSet = unordered.has(name) || elements.every((element) => typeof element === 'object')
    return isSet ? elements.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)) : elements
  }

  #brokerAt(port: number): string {
    const index = this.addresses.findIndex((address) => address.endsWith(`:${port}`))
    return index === -1 ? `port ${port}` : `the port of broker ${index + 1}`
  }
}

function field(value: Plain, name: string): Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Buffer.isBuffer(value)) return null
  return value[name] ?? null
}

function elements(value: Plain): readonly Plain[] {
  return Array.isArray(value) ? value : []
}
