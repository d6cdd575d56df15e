/** What comes before the steps of a seed: topics, a group without an interval between assignments, and coordinators that have loaded. */
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { until } from '../differential/sequences.ts'
import { fieldOf, type Plain, textOf } from '../differential/session.ts'
import { withoutSettling } from '../differential/settling.ts'
import { Api, type Side, type Step, type Steps } from './steps.ts'

const groupResource = 32
/** Until share coordinators have initialized what they were asked to. */
const initializedMs = 200
/** Until a coordinator has heard of what the controller did. */
const heardMs = 1000

export async function begin(side: Side, steps: Steps): Promise<void> {
  const { session } = side
  const { group, topics } = steps
  await until(async () => {
    const answer = await session.ask(Api.FindCoordinator, 4, { keyType: 0, coordinatorKeys: [group] })
    return fieldOf(answer, 'errorCode') === 0
  })
  for (const [index, name] of topics.entries()) {
    const made = await session.ask(Api.CreateTopics, 7, {
      topics: [{ name, numPartitions: index === 0 ? 4 : 2, replicationFactor: 1, assignments: [], configs: [] }],
      ...{ timeoutMs: 10_000, validateOnly: false }
    })
    side.topicIds.set(String(fieldOf(made, 'topicId')), name)
  }
  const configs = [{ name: 'share.assignment.interval.ms', configOperation: 0, value: '0' }]
  const resources = [{ resourceType: groupResource, resourceName: group, configs }]
  const altered = await session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  assert.equal(fieldOf(altered, 'errorCode'), 0, textOf(altered))
  await setTimeout(heardMs)
  await loaded(side, steps)
}

/** Where coordinators load, or their topics are made, the answers are not those of the steps. */
export async function loaded({ session }: Side, { group, topics }: Steps): Promise<void> {
  await until(async () => {
    const asked = { groupIds: [group], includeAuthorizedOperations: false }
    const answer = await session.ask(Api.ShareGroupDescribe, 1, asked)
    return [0, 69].includes(Number(fieldOf(fieldOf(answer, 'groups') ?? null, 'errorCode')))
  })
  const [topicName] = topics
  const startOffset = 0
  await until(async () => {
    const partitions = [0, 1, 2, 3].map((partitionIndex) => ({ partitionIndex, startOffset }))
    const asked = { groupId: `warm-${group}`, topics: [{ topicName, partitions }] }
    return !/"errorCode":-?[1-9]/.test(textOf(await session.ask(Api.AlterShareGroupOffsets, 0, asked)))
  })
}

/** `settlesMs`: how long share coordinators may take, which is longer where a Kafka has just begun. */
export async function take(step: Step, side: Side, settlesMs = initializedMs): Promise<Plain> {
  const answer = await side.session.ask(step.api, step.version, step.request(side))
  side.note(step, answer)
  if (step.api === Api.CreatePartitions) await setTimeout(heardMs)
  else if (step.settlesLater) await setTimeout(settlesMs)
  return withoutSettling(side.told(answer))
}
