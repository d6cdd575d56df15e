/** Thousands of logs are made a few at a time; what happens meanwhile counts, and nothing is told before all of it is there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { MetadataFollower } from '../../src/controller/controller.ts'
import { BrokerConfig } from '../../src/coordination/config/broker-config.ts'
import { ConfigOperation } from '../../src/coordination/metadata/configs.ts'
import { ResourceType } from '../../src/coordination/metadata/image.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import {
  coordinatorOn,
  directoryId,
  follower,
  MemoryStateLog,
  newTopic,
  nodeId
} from '../coordination/metadata/setup.ts'

const logsPerSlice = 5
const otherDirectoryId = 'AAAAAAAAAAAAAAAAAAAAAQ'
const nodes = [
  { nodeId, directoryId },
  { nodeId: 2, directoryId: otherDirectoryId }
]

/** A controller, and a broker that takes a part of a slice for each log. */
async function setUp(
  more: Partial<MetadataFollower> = {},
  brokers: readonly (typeof nodes)[number][] = nodes.slice(0, 1)
) {
  const clock = new ManualClock()
  const controller = coordinatorOn(new MemoryStateLog(), {}, brokers, clock)
  const logs: string[] = []
  const maker: MetadataFollower = {
    ...follower((records) => {
      for (const record of records) replayMetadata(image, record)
    }),
    *prepare({ topic, partitions }) {
      for (const partition of partitions) {
        logs.push(`${topic}-${partition}`)
        clock.advance(limits.sliceMs / (logsPerSlice - 1))
        yield
      }
    },
    *discard({ topic, partitions }) {
      for (const partition of partitions) {
        const index = logs.indexOf(`${topic}-${partition}`)
        if (index >= 0) logs.splice(index, 1)
        yield
      }
    },
    ...more
  }
  const image = await controller.attach(nodeId, maker)
  const turn = async (): Promise<void> => {
    await setImmediate()
    clock.advance(0)
    await setImmediate()
  }
  const done = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isDone = false
    const ended = work.finally(() => {
      isDone = true
    })
    ended.catch(() => {})
    for (let turns = 0; !isDone && turns < 100; turns += 1) await turn()
    return ended
  }
  return { controller, clock, image, logs, turn, done }
}

test('a turn makes no more logs than there is time for, and the topic is told of when all of them are there', async () => {
  const { controller, image, logs, turn, done } = await setUp()
  const creation = controller.createTopics([newTopic('many', { partitions: 23 })])
  assert.equal(logs.length, logsPerSlice, 'the first slice before the call returns')
  for (let made = logs.length; made < 23; made = logs.length) {
    assert.equal(controller.image.topicByName('many') ?? image.topicByName('many'), undefined)
    await turn()
    assert.ok(logs.length > made && logs.length - made <= logsPerSlice, `${logs.length - made} logs in one turn`)
  }
  assert.deepEqual(
    (await done(creation)).map(({ error }) => error),
    [0]
  )
  assert.equal(image.topicByName('many')?.partitions.length, 23)
})

test('a turn makes no more logs also where each is of a topic of its own', async () => {
  const { controller, image, logs, turn, done } = await setUp()
  const creation = controller.createTopics(Array.from({ length: 23 }, (_, index) => newTopic(`t${index}`)))
  for (let made = 0; made < 23; made = logs.length) {
    assert.ok(logs.length - made <= logsPerSlice, `${logs.length - made} logs in one turn`)
    await turn()
  }
  assert.equal(new Set((await done(creation)).map(({ error }) => error)).size, 1)
  assert.equal(image.topicCount, 23)
})

test('who asks for the same name meanwhile finds it taken, and others are made in their order', async () => {
  const { controller, logs, done } = await setUp()
  const asked = [newTopic('many', { partitions: 12 }), newTopic('many'), newTopic('other')].map((topic) =>
    controller.createTopics([topic])
  )
  const results = (await done(Promise.all(asked))).flat().map(({ error }) => error)
  assert.deepEqual(results, [ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS, ErrorCode.NONE])
  assert.deepEqual(logs.slice(-2), ['many-11', 'other-0'])
})

test('a topic that is deleted while it grows gets no partitions, and keeps no logs of them', async () => {
  const { controller, image, logs, done } = await setUp()
  await controller.createTopics([newTopic('t')])
  const growth = controller.createPartitions([{ name: 't', count: 12, assignments: null }])
  const deletion = controller.deleteTopics([controller.image.topicByName('t')?.id ?? ''])
  const [[grown], [deleted]] = await done(Promise.all([growth, deletion]))
  assert.deepEqual([grown?.error, deleted?.error], [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0])
  assert.deepEqual(logs, ['t-0'], 'which the broker removes that is told of the deletion')
  assert.equal(image.topicCount, 0)
})

test('a broker that goes while logs are made leads nothing of what they are for', async () => {
  const { controller, image, done } = await setUp({}, nodes)
  const registration = { id: 2, rack: null, directoryId: otherDirectoryId, incarnationId: otherDirectoryId }
  const brokerEpoch = await controller.brokers.register({
    ...registration,
    endpoints: [],
    isClean: true,
    ends: [],
    offline: [],
    damaged: [],
    ahead: []
  })
  await controller.brokers.heartbeat({ brokerId: 2, brokerEpoch, knowsItself: true, offline: [], opened: [] })
  const creation = controller.createTopics([newTopic('many', { partitions: 12, replicationFactor: 2 })])
  const fencing = controller.brokers.fence(2)
  const [[created]] = await done(Promise.all([creation, fencing]))
  assert.equal(created?.error, 0)
  for (const { leader, inSyncReplicas, replicas } of image.topicByName('many')?.partitions ?? []) {
    assert.deepEqual([leader, inSyncReplicas, [...replicas].sort()], [nodeId, [nodeId], [nodeId, 2]])
  }
})

test('where nobody is left of those who were to hold a partition, all are placed anew', async () => {
  const { controller, image, logs, done } = await setUp({}, nodes)
  const registration = { id: 2, rack: null, directoryId: otherDirectoryId, incarnationId: otherDirectoryId }
  const brokerEpoch = await controller.brokers.register({
    ...registration,
    endpoints: [],
    isClean: true,
    ends: [],
    offline: [],
    damaged: [],
    ahead: []
  })
  await controller.brokers.heartbeat({ brokerId: 2, brokerEpoch, knowsItself: true, offline: [], opened: [] })
  const creation = controller.createTopics([newTopic('many', { partitions: 12 })])
  const fencing = controller.brokers.fence(2)
  const [[created]] = await done(Promise.all([creation, fencing]))
  assert.equal(created?.error, 0)
  assert.deepEqual(new Set(image.topicByName('many')?.partitions.map(({ leader }) => leader)), new Set([nodeId]))
  assert.equal(logs.length, 12, 'those of before were removed')
})

test('what is written meanwhile is told when the names of all that comes before are safe', async () => {
  let safe = (): void => {}
  const held = new Promise<void>((resolve) => {
    safe = resolve
  })
  const { controller, image, turn, done } = await setUp({ namesSafe: () => held })
  const creation = controller.createTopics([newTopic('a', { partitions: 2 }), newTopic('b', { partitions: 12 })])
  const changes = [{ name: 'retention.ms', operation: ConfigOperation.set, value: '5' }]
  const changing = controller.configs.change([{ type: ResourceType.topic, name: 'a', changes }])
  for (let turns = 0; turns < 5; turns += 1) await turn()
  assert.equal(image.topicCount, 0)
  safe()
  await done(Promise.all([creation, changing]))
  assert.deepEqual([image.topicCount, image.topicConfig('a').get('retention.ms')], [2, '5'])
})

test('a disk that refuses in the midst of it is told, and the next who asks has their turn', async () => {
  let left = 7
  const { controller, image, clock, done } = await setUp({
    *prepare({ partitions }) {
      for (const _ of partitions) {
        left -= 1
        if (left === 0) throw new DiskError('full', '', 'The disk is full.')
        clock.advance(limits.sliceMs / (logsPerSlice - 1))
        yield
      }
    }
  })
  const asked = [newTopic('many', { partitions: 12 }), newTopic('one')].map((topic) => controller.createTopics([topic]))
  const [many, one] = (await done(Promise.all(asked))).flat()
  assert.deepEqual([many?.error, one?.error], [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NONE])
  assert.equal(image.topicCount, 1)
})

/** Two brokers, of whom the second one's disk does not answer. */
async function withHungDisk() {
  const more = await setUp({}, nodes)
  const { controller } = more
  const registration = { id: 2, rack: null, directoryId: otherDirectoryId, incarnationId: otherDirectoryId }
  const brokerEpoch = await controller.brokers.register({
    ...registration,
    endpoints: [],
    isClean: true,
    ends: [],
    offline: [],
    damaged: [],
    ahead: []
  })
  await controller.brokers.heartbeat({ brokerId: 2, brokerEpoch, knowsItself: true, offline: [], opened: [] })
  const hung = { ...follower(() => {}), namesSafe: () => new Promise<void>(() => {}) }
  await controller.attach(2, hung)
  const onBoth = newTopic('t', { replicationFactor: 2 })
  return { ...more, creation: controller.createTopics([onBoth]) }
}

test('a broker whose disk does not answer keeps nobody from hearing what else is decided', async () => {
  const { controller, image, creation, turn } = await withHungDisk()
  let isAnswered = false
  void creation.then(() => {
    isAnswered = true
  })
  await controller.brokers.fence(2)
  for (let turns = 0; turns < 5; turns += 1) await turn()
  assert.equal(image.topicByName('t')?.partitions[0]?.inSyncReplicas.includes(2), false, 'others lead')
  assert.equal(isAnswered, false, 'who has asked for the topic is told when its directories are safe')
})

test('who asks for a topic waits no longer than a session for a broker whose disk does not answer', async () => {
  const { clock, creation, turn, done } = await withHungDisk()
  for (let turns = 0; turns < 5; turns += 1) await turn()
  clock.advance(BrokerConfig.parse({}).brokerSessionTimeoutMs)
  assert.deepEqual(
    (await done(creation)).map(({ error }) => error),
    [ErrorCode.NONE]
  )
})

/** Whatever has been deleted, until a test lets go of it. */
function holdingNames() {
  const held = new Map<string, () => void>()
  const waiting: Promise<void>[] = []
  return {
    hold: (name: string): void => {
      waiting.push(new Promise((resolve) => held.set(name, resolve)))
    },
    release: (name: string): void => {
      held.get(name)?.()
      held.delete(name)
    },
    more: {
      isLettingGo: (name: string) => held.has(name),
      letGo: () => Promise.all(waiting).then(() => {})
    }
  }
}

test('of two that wait for a name the first gets it', async () => {
  const { hold, release, more } = holdingNames()
  const { controller, done } = await setUp(more)
  hold('t')
  const both = [controller.createTopics([newTopic('t')]), controller.createTopics([newTopic('t', { partitions: 2 })])]
  release('t')
  const results = (await done(Promise.all(both))).flat().map(({ error }) => error)
  assert.deepEqual(results, [ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS])
})

test('a name that others have taken and left while it was waited for is waited for again', async () => {
  const { hold, release, more } = holdingNames()
  let isSafe = (): void => {}
  let safe = Promise.resolve()
  const { controller, image, turn, done } = await setUp({ ...more, namesSafe: () => safe })
  hold('u')
  const creation = controller.createTopics([newTopic('t'), newTopic('u')])
  for (let turns = 0; turns < 5; turns += 1) await turn()
  const [made] = await done(controller.createTopics([newTopic('t')]))
  assert.equal(made?.error, ErrorCode.NONE)
  safe = new Promise((resolve) => {
    isSafe = resolve
  })
  // What is written before the deletion is told before it.
  const before = controller.createTopics([newTopic('v')])
  const deletion = controller.deleteTopics([controller.image.topicByName('t')?.id ?? ''])
  release('u')
  for (let turns = 0; turns < 5; turns += 1) await turn()
  assert.equal(controller.image.topicByName('t'), undefined, 'the brokers have not been told that it was deleted')
  isSafe()
  const [[first, second]] = await done(Promise.all([creation, before, deletion]))
  assert.deepEqual([first?.error, second?.error], [ErrorCode.NONE, ErrorCode.NONE])
  assert.equal(image.topicCount, 3)
})
