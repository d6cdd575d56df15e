/** Requests of hundreds of partitions: a turn of the loop does no more of them than there is time for, and orders hold all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { BrokerAnswer } from '../../src/broker/answer.ts'
import type { Broker } from '../../src/broker/broker.ts'
import type { Session } from '../../src/broker/session.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { decodeResponse, encodeRequest } from '../../src/protocol/frame.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteRecordsRequest } from '../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../src/protocol/generated/api/delete-records-response.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { InitializeShareGroupStateRequest } from '../../src/protocol/generated/api/initialize-share-group-state-request.ts'
import { InitializeShareGroupStateResponse } from '../../src/protocol/generated/api/initialize-share-group-state-response.ts'
import { ListOffsetsRequest } from '../../src/protocol/generated/api/list-offsets-request.ts'
import { ListOffsetsResponse } from '../../src/protocol/generated/api/list-offsets-response.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../src/protocol/generated/api/metadata-response.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../src/protocol/generated/api/produce-response.ts'
import { ReadShareGroupStateRequest } from '../../src/protocol/generated/api/read-share-group-state-request.ts'
import { ReadShareGroupStateResponse } from '../../src/protocol/generated/api/read-share-group-state-response.ts'
import type { Decoded, Message } from '../../src/protocol/message.ts'
import { Reader } from '../../src/protocol/primitives.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { LookedAtClock, lookedAtNowMs, looksPerSlice } from '../host/looked-at-clock.ts'
import { network, session, startAlone } from './apis/setup.ts'

const partitions = 150
const maxWaitMs = 500
const batch = () => buildBatch({ records: [{ timestamp: lookedAtNowMs, key: null, value: null, headers: [] }] })

interface Scene {
  readonly broker: Broker
  readonly clock: LookedAtClock
  readonly disk: MemoryDisk
  /** Sends a request, on a connection of its own if not told otherwise. */
  send<Request, Response>(
    request: Message<Request>,
    response: Message<Response>,
    version: number,
    body: Request,
    on?: Session
  ): Promise<Decoded<Response>>
  /** A turn of the loop. */
  turn(): Promise<void>
  /** Turns until it is there. */
  soon<Result>(work: Promise<Result>): Promise<Result>
}

async function setUp(): Promise<Scene> {
  const [clock, disk] = [new LookedAtClock(), new MemoryDisk()]
  const host = { disk, clock, network, chance: new SeededChance(1) }
  const starting = startAlone({ host, durability: 'disk', config: {}, advertised: null, log: () => {} })
  const turn = async (): Promise<void> => {
    await setImmediate()
    clock.passes(0)
    await setImmediate()
  }
  const soon = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    done.catch(() => {})
    for (let turns = 0; !isDone; turns += 1) {
      assert.ok(turns < 1000, 'it does not come')
      await turn()
    }
    return done
  }
  const broker = await soon(starting)
  let sessions = 1
  return {
    ...{ broker, clock, disk, turn, soon },
    async send(request, response, version, body, on) {
      sessions += 1
      const frame = Buffer.concat(encodeRequest(7, 'client', request, version, body)).subarray(4)
      const answer: BrokerAnswer = await broker.answer(on ?? { ...session, id: sessions }, frame)
      assert.ok(answer.kind === 'answer', request.name)
      return decodeResponse(new Reader(Buffer.concat(answer.chunks), 4), 7, response, version)
    }
  }
}

function create({ send }: Scene): Promise<Decoded<CreateTopicsResponse>> {
  const topic = { name: 'many', numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
  return send(CreateTopicsRequest, CreateTopicsResponse, 5, { topics: [topic], timeoutMs: 1, validateOnly: false })
}

async function setUpTopic(): Promise<Scene> {
  const scene = await setUp()
  await scene.soon(create(scene))
  return scene
}

const all = Array.from({ length: partitions }, (_, index) => index)

/** Resolves with the base offsets. */
async function produce({ send }: Scene, to: readonly number[], on?: Session): Promise<number[]> {
  const partitionData = to.map((index) => ({ index, records: batch() }))
  const body = { acks: 1, timeoutMs: 1, topicData: [{ name: 'many', partitionData }] }
  const { responses } = await send(ProduceRequest, ProduceResponse, 9, body, on)
  return responses.flatMap(({ partitionResponses }) => partitionResponses.map(({ baseOffset }) => baseOffset))
}

/** Resolves with the partitions that had something. */
async function fetch({ send }: Scene, minBytes = 1): Promise<number[]> {
  const wanted = all.map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1000 }))
  const topics = [{ topic: 'many', partitions: wanted }]
  const body = { maxWaitMs, minBytes, maxBytes: 1_000_000, isolationLevel: 0, sessionEpoch: -1, topics }
  const { responses } = await send(FetchRequest, FetchResponse, 11, body)
  return responses.flatMap((topic) =>
    topic.partitions.filter(({ records }) => sizeOf(records) > 0).map(({ partitionIndex }) => partitionIndex)
  )
}

function sizeOf(records: unknown): number {
  return records instanceof Buffer ? records.length : 0
}

const endOf = ({ broker }: Scene, partition: number): number => broker.replica('many', partition)?.log.logEndOffset ?? 0

/** How often the broker looks for a partition. */
function lookUps({ broker }: Scene): { count: number } {
  const counted = { count: 0 }
  const hosted = broker.hosted.bind(broker)
  broker.hosted = (topic, partition) => {
    counted.count += 1
    return hosted(topic, partition)
  }
  return counted
}

async function readInTurns({ turn }: Scene, looked: { count: number }, atLeast: number): Promise<void> {
  for (let read = 0; read < atLeast; read += looked.count) {
    looked.count = 0
    await turn()
    assert.ok(looked.count > 0 && looked.count <= 2 * looksPerSlice, `${looked.count} partitions in one turn`)
  }
}

test('a turn makes no more logs of a new topic than there is time for', async () => {
  const scene = await setUp()
  const creation = create(scene)
  const made = (): number => scene.disk.list('').filter((name) => name.startsWith('many-')).length
  for (let before = 0; before < partitions; ) {
    const now = made()
    assert.ok(now > before && now - before <= looksPerSlice, `${now - before} logs in one turn`)
    before = now
    await scene.turn()
  }
  assert.equal((await scene.soon(creation)).topics[0]?.errorCode, 0)
})

test('a turn appends to no more partitions than there is time for', async () => {
  const scene = await setUpTopic()
  const appended = (): number => all.filter((partition) => endOf(scene, partition) > 0).length
  const producing = produce(scene, all)
  for (let before = appended(); before < partitions; ) {
    await scene.turn()
    const now = appended()
    assert.ok(now > before && now - before <= looksPerSlice, `${now - before} partitions in one turn`)
    before = now
  }
  assert.deepEqual(new Set(await scene.soon(producing)), new Set([0]))
})

test('what a connection sends behind a request of many partitions is appended behind it, in its order', async () => {
  const scene = await setUpTopic()
  const sent = [all, [149], all, [149, 0], [149]].map((to) => produce(scene, to, session))
  await scene.turn()
  const elsewhere = produce(scene, [149])
  const offsets = await scene.soon(Promise.all(sent))
  assert.deepEqual(await elsewhere, [0], 'another connection waits for nobody')
  assert.deepEqual(
    offsets.map((each) => each.filter((_, index) => each.length !== partitions || index === 149)),
    [[1], [2], [3], [4, 2], [5]]
  )
})

test('a turn reads no more partitions than there is time for, however many fetches come and are due at once', async () => {
  const scene = await setUpTopic()
  const looked = lookUps(scene)
  const polls = Array.from({ length: 4 }, () => fetch(scene))
  await readInTurns(scene, looked, 4 * partitions)
  for (let turns = 0; turns < 100; turns += 1) await scene.turn()
  assert.equal(scene.broker.fetches.size, 4)
  scene.clock.passes(maxWaitMs)
  await readInTurns(scene, looked, 4 * partitions)
  assert.deepEqual(await scene.soon(Promise.all(polls)), [[], [], [], []])
})

test('what comes to a partition while a fetch reads others is waited for by nobody', async () => {
  const scene = await setUpTopic()
  const poll = fetch(scene)
  await scene.turn()
  await produce(scene, [0])
  assert.deepEqual(await scene.soon(poll), [0])
  assert.equal(scene.broker.fetches.size, 0)
})

test('what came to partitions that were not read yet counts once', async () => {
  const scene = await setUpTopic()
  const { length: batchBytes } = batch()
  const poll = fetch(scene, 2 * batchBytes)
  await scene.turn()
  await produce(scene, [149])
  for (let turns = 0; turns < 100; turns += 1) await scene.turn()
  assert.equal(scene.broker.fetches.size, 1, 'it waits for more')
  await produce(scene, [0])
  assert.deepEqual(await scene.soon(poll), [0, 149])
})

test('a fetch of many partitions waits no more when the broker stops', async () => {
  const scene = await setUpTopic()
  const polls = [fetch(scene), fetch(scene)]
  for (let turns = 0; turns < 10; turns += 1) await scene.turn()
  scene.broker.release()
  assert.deepEqual(await scene.soon(Promise.all(polls)), [[], []])
})

test('a turn looks up no more offsets than there is time for', async () => {
  const scene = await setUpTopic()
  const looked = lookUps(scene)
  const asked = all.map((partitionIndex) => ({ partitionIndex, timestamp: lookedAtNowMs }))
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: 'many', partitions: asked }] }
  const answer = scene.send(ListOffsetsRequest, ListOffsetsResponse, 5, body)
  await readInTurns(scene, looked, partitions)
  const { topics } = await scene.soon(answer)
  assert.deepEqual(
    topics.flatMap(({ partitions: found }) => found.map(({ partitionIndex }) => partitionIndex)),
    all
  )
})

test('a turn describes no more partitions than there is time for', async () => {
  const scene = await setUpTopic()
  const looked = lookUps(scene)
  const answer = scene.send(MetadataRequest, MetadataResponse, 9, { topics: null, allowAutoTopicCreation: false })
  await readInTurns(scene, looked, partitions)
  const { topics } = await scene.soon(answer)
  assert.deepEqual(
    topics.flatMap((topic) => topic.partitions.map(({ partitionIndex }) => partitionIndex)),
    all
  )
})

test('a turn trims no more partitions than there is time for', async () => {
  const scene = await setUpTopic()
  await scene.soon(produce(scene, all))
  const trimmed = (): number =>
    all.filter((partition) => (scene.broker.replica('many', partition)?.log.logStartOffset ?? 0) > 0).length
  const asked = all.map((partitionIndex) => ({ partitionIndex, offset: 1 }))
  const body = { topics: [{ name: 'many', partitions: asked }], timeoutMs: 1000 }
  const answer = scene.send(DeleteRecordsRequest, DeleteRecordsResponse, 2, body)
  const longest = await mostInATurn(scene, answer, trimmed)
  assert.ok(longest <= looksPerSlice, `${longest} in one turn`)
  const { topics } = await answer
  const marks = topics.flatMap(({ partitions: each }) => each.map(({ lowWatermark }) => lowWatermark))
  assert.deepEqual(
    marks,
    all.map(() => 1)
  )
})

/** By how much it grows in one turn, at most, until the work is done. */
async function mostInATurn({ turn }: Scene, work: Promise<unknown>, count: () => number): Promise<number> {
  let isDone = false
  const done = (): void => {
    isDone = true
  }
  work.then(done, done)
  let most = 0
  while (!isDone) {
    const before = count()
    await turn()
    most = Math.max(most, count() - before)
  }
  return most
}

test('a turn decides on no more share partitions than there is time for', async () => {
  const scene = await setUpTopic()
  const { broker, send, soon, turn } = scene
  await soon(broker.shares.coordinators.topic.ensure())
  const topicId = broker.image.topicByName('many')?.id ?? ''
  const body = { groupId: 'g', topics: [{ topicId, partitions: all.map(beginning) }] }
  // Whoever looks after them has read its log.
  await soon(send(ReadShareGroupStateRequest, ReadShareGroupStateResponse, 0, body))
  const decided = (): number =>
    [0, 1, 2, 3, 4].reduce((sum, at) => sum + (broker.replica('__share_group_state', at)?.log.logEndOffset ?? 0), 0)
  const initializing = send(InitializeShareGroupStateRequest, InitializeShareGroupStateResponse, 0, body)
  for (let before = decided(); before < partitions; ) {
    await turn()
    const now = decided()
    assert.ok(now > before && now - before <= 2 * looksPerSlice, `${now - before} share partitions in one turn`)
    before = now
  }
  const { results } = await soon(initializing)
  assert.ok(results[0]?.partitions.every(({ errorCode }) => errorCode === 0))
})

const beginning = (partition: number) => ({ partition, stateEpoch: 1, startOffset: 0, leaderEpoch: 0 })
