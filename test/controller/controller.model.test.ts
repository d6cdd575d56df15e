/** What the cluster knows against a plain model: every answer, the whole state, what a follower was told, and each restart. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Controller } from '../../src/controller/controller.ts'
import type { Mode } from '../../src/controller/metadata-writer.ts'
import { ConfigOperation } from '../../src/coordination/metadata/configs.ts'
import { type ClusterImage, ResourceType } from '../../src/coordination/metadata/image.ts'
import { replayMetadata } from '../../src/coordination/metadata/replay.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import {
  contentsOf,
  coordinatorOn,
  follower,
  MemoryStateLog,
  newTopic,
  nodeId
} from '../coordination/metadata/setup.ts'
import * as fc from '../harness/properties.ts'

const { INVALID_CONFIG, INVALID_PARTITIONS, INVALID_TOPIC_EXCEPTION } = ErrorCode
const { NONE, TOPIC_ALREADY_EXISTS, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
const listKey = 'cleanup.policy'

type Config = Readonly<Record<string, string>>
type Topic = { readonly partitions: number; readonly config: Config }
type Model = Map<string, Topic>

const mode = fc.constantFrom<Mode>('carry-out', 'carry-out', 'carry-out', 'validate-only')
const name = fc.constantFrom('a', 'b.c', 'b_c')
const setting = fc.constantFrom<readonly [key: string, value: string]>(
  ['retention.ms', '5'],
  ['retention.ms', '6'],
  ['retention.ms', 'soon'],
  ['segment.ms', '7'],
  [listKey, 'compact'],
  [listKey, 'burn'],
  ['no.such.config', '1']
)
const config = fc.dictionary(fc.constantFrom('retention.ms', 'segment.ms'), fc.constantFrom('5', '5', '6', '6', 'soon'))
const item = fc.constantFrom('delete', 'compact', 'burn')
const creation = fc.record({
  kind: fc.constant('create' as const),
  name,
  partitions: fc.integer({ min: 0, max: 4 }),
  config,
  mode
})
const deletion = fc.record({ kind: fc.constant('delete' as const), name })
/** Topics come and go often, so that a name is used again after whatever it was. */
const action = fc.oneof(
  { weight: 4, arbitrary: creation },
  { weight: 2, arbitrary: deletion },
  fc.record({ kind: fc.constant('grow' as const), name, count: fc.integer({ min: 0, max: 8 }), mode }),
  fc.record({ kind: fc.constant('set' as const), name, setting, mode }),
  fc.record({ kind: fc.constant('take back' as const), name, setting, mode }),
  fc.record({ kind: fc.constant('append' as const), name, item, mode }),
  fc.record({ kind: fc.constant('subtract' as const), name, item, mode }),
  fc.record({ kind: fc.constant('replace' as const), name, config, mode }),
  fc.record({ kind: fc.constant('restart' as const) })
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** The topic as it would be, or why it cannot be so. */
type Prediction = { readonly error: ErrorCode } | { readonly topic: Topic }

function predict(model: Model, one: Exclude<Action, { kind: 'delete' | 'restart' }>): Prediction {
  const topic = model.get(one.name)
  if (one.kind === 'create') return predictCreation(model, one)
  if (one.kind === 'grow') {
    if (topic === undefined) return { error: UNKNOWN_TOPIC_OR_PARTITION }
    return one.count > topic.partitions ? { topic: { ...topic, partitions: one.count } } : { error: INVALID_PARTITIONS }
  }
  const wanted = configAfter(topic?.config ?? {}, one)
  if (!isAllowed(wanted)) return { error: INVALID_CONFIG }
  return topic === undefined ? { error: UNKNOWN_TOPIC_OR_PARTITION } : { topic: { ...topic, config: wanted } }
}

function predictCreation(model: Model, one: Extract<Action, { kind: 'create' }>): Prediction {
  const twins: Record<string, string> = { 'b.c': 'b_c', b_c: 'b.c' }
  if (model.has(one.name)) return { error: TOPIC_ALREADY_EXISTS }
  if (model.has(twins[one.name] ?? '')) return { error: INVALID_TOPIC_EXCEPTION }
  if (!isAllowed(one.config)) return { error: INVALID_CONFIG }
  return one.partitions === 0 ? { error: INVALID_PARTITIONS } : { topic: { ...one, config: { ...one.config } } }
}

type Reconfiguration = Extract<Action, { kind: 'set' | 'take back' | 'append' | 'subtract' | 'replace' }>

function configAfter(present: Config, one: Reconfiguration): Config {
  if (one.kind === 'replace') return one.config
  if (one.kind === 'set') return { ...present, [one.setting[0]]: one.setting[1] }
  if (one.kind === 'take back') return Object.fromEntries(Object.entries(present).filter(([k]) => k !== one.setting[0]))
  const items = (present[listKey] ?? 'delete').split(',').filter((text) => text !== '' && text !== one.item)
  const isThere = (present[listKey] ?? 'delete').split(',').includes(one.item)
  if (one.kind === 'append' && isThere) return { ...present, [listKey]: present[listKey] ?? 'delete' }
  return { ...present, [listKey]: [...items, ...(one.kind === 'append' ? [one.item] : [])].join(',') }
}

function isAllowed(wanted: Config): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    if (key === listKey) return value.split(',').every((text) => ['', 'compact', 'delete'].includes(text))
    return key !== 'no.such.config' && value !== 'soon'
  })
}

async function perform(metadata: Controller, one: Exclude<Action, { kind: 'delete' | 'restart' }>) {
  if (one.kind === 'create') {
    const wanted = newTopic(one.name, { partitions: one.partitions, config: new Map(Object.entries(one.config)) })
    return await metadata.createTopics([wanted], one.mode)
  }
  if (one.kind === 'grow') {
    return await metadata.createPartitions([{ name: one.name, count: one.count, assignments: null }], one.mode)
  }
  const of = { type: ResourceType.topic, name: one.name }
  if (one.kind === 'replace') {
    const entries = Object.entries(one.config).map(([key, value]) => ({ name: key, value }))
    return await metadata.configs.replace([{ ...of, config: entries }], one.mode)
  }
  return await metadata.configs.change([{ ...of, changes: [changeOf(one)] }], one.mode)
}

function changeOf(one: Exclude<Reconfiguration, { kind: 'replace' }>) {
  if (one.kind === 'set') return { name: one.setting[0], operation: ConfigOperation.set, value: one.setting[1] }
  if (one.kind === 'take back') return { name: one.setting[0], operation: ConfigOperation.delete, value: null }
  return { name: listKey, operation: ConfigOperation[one.kind], value: one.item }
}

function topicIn(image: ClusterImage, topic: string): Topic {
  const partitions = image.topicByName(topic)?.partitions.length ?? 0
  return { partitions, config: Object.fromEntries(image.topicConfig(topic)) }
}

const topicsIn = (image: ClusterImage) =>
  new Map(Array.from(image.topics(), ({ name: topic }) => [topic, topicIn(image, topic)] as const))

/** Knows what there was at its start and what the deltas told since, as the replicas of a broker do. */
async function follow(controller: Controller): Promise<ReadonlyMap<string, Topic>> {
  const image = await controller.attach(
    nodeId,
    follower((records) => {
      for (const record of records) replayMetadata(image, record)
      const delta = image.takeDelta()
      for (const topic of delta.deleted) topics.delete(topic.name)
      for (const { topic } of delta.partitions) topics.set(topic.name, topicIn(image, topic.name))
      for (const { name: topic } of delta.configs) topics.set(topic, topicIn(image, topic))
    })
  )
  image.takeDelta()
  const topics = topicsIn(image)
  return topics
}

const sorted = (topics: ReadonlyMap<string, Topic>) =>
  [...topics].map(([topic, { partitions, config: of }]) => [topic, partitions, Object.entries(of).sort()]).sort()

test('whatever is asked, answers and state are those of a plain model, and a follower knows all of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40, size: 'max' }), async (actions) => {
      const log = new MemoryStateLog()
      const model: Model = new Map()
      const deletedIds: string[] = []
      let metadata = coordinatorOn(log)
      let known = await follow(metadata)
      for (const one of actions) {
        const before = contentsOf(metadata.image)
        if (one.kind === 'restart') {
          metadata = coordinatorOn(log)
          known = await follow(metadata)
          assert.deepEqual(contentsOf(metadata.image), before)
        } else if (one.kind === 'delete') {
          const id = metadata.image.topicByName(one.name)?.id ?? ''
          await metadata.deleteTopics([id])
          deletedIds.push(id)
          model.delete(one.name)
        } else {
          const predicted = predict(model, one)
          const [result] = await perform(metadata, one)
          assert.equal(result?.error, 'error' in predicted ? predicted.error : NONE, JSON.stringify(one))
          const isDone = 'topic' in predicted && one.mode === 'carry-out'
          if (isDone) model.set(one.name, predicted.topic)
          else assert.deepEqual(contentsOf(metadata.image), before, 'nothing has happened')
        }
        assert.deepEqual(sorted(topicsIn(metadata.image)), sorted(model), 'the image')
        assert.deepEqual(sorted(known), sorted(model), 'the follower')
      }
      for (const id of deletedIds) assert.equal(metadata.image.topicById(id), undefined)
    }),
    { numRuns: 100 }
  )
})
