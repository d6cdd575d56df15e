/** A Kafka stops while a transaction is open that has offsets of a group: who asks for stable offsets is told the same by both. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { fieldOf, type Plain, Session } from '../differential/session.ts'
import { Client } from './orders/client.ts'

const TOPIC = 'orders'
const GROUP = 'readers'
const TRANSACTION = 'a transaction'
const Api = { OffsetCommit: 8, OffsetFetch: 9, InitProducerId: 22, AddOffsetsToTxn: 25, TxnOffsetCommit: 28 }
const UNSTABLE_OFFSET_COMMIT = 88

test(
  'offsets of a transaction that is open are told as unstable',
  {
    skip: skipUnless(odradek(), kafkaJars('broker'))
  },
  async () => {
    using data = temporaryDirectory('open-transaction')
    const kafka = await startRealKafka({ dataDirectory: data.path })
    const client = await Client.open(kafka.bootstrap)
    await client.createTopic(TOPIC, 2, new Map())
    await client.findCoordinator('group')
    await client.findCoordinator('transaction')
    client.close()
    const session = new Session(kafka.bootstrap)
    await commitBoth(session)
    await commitOneInTransaction(session)
    const told = await offsetsInEachVersion(session)
    session.close()
    await kafka.stop()

    await using ours = await startOdradek({ dataDirectory: data.path })
    const asked = new Session(ours.bootstrap)
    assert.deepEqual(await offsetsInEachVersion(asked), told)
    asked.close()
    const { stable, unstable } = told.find(({ version }) => version === 8) ?? {}
    assert.equal(fieldOf(stable ?? null, 'errorCode'), UNSTABLE_OFFSET_COMMIT)
    assert.equal(fieldOf(unstable ?? null, 'errorCode'), 0)
  }
)

const partition = (partitionIndex: number, committedOffset: number) => ({
  ...{ partitionIndex, committedOffset, committedLeaderEpoch: -1, committedMetadata: '' }
})

async function commitBoth(session: Session): Promise<void> {
  const topics = [{ name: TOPIC, partitions: [partition(0, 5), partition(1, 6)] }]
  const request = { groupId: GROUP, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, topics }
  await granted(session, Api.OffsetCommit, 8, request)
}

async function commitOneInTransaction(session: Session): Promise<void> {
  const begun = { transactionalId: TRANSACTION, transactionTimeoutMs: 600_000, producerId: -1, producerEpoch: -1 }
  const given = await granted(session, Api.InitProducerId, 4, begun)
  const [producerId, producerEpoch] = ['producerId', 'producerEpoch'].map((name) => Number(fieldOf(given, name)))
  const producer = { transactionalId: TRANSACTION, groupId: GROUP, producerId, producerEpoch }
  await granted(session, Api.AddOffsetsToTxn, 3, producer)
  const member = { generationId: -1, memberId: '', groupInstanceId: null }
  const topics = [{ name: TOPIC, partitions: [partition(0, 9)] }]
  await granted(session, Api.TxnOffsetCommit, 3, { ...producer, ...member, topics })
}

/** The answer, once the coordinators are up. */
async function granted(session: Session, api: number, version: number, request: object): Promise<Plain> {
  for (let left = 300; ; left -= 1) {
    const answer = await session.ask(api, version, request)
    if (fieldOf(answer, 'errorCode') === 0) return answer
    assert.ok(left > 0, `API ${api} answers ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

interface Told {
  readonly version: number
  readonly stable: Plain
  readonly unstable: Plain
}

/** The partitions as they are told to who wants stable offsets, and to who does not. */
async function offsetsInEachVersion(session: Session): Promise<Told[]> {
  const told: Told[] = []
  for (const version of [7, 8, 9]) {
    const topics = [{ name: TOPIC, partitionIndexes: [0, 1] }]
    const asked = version < 8 ? { groupId: GROUP, topics } : { groups: [{ groupId: GROUP, topics }] }
    const stable = await session.ask(Api.OffsetFetch, version, { ...asked, requireStable: true })
    const unstable = await session.ask(Api.OffsetFetch, version, { ...asked, requireStable: false })
    told.push({ version, stable: partitionsOf(stable), unstable: partitionsOf(unstable) })
  }
  return told
}

function partitionsOf(answer: Plain): Plain {
  return fieldOf(answer, 'partitions') ?? null
}
