/**
 * Somebody deletes `__share_group_state`: groups take their share partitions for initialized all the same, their members are assigned them, and
 * nothing can be fetched, until somebody says where they are to begin. The same with `--target kafka`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startTarget, target } from '../../harness/target.ts'
import { skipUnless } from '../../harness/tools.ts'
import { until } from '../differential/sequences.ts'
import { fieldOf, type Plain, Session, textOf } from '../differential/session.ts'
import { batchOf } from '../share-clients/records.ts'

const [group, topic] = ['workers', 'orders']
const groupResource = 32
const unknownServerError = -1
/** Until a broker has heard of what the controller did. */
const heardMs = 1000

const Api = {
  Produce: 0,
  FindCoordinator: 10,
  CreateTopics: 19,
  DeleteTopics: 20,
  IncrementalAlterConfigs: 44,
  ShareGroupHeartbeat: 76,
  ShareFetch: 78,
  AlterShareGroupOffsets: 91
} as const

class Member {
  readonly #session: Session
  readonly #memberId: string
  readonly #topicId: string
  #epoch = 0

  constructor(session: Session, memberId: string, topicId: string) {
    this.#session = session
    this.#memberId = memberId
    this.#topicId = topicId
  }

  async joinUntilAssigned(): Promise<void> {
    await until(async () => {
      const subscribedTopicNames = this.#epoch === 0 ? [topic] : null
      const answer = await this.#heartbeat(this.#epoch, subscribedTopicNames)
      if (fieldOf(answer, 'errorCode') !== 0) return false
      this.#epoch = Number(fieldOf(answer, 'memberEpoch'))
      return /"partitions":\[0\]/.test(textOf(answer))
    })
  }

  async leave(): Promise<void> {
    assert.equal(fieldOf(await this.#heartbeat(-1, null), 'errorCode'), 0)
  }

  /** In a session of its own, which ends with it: the answer's partition. */
  async fetch(): Promise<Plain> {
    const partitions = [{ partitionIndex: 0, acknowledgementBatches: [] }]
    const limits = { maxWaitMs: 500, minBytes: 1, maxBytes: 100_000, maxRecords: 10, batchSize: 1, shareAcquireMode: 0 }
    const body = { groupId: group, memberId: this.#memberId, isRenewAck: false, forgottenTopicsData: [] }
    const topics = [{ topicId: this.#topicId, partitions }]
    const answer = await this.#session.ask(Api.ShareFetch, 2, { ...body, ...limits, shareSessionEpoch: 0, topics })
    const end = { maxWaitMs: 0, minBytes: 0, maxBytes: 0, maxRecords: 0, batchSize: 0, shareAcquireMode: 0 }
    await this.#session.ask(Api.ShareFetch, 2, { ...body, ...end, shareSessionEpoch: -1, topics: [] })
    return fieldOf(answer, 'responses') ?? null
  }

  #heartbeat(memberEpoch: number, subscribedTopicNames: readonly string[] | null): Promise<Plain> {
    const body = { groupId: group, memberId: this.#memberId, memberEpoch, rackId: null, subscribedTopicNames }
    return this.#session.ask(Api.ShareGroupHeartbeat, 1, body)
  }
}

const title = 'states that were deleted by hand are missed by who fetches, until it is said where to begin'

test(title, { skip: skipUnless(target()) }, async () => {
  using data = temporaryDirectory('lost-states')
  let topicId = ''
  await onBroker(data.path, async (session) => {
    topicId = await makeTopic(session)
    const first = new Member(session, 'first', topicId)
    await first.joinUntilAssigned()
    await until(async () => isGiven(await first.fetch()))
    await first.leave()
    await session.ask(Api.DeleteTopics, 5, { topicNames: ['__share_group_state'], timeoutMs: 5000 })
    await setTimeout(heardMs)
  })
  // Who leads the partition knows how far it is, until it starts anew.
  await onBroker(data.path, async (session) => {
    await untilCoordinated(session)
    const second = new Member(session, 'second', topicId)
    await second.joinUntilAssigned()
    await until(async () => fieldOf(await second.fetch(), 'errorCode') === unknownServerError)
    await second.leave()
    await until(async () => isAltered(await alterOffsets(session)))
    const third = new Member(session, 'third', topicId)
    await third.joinUntilAssigned()
    await until(async () => isGiven(await third.fetch()))
  })
})

async function onBroker(dataDirectory: string, work: (session: Session) => Promise<void>): Promise<void> {
  const broker = await startTarget({ dataDirectory })
  const session = new Session(broker.bootstrap)
  try {
    await work(session)
  } finally {
    session.close()
    await broker.stop()
  }
}

async function untilCoordinated(session: Session): Promise<void> {
  const coordinator = { keyType: 0, coordinatorKeys: [group] }
  await until(async () => fieldOf(await session.ask(Api.FindCoordinator, 4, coordinator), 'errorCode') === 0)
}

async function makeTopic(session: Session): Promise<string> {
  await untilCoordinated(session)
  const topics = [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  const made = await session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
  const configs = [{ name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }]
  const resources = [{ resourceType: groupResource, resourceName: group, configs }]
  await session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  await setTimeout(heardMs)
  const topicData = [{ name: topic, partitionData: [{ index: 0, records: batchOf(['a', 'b', 'c']) }] }]
  await session.ask(Api.Produce, 12, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
  return String(fieldOf(made, 'topicId'))
}

function alterOffsets(session: Session): Promise<Plain> {
  const topics = [{ topicName: topic, partitions: [{ partitionIndex: 0, startOffset: 0 }] }]
  return session.ask(Api.AlterShareGroupOffsets, 0, { groupId: group, topics })
}

function isAltered(answer: Plain): boolean {
  return !/"errorCode":-?[1-9]/.test(textOf(answer))
}

function isGiven(partition: Plain): boolean {
  return /"firstOffset"/.test(textOf(partition))
}
