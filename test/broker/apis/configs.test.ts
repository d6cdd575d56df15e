/** The APIs of configurations and log directories on a whole broker in memory, in every version that they are served in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { topicConfigDefinitions } from '../../../src/coordination/config/topic-config-definitions.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { AlterConfigsRequest } from '../../../src/protocol/generated/api/alter-configs-request.ts'
import { AlterConfigsResponse } from '../../../src/protocol/generated/api/alter-configs-response.ts'
import { DescribeConfigsRequest } from '../../../src/protocol/generated/api/describe-configs-request.ts'
import { DescribeConfigsResponse } from '../../../src/protocol/generated/api/describe-configs-response.ts'
import { DescribeLogDirsRequest } from '../../../src/protocol/generated/api/describe-log-dirs-request.ts'
import { DescribeLogDirsResponse } from '../../../src/protocol/generated/api/describe-log-dirs-response.ts'
import { IncrementalAlterConfigsRequest } from '../../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { IncrementalAlterConfigsResponse } from '../../../src/protocol/generated/api/incremental-alter-configs-response.ts'
import { ListConfigResourcesRequest } from '../../../src/protocol/generated/api/list-config-resources-request.ts'
import { ListConfigResourcesResponse } from '../../../src/protocol/generated/api/list-config-resources-response.ts'
import { ask, startBroker } from './setup.ts'

const [topic, brokers, loggers, clientMetrics, groups] = [2, 4, 8, 16, 32] as const

async function brokerWithTopic(config: Record<string, string> = {}, disk?: MemoryDisk): Promise<Broker> {
  const broker = await startBroker(config, disk)
  const t1 = { name: 't1', partitions: 2, replicationFactor: 1, assignments: [], config: new Map() }
  await broker.controller.ask((controller) => controller.createTopics([t1]))
  return broker
}

async function describe(broker: Broker, type: number, name: string, keys: string[] | null, version = 4) {
  const resources = [{ resourceType: type, resourceName: name, configurationKeys: keys }]
  const body = { resources, includeSynonyms: true, ...(version >= 3 && { includeDocumentation: true }) }
  const { results } = await ask(broker, DescribeConfigsRequest, DescribeConfigsResponse, version, body)
  const [result] = results
  assert.ok(result !== undefined && results.length === 1)
  return result
}

async function set(broker: Broker, type: number, name: string, key: string, value: string, version = 1) {
  const resources = [{ resourceType: type, resourceName: name, configs: [{ name: key, configOperation: 0, value }] }]
  const body = { resources, validateOnly: false }
  const answer = await ask(broker, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, version, body)
  return answer.responses
}

for (let version = 1; version <= 4; version++) {
  test(`DescribeConfigs ${version} tells value, source and what would hold without it`, async () => {
    const broker = await brokerWithTopic({ 'log.retention.ms': '77' })
    await set(broker, topic, 't1', 'retention.ms', ' +5 ')
    const isTyped = version >= 3
    assert.deepEqual(await describe(broker, topic, 't1', ['retention.ms', 'no.such.config'], version), {
      ...{ errorCode: 0, errorMessage: '', resourceType: topic, resourceName: 't1' },
      configs: [
        {
          ...{ name: 'retention.ms', value: '5', readOnly: false, configSource: 1, isSensitive: false },
          synonyms: [
            { name: 'retention.ms', value: '5', source: 1 },
            { name: 'log.retention.ms', value: '77', source: 4 },
            { name: 'log.retention.hours', value: '168', source: 5 }
          ],
          ...{ configType: isTyped ? 5 : 0, documentation: isTyped ? null : '' }
        }
      ]
    })
    await broker.stop()
  })
}

test('DescribeConfigs tells every configuration of a topic, with or without a list of keys', async () => {
  const broker = await brokerWithTopic()
  for (const keys of [null, []]) {
    const { configs } = await describe(broker, topic, 't1', keys)
    assert.deepEqual(configs.map(({ name }) => name).sort(), Object.keys(topicConfigDefinitions).sort())
    assert.equal(configs.length, 37)
  }
  await broker.stop()
})

const refused: readonly [type: number, name: string, error: number, message: string][] = [
  [topic, 'absent', 3, ''],
  [topic, '', 17, 'Topic name is invalid: the empty string is not allowed'],
  [brokers, '9', 42, 'Unexpected broker id, expected 1 or empty string, but received 9'],
  [brokers, 'abc', 42, 'Broker id must be an integer, but it is: abc'],
  [brokers, '99999999999', 42, 'Broker id must be an integer, but it is: 99999999999'],
  [loggers, '', 42, 'Broker id must not be empty'],
  [loggers, '9', 42, 'Unexpected broker id, expected 1 but received 9'],
  [clientMetrics, '', 42, 'Client metrics subscription name must not be empty'],
  [groups, '', 42, 'Group name must not be empty'],
  [64, 'x', 42, 'Unsupported resource type: 64']
]

for (const [type, name, errorCode, errorMessage] of refused) {
  test(`DescribeConfigs of type ${type} '${name}' answers ${errorCode}`, async () => {
    const broker = await brokerWithTopic()
    const expected = { errorCode, errorMessage, resourceType: type, resourceName: name, configs: [] }
    assert.deepEqual(await describe(broker, type, name, null), expected)
    await broker.stop()
  })
}

test('a configuration of a broker comes before that of all brokers, and both before that of the start', async () => {
  const broker = await brokerWithTopic({ 'message.max.bytes': '1000' })
  const inForce = async () => {
    const { configs } = await describe(broker, topic, 't1', ['max.message.bytes'])
    const limit = broker.replica('t1', 0)?.log.config.maxMessageBytes
    return [configs[0]?.value, configs[0]?.configSource, limit]
  }
  assert.deepEqual(await inForce(), ['1000', 4, 1000])
  await set(broker, brokers, '', 'message.max.bytes', '2000')
  assert.deepEqual(await inForce(), ['2000', 3, 2000])
  await set(broker, brokers, '1', 'message.max.bytes', '3000')
  assert.deepEqual(await inForce(), ['3000', 2, 3000])
  await set(broker, topic, 't1', 'max.message.bytes', '4000')
  assert.deepEqual(await inForce(), ['4000', 1, 4000])
  const cluster = await describe(broker, brokers, '', null)
  assert.deepEqual(
    cluster.configs.map(({ name, value, configSource }) => [name, value, configSource]),
    [
      ['min.insync.replicas', '1', 3],
      ['message.max.bytes', '2000', 3]
    ]
  )
  await broker.stop()
})

test('a broker tells who it is and where its data lies, and what can change while it runs', async () => {
  const broker = await brokerWithTopic({ 'node.id': '7' })
  const { configs } = await describe(broker, brokers, '7', ['node.id', 'broker.id', 'log.dirs', 'log.retention.ms'])
  assert.deepEqual(configs.map(({ name, value, readOnly }) => [name, value, readOnly]).sort(), [
    ['broker.id', '7', true],
    ['log.dirs', 'memory', true],
    ['log.retention.ms', null, false],
    ['node.id', '7', true]
  ])
  await broker.stop()
})

test('a type that does not exist has the whole of DescribeConfigs refused', async () => {
  const broker = await brokerWithTopic()
  const resources = [topic, 64].map((resourceType) => ({ resourceType, resourceName: 't1', configurationKeys: null }))
  const body = { resources, includeSynonyms: false }
  const { results } = await ask(broker, DescribeConfigsRequest, DescribeConfigsResponse, 1, body)
  const refusal = { errorCode: 42, errorMessage: 'Unsupported resource type: 64', resourceName: 't1', configs: [] }
  assert.deepEqual(
    results,
    [topic, 64].map((resourceType) => ({ ...refusal, resourceType }))
  )
  await broker.stop()
})

test('a broker is found by its number, however it is written', async () => {
  const broker = await brokerWithTopic()
  for (const name of ['01', '+1']) {
    const { errorCode, resourceName, configs } = await describe(broker, brokers, name, ['node.id'])
    assert.deepEqual([errorCode, resourceName, configs[0]?.value], [0, name, '1'])
  }
  await broker.stop()
})

test('groups and client metrics keep their configurations, which survive a start', async () => {
  const disk = new MemoryDisk()
  const broker = await brokerWithTopic({}, disk)
  await set(broker, groups, 'g1', 'consumer.session.timeout.ms', '46000')
  await set(broker, clientMetrics, 'm1', 'interval.ms', '5000')
  await broker.stop()
  const again = await startBroker({}, disk)
  const told = async (type: number, name: string, key: string) => {
    const { configs } = await describe(again, type, name, [key])
    return [configs[0]?.value, configs[0]?.synonyms]
  }
  assert.deepEqual(await told(groups, 'g1', 'consumer.session.timeout.ms'), [
    '46000',
    [
      { name: 'consumer.session.timeout.ms', value: '46000', source: 8 },
      { name: 'group.consumer.session.timeout.ms', value: '45000', source: 5 }
    ]
  ])
  assert.deepEqual(await told(groups, 'g2', 'consumer.session.timeout.ms'), [
    '45000',
    [{ name: 'group.consumer.session.timeout.ms', value: '45000', source: 5 }]
  ])
  assert.deepEqual(await told(clientMetrics, 'm1', 'interval.ms'), [
    '5000',
    [{ name: 'interval.ms', value: '5000', source: 7 }]
  ])
  assert.deepEqual(await told(clientMetrics, 'm2', 'interval.ms'), ['300000', []])
  await again.stop()
})

for (const version of [0, 1]) {
  test(`IncrementalAlterConfigs ${version} answers each resource, and refuses one that stands twice`, async () => {
    const broker = await brokerWithTopic()
    const change = (resourceName: string, value: string) => ({
      resourceType: topic,
      resourceName,
      configs: [{ name: 'retention.ms', configOperation: 0, value }]
    })
    const resources = [change('t1', '5'), change('absent', '5'), change('t2', '5'), change('t2', '6')]
    const body = { resources, validateOnly: false }
    const answer = await ask(broker, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, version, body)
    const twice = {
      ...{ errorCode: 42, errorMessage: 'Each resource must appear at most once.' },
      ...{ resourceType: topic, resourceName: 't2' }
    }
    assert.deepEqual(answer.responses, [
      { errorCode: 0, errorMessage: null, resourceType: topic, resourceName: 't1' },
      { errorCode: 3, errorMessage: "The topic 'absent' does not exist.", resourceType: topic, resourceName: 'absent' },
      twice,
      twice
    ])
    assert.equal(broker.replica('t1', 1)?.log.config.retentionMs, 5, 'it is in force in every log')
    await broker.stop()
  })
}

for (const version of [0, 1, 2]) {
  test(`AlterConfigs ${version} replaces all that was set`, async () => {
    const broker = await brokerWithTopic()
    await set(broker, topic, 't1', 'retention.ms', '5')
    const resources = [
      { resourceType: topic, resourceName: 't1', configs: [{ name: 'cleanup.policy', value: 'compact' }] }
    ]
    const body = { resources, validateOnly: false }
    const answer = await ask(broker, AlterConfigsRequest, AlterConfigsResponse, version, body)
    assert.deepEqual(answer.responses, [{ errorCode: 0, errorMessage: null, resourceType: topic, resourceName: 't1' }])
    assert.deepEqual([...broker.image.topicConfig('t1')], [['cleanup.policy', 'compact']])
    await broker.stop()
  })
}

test('ListConfigResources tells what can have a configuration; in version 0 client metrics alone', async () => {
  const broker = await brokerWithTopic()
  await set(broker, groups, 'g1', 'consumer.session.timeout.ms', '46000')
  await set(broker, clientMetrics, 'm1', 'interval.ms', '5000')
  const list = async (version: number, resourceTypes: number[]) => {
    const body = { resourceTypes }
    const answer = await ask(broker, ListConfigResourcesRequest, ListConfigResourcesResponse, version, body)
    const told = answer.configResources.map(({ resourceType, resourceName }) => [resourceType, resourceName])
    return [answer.errorCode, told]
  }
  const metrics = [clientMetrics, 'm1']
  assert.deepEqual(await list(0, []), [0, [metrics]])
  assert.deepEqual(await list(1, []), [0, [[topic, 't1'], [brokers, '1'], [loggers, '1'], metrics, [groups, 'g1']]])
  assert.deepEqual(await list(1, [groups, groups]), [0, [[groups, 'g1']]], 'each type once')
  assert.deepEqual(await list(1, [1]), [35, []])
  await broker.stop()
})

for (let version = 1; version <= 5; version++) {
  test(`DescribeLogDirs ${version} tells the one directory and the logs that are asked for`, async () => {
    const broker = await brokerWithTopic()
    const directory = async (topics: { topic: string; partitions: number[] }[] | null) => {
      const answer = await ask(broker, DescribeLogDirsRequest, DescribeLogDirsResponse, version, { topics })
      assert.equal(answer.errorCode, 0)
      assert.equal(answer.results.length, 1)
      return answer.results[0]
    }
    const log = (partitionIndex: number) => ({ partitionIndex, partitionSize: 0, offsetLag: 0, isFutureKey: false })
    const common = { errorCode: 0, logDir: 'memory', totalBytes: -1, usableBytes: -1, isCordoned: false }
    assert.deepEqual(
      await directory([
        { topic: 't1', partitions: [1, 9, 1] },
        { topic: 'absent', partitions: [0] },
        { topic: 't1', partitions: [1] }
      ]),
      {
        ...common,
        topics: [{ name: 't1', partitions: [log(1)] }]
      }
    )
    assert.deepEqual(await directory(null), { ...common, topics: [{ name: 't1', partitions: [log(0), log(1)] }] })
    assert.deepEqual(await directory([]), { ...common, topics: [] })
    await broker.stop()
  })
}
