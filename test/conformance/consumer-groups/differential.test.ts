/**
 * The same requests about consumer groups (KIP-848), in an order that a seed chooses, to ours and to a real Apache Kafka: the same answers,
 * the same epochs and assignments, whatever was asked before.
 */
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { describeSequences, until } from '../differential/sequences.ts'
import { fieldOf, type Plain, textOf } from '../differential/session.ts'
import { withoutSettling } from '../differential/settling.ts'
import { Api, Side, type Step, Steps } from './steps.ts'

const groupResource = 32
/** Until a coordinator has looked up an expression. */
const lookedUpMs = 150
/** Until it has heard of what the controller did. */
const heardMs = 1000

describeSequences<Side, Steps, Step>({
  title: 'consumer groups as Apache Kafka has them',
  side: (session) => new Side(session),
  steps: (seed) => new Steps(seed),
  begin,
  next: (steps) => steps.next(),
  take,
  history: (done) => done.map(({ what }) => what)
})

async function begin(side: Side, { group, topics }: Steps): Promise<void> {
  const { session } = side
  await until(async () => {
    const answer = await session.ask(Api.FindCoordinator, 4, { keyType: 0, coordinatorKeys: [group] })
    return fieldOf(answer, 'errorCode') === 0
  })
  for (const [index, name] of topics.entries()) {
    const made = await session.ask(Api.CreateTopics, 7, {
      topics: [{ name, numPartitions: index === 0 ? 7 : 4, replicationFactor: 1, assignments: [], configs: [] }],
      ...{ timeoutMs: 10_000, validateOnly: false }
    })
    side.topicIds.set(String(fieldOf(made, 'topicId')), name)
  }
  const configs = [{ name: 'consumer.assignment.interval.ms', configOperation: 0, value: '0' }]
  const resources = [{ resourceType: groupResource, resourceName: group, configs }]
  const altered = await session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  assert.equal(fieldOf(altered, 'errorCode'), 0, textOf(altered))
  // Where coordinators load, the answers are not those of the steps.
  await until(async () => {
    const asked = { groupId: group, topics: [], requireStable: false }
    return fieldOf(await session.ask(Api.OffsetFetch, 7, asked), 'errorCode') === 0
  })
  const named = topics.map((name) => ({ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', name }))
  const asked = { topics: named, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false }
  await until(async () => !/"errorCode":[1-9]/.test(textOf(await session.ask(Api.Metadata, 12, asked))))
  await setTimeout(heardMs)
}

async function take(step: Step, side: Side): Promise<Plain> {
  const answer = await side.session.ask(step.api, step.version, step.request(side))
  side.note(step, answer)
  if (step.api === Api.CreatePartitions) await setTimeout(heardMs)
  else if (step.settlesLater) await setTimeout(lookedUpMs)
  return withoutMessages(withoutSettling(side.told(answer)), step)
}

/** Why an expression is none, each engine says in its own words; an unknown feature of a message is no difference otherwise. */
function withoutMessages(value: Plain, { api }: Step): Plain {
  const isExpression = fieldOf(value, 'errorCode') === 128 && api === Api.ConsumerGroupHeartbeat
  return isExpression && typeof value === 'object' && value !== null ? { ...value, errorMessage: '' } : value
}
