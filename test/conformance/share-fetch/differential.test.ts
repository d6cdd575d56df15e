/**
 * The same requests of a share group's members, in an order that a seed chooses, to ours and to a real Apache Kafka: the same records go to
 * the same members, as often, and the same is refused.
 */
import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { describeSequences, until } from '../differential/sequences.ts'
import { fieldOf, type Plain, textOf } from '../differential/session.ts'
import { Api, Side, type Step, Steps } from './steps.ts'

const groupResource = 32
const shareKey = 2
/** Every third writes within transactions, and every second reads what is committed. */
const seeds = [1, 6, 83, 96]
/** No lock runs out, however busy the machine is: when one does is chance. */
const configs = {
  'group.share.max.record.lock.duration.ms': '600000',
  'group.share.record.lock.duration.ms': '600000'
}
/** Until a broker knows what the controller has done, and until what a session held is given back. */
const heardMs = 500
const givenBackMs = 400

describeSequences<Side, Steps, Step>({
  seeds,
  configs,
  title: 'share groups read as from Apache Kafka',
  side: (session) => new Side(session),
  // A busy Kafka answers a fetch at times before it has looked at its partitions, with nothing.
  mostAttempts: 3,
  steps: (seed, attempt) => new Steps(seed, attempt),
  begin,
  next: (steps) => steps.next(),
  take,
  history: (done) => done.map(({ what }) => what)
})

async function begin(side: Side, { group, topic: name, settings, isTransactional }: Steps): Promise<void> {
  const { session } = side
  const configs = Object.entries(settings).map(([name, value]) => ({ name, configOperation: 0, value }))
  const resources = [{ resourceType: groupResource, resourceName: group, configs }]
  const altered = await session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  assert.equal(fieldOf(altered, 'errorCode'), 0, textOf(altered))
  const made = await session.ask(Api.CreateTopics, 7, {
    topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
    ...{ timeoutMs: 10_000, validateOnly: false }
  })
  side.topicId = String(fieldOf(made, 'topicId'))
  await setTimeout(heardMs)
  for (const partition of [0, 1]) await initialize(side, group, partition)
  if (isTransactional) await makeProducer(side, group)
  await open(side, group)
}

/** Which of two partitions is known first is chance. This member takes nothing, and stays. */
async function open({ session, topicId }: Side, groupId: string): Promise<void> {
  const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, acknowledgementBatches: [] }))
  const limits = { maxWaitMs: 300, minBytes: 1, maxBytes: 1000, maxRecords: -1, batchSize: 1, shareAcquireMode: 0 }
  const body = { groupId, memberId: 'opener', isRenewAck: false, topics: [{ topicId, partitions }], ...limits }
  for (const shareSessionEpoch of [0, 1])
    await session.ask(Api.ShareFetch, 2, { ...body, shareSessionEpoch, forgottenTopicsData: [] })
}

async function initialize({ session, topicId }: Side, groupId: string, partition: number): Promise<void> {
  const coordinatorKeys = [`${groupId}:${topicId}:${partition}`]
  const topics = [{ topicId, partitions: [{ partition, stateEpoch: 1, startOffset: partition - 1 }] }]
  await until(async () => {
    await session.ask(Api.FindCoordinator, 6, { key: '', keyType: shareKey, coordinatorKeys })
    const answer = await session.ask(Api.InitializeShareGroupState, 0, { groupId, topics })
    return fieldOf(answer, 'errorCode') === 0
  })
}

async function makeProducer(side: Side, transactionalId: string): Promise<void> {
  const { session } = side
  const asked = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
  await until(async () => {
    await session.ask(Api.FindCoordinator, 4, { keyType: 1, coordinatorKeys: [transactionalId] })
    const answer = await session.ask(Api.InitProducerId, 4, asked)
    if (fieldOf(answer, 'errorCode') !== 0) return false
    const [producerId, producerEpoch] = [
      Number(fieldOf(answer, 'producerId')),
      Number(fieldOf(answer, 'producerEpoch'))
    ]
    side.producer = { producerId, producerEpoch, sequences: [0, 0] }
    return true
  })
}

async function take(step: Step, side: Side): Promise<Plain> {
  const answer = await step.take(side)
  await setTimeout(givenBackMs)
  return told(answer)
}

/**
 * Kafka names a partition or not that it has nothing to say of, as its threads have come to it, and in the order of a hash. It sends batches
 * behind those of which something was acquired, or not. Whether a record or a batch is not the member's depends there on what was before.
 */
function told(answer: Plain): Plain {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer) || Buffer.isBuffer(answer)) return answer
  if (!('responses' in answer)) return answer
  const topics = answer.responses as unknown as { partitions: Record<string, Plain>[] }[]
  const lines = topics.flatMap(({ partitions }) => partitions.filter(isSomething).map(lineOf))
  return { ...answer, responses: lines.sort() }
}

function lineOf({ records, ...partition }: Record<string, Plain>): string {
  const line = textOf({ ...partition, hasRecords: Buffer.isBuffer(records) && records.length > 0 })
  return line.replace(/"(Member is not the owner|The (batch|offset) cannot be acknowledged)[^"]*"/, '"..."')
}

function isSomething({ errorCode, acknowledgeErrorCode, acquiredRecords }: Record<string, Plain>): boolean {
  if (acquiredRecords === undefined) return true
  return errorCode !== 0 || acknowledgeErrorCode !== 0 || (Array.isArray(acquiredRecords) && acquiredRecords.length > 0)
}
