/** The APIs of topics and of the cluster on a whole broker in memory, in every version that they are served in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../../src/broker/broker.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { CreatePartitionsRequest } from '../../../src/protocol/generated/api/create-partitions-request.ts'
import { CreatePartitionsResponse } from '../../../src/protocol/generated/api/create-partitions-response.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteTopicsRequest } from '../../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../../src/protocol/generated/api/delete-topics-response.ts'
import { DescribeClusterRequest } from '../../../src/protocol/generated/api/describe-cluster-request.ts'
import { DescribeClusterResponse } from '../../../src/protocol/generated/api/describe-cluster-response.ts'
import { DescribeTopicPartitionsRequest } from '../../../src/protocol/generated/api/describe-topic-partitions-request.ts'
import { DescribeTopicPartitionsResponse } from '../../../src/protocol/generated/api/describe-topic-partitions-response.ts'
import { MetadataRequest } from '../../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../../src/protocol/generated/api/metadata-response.ts'
import { ZERO_UUID } from '../../../src/protocol/primitives.ts'
import { HeldDisk, hold } from '../held-disk.ts'
import { ask, startBroker } from './setup.ts'

const absentId = 'absentTopicIdAAAAAAAAA'
const notAsked = -2147483648

function create(broker: Broker, names: readonly string[], version = 7, partitions = 2) {
  const topics = names.map((name) => ({
    ...{ name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
  }))
  return ask(broker, CreateTopicsRequest, CreateTopicsResponse, version, { topics, timeoutMs: 1, validateOnly: false })
}

const idOf = (broker: Broker, name: string) => broker.image.topicByName(name)?.id ?? ''

test('a topic name of 32,767 bytes is refused as a name, whatever asks for it', async () => {
  const broker = await startBroker({ 'auto.create.topics.enable': 'true' })
  const name = 'x'.repeat(32_767)
  const created = await create(broker, [name])
  assert.equal(created.topics[0]?.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
  assert.match(created.topics[0]?.errorMessage ?? '', /x … x.* is longer than the max allowed length 249$/)
  const told = await ask(broker, MetadataRequest, MetadataResponse, 13, { topics: [{ name }] })
  assert.equal(told.topics[0]?.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
})

for (let version = 2; version <= 7; version++) {
  test(`CreateTopics ${version} tells what has become of each topic, as far as the version can`, async () => {
    const broker = await startBroker()
    await create(broker, ['there.is'])
    const { topics } = await create(broker, ['t1', 'there.is', 'twice', 'twice'], version)
    const [made, present, repeated, ...more] = topics
    const tells = version >= 5
    assert.deepEqual(
      { ...made, configs: made?.configs?.length },
      {
        ...{ name: 't1', topicId: version >= 7 ? idOf(broker, 't1') : ZERO_UUID, errorCode: 0, errorMessage: null },
        ...{ topicConfigErrorCode: 0, numPartitions: tells ? 2 : -1, replicationFactor: tells ? 1 : -1 },
        configs: tells ? 37 : 0
      }
    )
    const refused = {
      topicId: ZERO_UUID,
      topicConfigErrorCode: 0,
      numPartitions: -1,
      replicationFactor: -1,
      configs: []
    }
    assert.deepEqual(present, {
      ...{ name: 'there.is', errorCode: 36, errorMessage: "Topic 'there.is' already exists." },
      ...refused
    })
    assert.deepEqual(repeated, { name: 'twice', errorCode: 42, errorMessage: 'Duplicate topic name.', ...refused })
    assert.deepEqual(more, [])
    assert.equal(broker.image.topicByName('twice'), undefined)
    await broker.stop()
  })
}

test('CreateTopics tells where each value comes from', async () => {
  const broker = await startBroker({ 'log.retention.ms': '77' })
  const configs = [{ name: 'cleanup.policy', value: 'compact' }]
  const topic = { name: 't1', numPartitions: 1, replicationFactor: 1, assignments: [], configs }
  const body = { topics: [topic], timeoutMs: 1, validateOnly: true }
  const { topics } = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
  const told = new Map(topics[0]?.configs?.map(({ name, value, configSource }) => [name, [value, configSource]]))
  assert.deepEqual(told.get('cleanup.policy'), ['compact', 1])
  assert.deepEqual(told.get('retention.ms'), ['77', 4])
  assert.deepEqual(told.get('min.insync.replicas'), ['1', 3])
  assert.deepEqual(told.get('segment.bytes'), ['1073741824', 5])
  assert.equal(broker.image.topicCount, 0, 'it was only validated')
  await broker.stop()
})

for (let version = 1; version <= 6; version++) {
  test(`DeleteTopics ${version} deletes what is there, and answers each once`, async () => {
    const broker = await startBroker()
    await create(broker, ['t1', 't2'])
    const id = idOf(broker, 't1')
    const names = ['t1', 'absent', 't2', 't2']
    const topics = names.map((name) => ({ name, topicId: ZERO_UUID }))
    const body = version >= 6 ? { topics, timeoutMs: 1 } : { topicNames: names, timeoutMs: 1 }
    const { responses } = await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, version, body)
    const message = (text: string) => (version >= 5 ? text : null)
    const unknown = 'This server does not host this topic-partition.'
    assert.deepEqual(responses, [
      { name: 't1', topicId: version >= 6 ? id : ZERO_UUID, errorCode: 0, errorMessage: null },
      { name: 'absent', topicId: ZERO_UUID, errorCode: 3, errorMessage: message(unknown) },
      { name: 't2', topicId: ZERO_UUID, errorCode: 42, errorMessage: message('Duplicate topic name.') }
    ])
    assert.equal(broker.replica('t1', 0), undefined)
    assert.ok(broker.replica('t2', 0), 'what is asked for twice stays')
    await broker.stop()
  })
}

test('DeleteTopics by id, by both, by neither, and by name and id of the same topic', async () => {
  const broker = await startBroker()
  await create(broker, ['t1', 't2'])
  const [first, second] = [idOf(broker, 't1'), idOf(broker, 't2')]
  const topics = [
    { name: null, topicId: first },
    { name: null, topicId: absentId },
    { name: null, topicId: ZERO_UUID },
    { name: 't1', topicId: first },
    { name: null, topicId: second },
    { name: 't2', topicId: ZERO_UUID }
  ]
  const { responses } = await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, 6, { topics, timeoutMs: 1 })
  assert.deepEqual(
    responses.map(({ name, topicId, errorCode, errorMessage }) => [name, topicId, errorCode, errorMessage]),
    [
      ['t1', first, 0, null],
      [null, ZERO_UUID, 42, 'Neither topic name nor id were specified.'],
      ['t1', first, 42, 'You may not specify both topic name and topic id.'],
      [null, absentId, 100, 'This server does not host this topic ID.'],
      ['t2', second, 42, 'The provided topic name maps to an ID that was already supplied.']
    ]
  )
  await broker.stop()
})

for (const [version, errorCode] of [
  [2, 42],
  [3, 73]
] as const) {
  test(`DeleteTopics ${version} deletes nothing where deletion is switched off`, async () => {
    const broker = await startBroker({ 'delete.topic.enable': 'false' })
    await create(broker, ['t1'])
    const body = { topicNames: ['t1'], timeoutMs: 1 }
    const { responses } = await ask(broker, DeleteTopicsRequest, DeleteTopicsResponse, version, body)
    assert.equal(responses[0]?.errorCode, errorCode)
    assert.ok(broker.replica('t1', 0))
    await broker.stop()
  })
}

for (let version = 0; version <= 3; version++) {
  test(`CreatePartitions ${version} adds partitions that can be used at once`, async () => {
    const broker = await startBroker()
    await create(broker, ['t1', 't2'])
    const wanted = [
      ['t1', 4],
      ['absent', 3],
      ['t2', 3],
      ['t2', 4]
    ] as const
    const topics = wanted.map(([name, count]) => ({ name, count, assignments: null }))
    const body = { topics, timeoutMs: 1, validateOnly: false }
    const { results } = await ask(broker, CreatePartitionsRequest, CreatePartitionsResponse, version, body)
    assert.deepEqual(results, [
      { name: 't1', errorCode: 0, errorMessage: null },
      { name: 'absent', errorCode: 3, errorMessage: null },
      { name: 't2', errorCode: 42, errorMessage: 'Duplicate topic name.' }
    ])
    assert.ok(broker.replica('t1', 3))
    assert.equal(broker.replica('t2', 2), undefined)
    await broker.stop()
  })
}

for (let version = 0; version <= 13; version++) {
  test(`Metadata ${version} tells the cluster and a topic, as far as the version can`, async () => {
    const broker = await startBroker()
    await create(broker, ['t1'])
    const topics = [
      { name: 't1', topicId: ZERO_UUID },
      { name: 't1', topicId: ZERO_UUID }
    ]
    const body = { topics, allowAutoTopicCreation: true }
    const answer = await ask(broker, MetadataRequest, MetadataResponse, version, body)
    const partition = (partitionIndex: number) => ({
      ...{ errorCode: 0, partitionIndex, leaderId: 1, leaderEpoch: version >= 7 ? 0 : -1 },
      ...{ replicaNodes: [1], isrNodes: [1], offlineReplicas: [] }
    })
    assert.deepEqual(answer, {
      ...{ throttleTimeMs: 0, brokers: [{ nodeId: 1, host: 'localhost', port: 9092, rack: null }] },
      ...{ clusterId: version >= 2 ? broker.clusterId : null, controllerId: version >= 1 ? 1 : -1 },
      topics: [
        {
          ...{ errorCode: 0, name: 't1', topicId: version >= 10 ? idOf(broker, 't1') : ZERO_UUID, isInternal: false },
          ...{ partitions: [partition(0), partition(1)], topicAuthorizedOperations: notAsked }
        }
      ],
      ...{ clusterAuthorizedOperations: notAsked, errorCode: 0 }
    })
    await broker.stop()
  })
}

async function topicsOf(broker: Broker, version: number, request: MetadataRequest) {
  const { topics } = await ask(broker, MetadataRequest, MetadataResponse, version, request)
  return topics.map(({ name, errorCode }) => [name, errorCode])
}

test('Metadata without topics: in version 0 an empty list means all, later null does', async () => {
  const broker = await startBroker()
  await create(broker, ['b', 'a'])
  const all = [
    ['a', 0],
    ['b', 0]
  ]
  const request = { allowAutoTopicCreation: true }
  assert.deepEqual(await topicsOf(broker, 0, { topics: [], ...request }), all)
  assert.deepEqual(await topicsOf(broker, 1, { topics: [], ...request }), [])
  assert.deepEqual(await topicsOf(broker, 1, { topics: null, ...request }), all)
  await broker.stop()
})

test('Metadata makes what is missing, where it may, and it has a leader and survives a power cut', async () => {
  const disk = new MemoryDisk()
  const broker = await startBroker({ 'num.partitions': '3' }, disk)
  const asked = (name: string) => [{ name, topicId: ZERO_UUID }]
  assert.deepEqual(await topicsOf(broker, 4, { topics: asked('t1'), allowAutoTopicCreation: false }), [['t1', 3]])
  const racing = [0, 1, 2].map(() => topicsOf(broker, 4, { topics: asked('t1'), allowAutoTopicCreation: true }))
  for (const seen of await Promise.all(racing)) assert.deepEqual(seen, [['t1', 0]])
  assert.equal(broker.image.topicByName('t1')?.partitions.length, 3)
  assert.deepEqual(await topicsOf(broker, 4, { topics: asked('a b'), allowAutoTopicCreation: true }), [['a b', 17]])
  await broker.stop()
  const again = await startBroker({}, disk)
  assert.equal(again.image.topicByName('t1')?.partitions.length, 3)
  await again.stop()
})

test('Metadata makes nothing where creation is switched off, nor a topic that is the brokers own', async () => {
  const off = await startBroker({ 'auto.create.topics.enable': 'false' })
  const topics = [{ name: 't1', topicId: ZERO_UUID }]
  assert.deepEqual(await topicsOf(off, 12, { topics, allowAutoTopicCreation: true }), [['t1', 3]])
  await off.stop()
  const on = await startBroker()
  for (const name of ['__cluster_metadata', '__transaction_state', '__share_group_state']) {
    const own = [{ name, topicId: ZERO_UUID }]
    assert.deepEqual(await topicsOf(on, 12, { topics: own, allowAutoTopicCreation: true }), [[name, 3]])
  }
  await on.stop()
})

test('Metadata by id: names beside ids are not looked at', async () => {
  const broker = await startBroker()
  await create(broker, ['t1', 't2'])
  const topics = [
    { name: 't1', topicId: ZERO_UUID },
    { name: null, topicId: idOf(broker, 't2') },
    { name: null, topicId: absentId }
  ]
  assert.deepEqual(await topicsOf(broker, 12, { topics, allowAutoTopicCreation: true }), [
    ['t2', 0],
    [null, 100]
  ])
  await broker.stop()
})

test('Metadata tells what one may do only to who asks', async () => {
  const broker = await startBroker()
  await create(broker, ['t1'])
  const topics = [{ name: 't1', topicId: ZERO_UUID }]
  const request = { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: true }
  const answer = await ask(broker, MetadataRequest, MetadataResponse, 10, {
    ...request,
    includeClusterAuthorizedOperations: true
  })
  assert.equal(answer.topics[0]?.topicAuthorizedOperations, 3576)
  assert.equal(answer.clusterAuthorizedOperations, 8096)
  await broker.stop()
})

for (const [version, endpointType, errorCode] of [
  [0, 1, 0],
  [1, 1, 0],
  [2, 1, 0],
  [1, 2, 114],
  [2, 3, 115]
] as const) {
  test(`DescribeCluster ${version} of endpoint type ${endpointType} answers ${errorCode}`, async () => {
    const broker = await startBroker()
    const request = { includeClusterAuthorizedOperations: true, endpointType, includeFencedBrokers: false }
    const answer = await ask(broker, DescribeClusterRequest, DescribeClusterResponse, version, request)
    assert.equal(answer.errorCode, errorCode)
    const isTold = errorCode === 0
    const brokers = [{ brokerId: 1, host: 'localhost', port: 9092, rack: null, isFenced: false }]
    assert.deepEqual(answer.brokers, isTold ? brokers : [])
    assert.equal(answer.clusterAuthorizedOperations, isTold ? 8096 : notAsked)
    assert.equal(answer.controllerId, isTold ? 1 : -1)
    await broker.stop()
  })
}

async function page(broker: Broker, names: string[], limit: number, cursor: [string, number] | null) {
  const request: DescribeTopicPartitionsRequest = {
    topics: names.map((name) => ({ name })),
    responsePartitionLimit: limit,
    cursor: cursor === null ? null : { topicName: cursor[0], partitionIndex: cursor[1] }
  }
  const answer = await ask(broker, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, 0, request)
  const next = answer.nextCursor
  return {
    topics: answer.topics.map(({ name, errorCode, partitions }) => [
      ...[name, errorCode],
      partitions.map(({ partitionIndex }) => partitionIndex)
    ]),
    next: next === null ? null : [next.topicName, next.partitionIndex]
  }
}

test('DescribeTopicPartitions tells topics in order, page by page, from the cursor on', async () => {
  const broker = await startBroker()
  await create(broker, ['b', 'a'])
  await create(broker, ['c'], 7, 4)
  const part = (name: string, ...partitions: number[]) => [name, 0, partitions]
  assert.deepEqual(await page(broker, [], 2000, null), {
    topics: [part('a', 0, 1), part('b', 0, 1), part('c', 0, 1, 2, 3)],
    next: null
  })
  assert.deepEqual(await page(broker, [], 2, null), { topics: [part('a', 0, 1)], next: ['b', 0] })
  assert.deepEqual(await page(broker, [], 5, ['b', 1]), { topics: [part('b', 1), part('c', 0, 1, 2, 3)], next: null })
  assert.deepEqual(await page(broker, [], 3, ['b', 1]), { topics: [part('b', 1), part('c', 0, 1)], next: ['c', 2] })
  assert.deepEqual(await page(broker, ['c'], 0, null), { topics: [part('c', 0)], next: ['c', 1] })
  assert.deepEqual(await page(broker, ['c'], 9, ['c', 9]), { topics: [part('c')], next: null })
  assert.deepEqual(await page(broker, [], 9, ['bb', 7]), { topics: [part('c', 0, 1, 2, 3)], next: null })
  assert.deepEqual(await page(broker, ['c', 'x', 'a b', 'c'], 9, null), {
    topics: [['a b', 17, []], part('c', 0, 1, 2, 3), ['x', 3, []]],
    next: null
  })
  await broker.stop()
})

test('DescribeTopicPartitions refuses a cursor that is not in what is asked for', async () => {
  const broker = await startBroker()
  await create(broker, ['a'])
  for (const cursor of [
    ['z', 0],
    ['a', -1]
  ] as [string, number][]) {
    assert.deepEqual(await page(broker, ['a'], 9, cursor), { topics: [['a', 42, []]], next: null })
  }
  await broker.stop()
})

test('nobody is told of a topic before it is safe that there is one', async () => {
  const disk = new HeldDisk()
  const broker = await startBroker({}, disk)
  const metadata = hold()
  disk.beforeSync = (path) => (path.startsWith('__cluster_metadata-0/') ? metadata.over : Promise.resolve())
  const happened: string[] = []
  const creating = create(broker, ['t1']).then(() => happened.push('safe'))
  const namesTold = async () => {
    const { topics } = await ask(broker, MetadataRequest, MetadataResponse, 12, { topics: null })
    return topics.map(({ name }) => name)
  }
  await setImmediate()
  assert.deepEqual(await namesTold(), [])
  assert.deepEqual(happened, [])
  metadata.release()
  await creating
  assert.deepEqual(await namesTold(), ['t1'])
  await broker.stop()
})
