/**
 * The same requests about streams groups (KIP-1071), in an order that a seed chooses, to ours and to a real Apache Kafka: the same answers and
 * epochs, and as many tasks for each member, whatever was asked before. Which tasks, is in Kafka for its hash tables to say; so of more than two
 * members, whose tasks depend on which are free by then, it is epochs, errors and states of the group alone.
 */
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { describeSequences, until } from '../differential/sequences.ts'
import { fieldOf, type Plain, textOf } from '../differential/session.ts'
import { withoutSettling } from '../differential/settling.ts'
import { Api, Side, type Step, Steps } from './steps.ts'

const groupResource = 32
/** Until a coordinator has heard of what the controller did. */
const heardMs = 1000

describeSequences<Side, Steps, Step>({
  title: 'streams groups as Apache Kafka has them',
  side: (session) => new Side(session),
  steps: (seed) => new Steps(seed),
  begin,
  next: (steps) => steps.next(),
  take,
  history: (done) => done.map(({ what }) => what)
})

async function begin({ session }: Side, steps: Steps): Promise<void> {
  const { group, input, internalTopics, hasInternalTopics, standbyReplicas } = steps
  await until(async () => {
    const answer = await session.ask(Api.FindCoordinator, 4, { keyType: 0, coordinatorKeys: [group] })
    return fieldOf(answer, 'errorCode') === 0
  })
  const names = hasInternalTopics ? [input, ...internalTopics] : [input]
  const topics = names.map((name) => ({ name, numPartitions: 4, replicationFactor: 1, assignments: [], configs: [] }))
  const made = await session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
  assert.equal(fieldOf(made, 'errorCode'), 0, textOf(made))
  const settings = {
    'streams.assignment.interval.ms': 0,
    'streams.initial.rebalance.delay.ms': 0,
    'streams.num.standby.replicas': standbyReplicas
  }
  const configs = Object.entries(settings).map(([name, value]) => ({ name, configOperation: 0, value: String(value) }))
  const resources = [{ resourceType: groupResource, resourceName: group, configs }]
  const altered = await session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  assert.equal(fieldOf(altered, 'errorCode'), 0, textOf(altered))
  // Where coordinators load, the answers are not those of the steps.
  await until(async () => {
    const asked = { groupId: group, topics: [], requireStable: false }
    return fieldOf(await session.ask(Api.OffsetFetch, 7, asked), 'errorCode') === 0
  })
  await setTimeout(heardMs)
}

async function take(step: Step, side: Side, { isOfTwo, group }: Steps): Promise<Plain> {
  const answer = await side.session.ask(step.api, step.version, step.request(side))
  side.note(step, answer)
  if (textOf(answer).includes('Internal topics are missing')) await setTimeout(heardMs)
  return told(step.api === Api.ListGroups ? own(answer, group) : withoutSettling(answer), isOfTwo)
}

/** What depends on which tasks somebody has. */
const ofTasks =
  /(Tasks|Partitions|EndpointEpoch|UserEndpoint|InformationEpoch|assignment|groupState|targetAssignment)$/i
/** Kafka names three of them, whichever. */
const missingTopics = /(Internal topics are missing: ).*/

/** In an order that means something, and of tasks and of what they read how many. */
function told(value: Plain, isOfTwo: boolean, name = ''): Plain {
  if (!isOfTwo && ofTasks.test(name)) return 'some'
  // Apache Kafka says NotReady, and counts no partitions, until the group writes something after it has looked at its topics.
  if (name === 'groupState') return value === 'Empty' ? value : 'has members'
  if (name === 'partitions') return 'some'
  if (typeof value === 'string') return value.replace(missingTopics, '$1')
  if (Array.isArray(value)) {
    if (/(Tasks|Partitions)$/.test(name)) return value.reduce<number>((sum, one) => sum + partitionCount(one), 0)
    const elements = value.map((one) => told(one, isOfTwo))
    return elements.sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, told(inner, isOfTwo, field)]))
}

/** Of the groups that are listed the one of these steps. */
function own(answer: Plain, group: string): Plain {
  const groups = fieldOf(answer, 'groups')
  return Array.isArray(groups) ? groups.filter((one) => fieldOf(one, 'groupId') === group) : answer
}

function partitionCount(of: Plain): number {
  const partitions = fieldOf(of, 'partitions')
  return Array.isArray(partitions) ? partitions.length : 1
}
