/**
 * The same requests about transactions, in an order that a seed chooses, to ours and to a real Apache Kafka: the same answers, the same
 * batches in the logs, the same offsets and producers, whatever was asked before.
 */
import { setTimeout } from 'node:timers/promises'
import { readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { normalForm } from '../differential/normal-form.ts'
import { describeSequences, until } from '../differential/sequences.ts'
import { fieldOf, type Plain, textOf } from '../differential/session.ts'
import { Api, Side, type Step, Steps } from './steps.ts'

describeSequences<Side, Steps, Step>({
  title: 'transactions as Apache Kafka has them',
  side: (session) => new Side(session),
  steps: (seed) => new Steps(seed),
  begin,
  next: (steps) => steps.next(),
  take,
  isOver: (answer) => textOf(answer).includes('it does not end'),
  history: (done) => {
    const id = done.at(-1)?.transactionalId ?? null
    return done.map(({ what }) => what).filter((what) => id === null || what.includes(id))
  }
})

async function begin(side: Side, { topic }: Steps): Promise<void> {
  const { session } = side
  for (const keyType of [0, 1]) {
    await until(async () => {
      const answer = await session.ask(Api.FindCoordinator, 4, { keyType, coordinatorKeys: [topic] })
      return fieldOf(answer, 'errorCode') === 0
    })
  }
  const topics = [{ name: topic, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }]
  const made = await session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
  side.topicId = String(fieldOf(made, 'topicId'))
  // Where coordinators load, and leaders become known, the answers are not those of the steps.
  await until(async () => {
    const request = { transactionalId: `warm-up of ${topic}`, transactionTimeoutMs: 60_000 }
    return fieldOf(await session.ask(Api.InitProducerId, 1, request), 'errorCode') === 0
  })
  await until(async () => {
    const asked = { groupId: topic, topics: [], requireStable: false }
    return fieldOf(await session.ask(Api.OffsetFetch, 7, asked), 'errorCode') === 0
  })
  const first = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions: [0, 1].map(latest) }] }
  await until(async () => !/"errorCode":[1-9]/.test(textOf(await session.ask(Api.ListOffsets, 7, first))))
}

const latest = (partitionIndex: number) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 })

async function take(step: Step, side: Side, steps: Steps): Promise<Plain> {
  const answer = await side.session.ask(step.api, step.version, step.request(side))
  side.note(step, answer)
  const told = normalForm(inOrder(side.told(step.api === Api.Fetch ? withHeaders(answer) : answer)), ownFields(step))
  if (step.transactionalId === null || (await isSettled(side, steps))) return told
  return { told, ending: 'it does not end' }
}

/** The ids of producers are told apart by their order here; only what each names otherwise is masked. */
function ownFields({ api }: Step): readonly string[] {
  return api === Api.DescribeTransactions || api === Api.ListTransactions ? ['transactionStartTimeMs'] : []
}

/**
 * What is about to end has ended: how long that takes differs. A marker that an administrator wrote in a later epoch keeps that of the
 * coordinator out, so that it never ends.
 */
async function isSettled({ session }: Side, { ids }: Steps): Promise<boolean> {
  for (let left = 100; left > 0; left -= 1) {
    const answer = await session.ask(Api.DescribeTransactions, 0, { transactionalIds: [...ids] })
    if (!textOf(answer).includes('"Prepare')) return true
    await setTimeout(20)
  }
  return false
}

/** The headers of the batches instead of their bytes: the times of markers differ. */
function withHeaders(answer: Plain): Plain {
  if (Buffer.isBuffer(answer)) return headersIn(answer)
  if (Array.isArray(answer)) return answer.map(withHeaders)
  if (typeof answer !== 'object' || answer === null) return answer
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, withHeaders(value)]))
}

function headersIn(records: Buffer): Plain {
  const headers: Plain[] = []
  for (let position = 0; position < records.length; ) {
    const {
      sizeBytes,
      crc: _,
      baseTimestamp: _base,
      maxTimestamp: _max,
      ...header
    } = readBatchHeader(records, position)
    const isData = (header.attributes & 0x20) === 0
    const bytes = records.subarray(position + 61, position + sizeBytes)
    headers.push({ ...header, sizeBytes, records: isData ? bytes : `${bytes.length} bytes` })
    position += sizeBytes
  }
  return headers
}

/** Partitions of a transaction are told in an order of no meaning. */
function inOrder(value: Plain): Plain {
  if (Array.isArray(value)) {
    const elements = value.map(inOrder)
    return elements.every((one) => typeof one === 'number')
      ? elements.sort((one, other) => Number(one) - Number(other))
      : elements
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inOrder(inner)]))
}
