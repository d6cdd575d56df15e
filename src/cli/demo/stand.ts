/**
 * The demo's topics and groups on a cluster: names that nobody has there, topics that the demo makes, and a producer id for each service.
 *
 * The names are plain (orders, payments, notifications) where they are free. Where one is taken, by a topic or by a group, all of them get
 * a number in front: a demo writes into nothing that was there before, and two demos on one cluster do not meet.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { everyGroup } from '../groups/every-group.ts'
import { describeTopics, failureOf, type LedPartition, ledPartitions, listAllTopics } from '../partitions.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { persistently } from '../waiting.ts'
import { type ServiceName, serviceNames, type TopicName, topicNames } from './services.ts'

export const partitionCount = 3
const topicAlreadyExists = 36
/** A new topic is known to every broker only after a moment. */
const appearanceMs = 10_000
const lookAgainMs = 50

export interface Stand {
  readonly topics: Readonly<Record<TopicName, string>>
  readonly groups: Readonly<Record<ServiceName, string>>
  /** Whether a name was taken. */
  readonly numbered: boolean
  readonly producerIds: Readonly<Record<ServiceName, bigint>>
}

export type StandPartitions = Readonly<Record<TopicName, readonly LedPartition[]>>

export async function setUpStand(cluster: Cluster): Promise<Stand> {
  const taken = new Set([...(await topicsThere(cluster)), ...(await groupsThere(cluster))])
  for (let number = 1; ; number++) {
    const prefix = number === 1 ? '' : `demo${number}-`
    const topics = named(topicNames, prefix)
    const groups = named(serviceNames, prefix)
    if ([...Object.values(topics), ...Object.values(groups)].some((name) => taken.has(name))) continue
    if (!(await createTopics(cluster, Object.values(topics)))) continue
    await findPartitions(cluster, topics)
    return { topics, groups, numbered: number > 1, producerIds: await producerIdsOf(cluster) }
  }
}

export function named<Name extends string>(names: readonly Name[], prefix: string): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, `${prefix}${name}`])) as Record<Name, string>
}

async function topicsThere(cluster: Cluster): Promise<string[]> {
  return (await listAllTopics(cluster)).map((topic) => topic.name ?? '')
}

async function groupsThere(cluster: Cluster): Promise<string[]> {
  return (await everyGroup(cluster)).map(({ group }) => group)
}

/** False when someone was faster with one of the names. */
async function createTopics(cluster: Cluster, names: readonly string[]): Promise<boolean> {
  const request = names.map((name) => ({
    name,
    numPartitions: partitionCount,
    replicationFactor: -1,
    assignments: [],
    configs: []
  }))
  const { topics } = await cluster.answer('CreateTopics', 'controller', request, cluster.timeoutMs, false)
  const refused = topics.find((topic) => topic.errorCode !== 0)
  if (refused === undefined) return true
  if (refused.errorCode === topicAlreadyExists) return false
  const failure = failureOf(cluster, refused.errorCode, refused.errorMessage)
  throw new CliError({
    what: `the demo's topic "${refused.name}" was not created`,
    why: explainFailure(failure),
    next: 'odradek demo   (without --bootstrap-server it brings a broker of its own)',
    exitCode: exitCodeOf(failure)
  })
}

/** With their leaders of now; waits until they all have one. */
export async function findPartitions(cluster: Cluster, topics: Stand['topics']): Promise<StandPartitions> {
  const led = await persistently(
    { limitMs: appearanceMs, pauseMs: lookAgainMs },
    () => true,
    () => allLed(cluster, topics)
  )
  const ofTopic = (name: TopicName) => led.filter((one) => one.topic === topics[name])
  return Object.fromEntries(topicNames.map((name) => [name, ofTopic(name)])) as Record<TopicName, LedPartition[]>
}

async function allLed(cluster: Cluster, topics: Stand['topics']): Promise<LedPartition[]> {
  const led = ledPartitions(await describeTopics(cluster, Object.values(topics)))
  const isReady = led.length === partitionCount * topicNames.length && led.every((one) => one.leader >= 0)
  if (!isReady) throw new CliError({ what: "not every partition of the demo's topics has a leader" })
  return led
}

async function producerIdsOf(cluster: Cluster): Promise<Record<ServiceName, bigint>> {
  const ids = await Promise.all(
    serviceNames.map(async (name) => {
      const { producerId } = await cluster.call('InitProducerId', 'any', null, cluster.timeoutMs, -1n, -1)
      return [name, producerId] as const
    })
  )
  return Object.fromEntries(ids) as Record<ServiceName, bigint>
}
