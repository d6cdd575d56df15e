/**
 * Quotas, users, and the settings of groups, clients and brokers that were made with Apache Kafka's own tool: a stay in ours, which
 * obeys few of them, takes none of them away, whether they lie in the metadata log or in a snapshot of it.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { javaTool } from '../../harness/java-tool.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { type Plain, Session } from '../differential/session.ts'
import { Client } from './orders/client.ts'

const restlessMetadata = {
  'metadata.log.max.record.bytes.between.snapshots': '600',
  'metadata.max.idle.interval.ms': '100'
}
const Api = {
  DescribeConfigs: 32,
  IncrementalAlterConfigs: 44,
  DescribeClientQuotas: 48,
  DescribeUserScramCredentials: 50
}
const Resource = { topic: 2, broker: 4, clientMetrics: 16, group: 32 }
const Operation = { set: 0, delete: 1 }

/** What Apache Kafka is told of an entity, as `type name`, and how it says so. */
const settings: readonly (readonly [entity: string, config: string, told: string])[] = [
  ['users alice', 'producer_byte_rate=1048576', '"value":1048576'],
  ['users alice', 'SCRAM-SHA-256=[iterations=8192,password=secret]', '"iterations":8192'],
  ['users --default', 'request_percentage=75', '"value":75'],
  ['users bob clients app', 'consumer_byte_rate=1000', '"value":1000}'],
  ['ips 10.1.2.3', 'connection_creation_rate=7', '"value":7}'],
  ['groups readers', 'consumer.session.timeout.ms=50000', '"value":"50000"'],
  ['client-metrics watched', 'interval.ms=60000', '"value":"60000"'],
  ['brokers --default', 'log.retention.ms=123456789', '"value":"123456789"'],
  ['topics orders', 'retention.ms=1234567', '"value":"1234567"']
]

const ready = skipUnless(odradek(), kafkaJars('broker'), kafkaJars('tools'))

test('a Kafka that comes back finds what it was told of users, groups and clients', { skip: ready }, async () => {
  using data = temporaryDirectory('settings')
  const told = await inKafka(data.path, {}, async (kafka) => {
    const client = await Client.open(kafka.bootstrap)
    await client.createTopic('orders', 1, new Map())
    client.close()
    for (const [entity, config] of settings) await tell(kafka, entity, config)
    return await settingsOf(kafka)
  })
  const words = settings.map(([, , each]) => each)
  assert.deepEqual(
    words.filter((word) => !told.includes(word)),
    [],
    told
  )
  await stayInOurs(data.path, 'first', 'kill')
  await inKafka(data.path, restlessMetadata, async (kafka) => {
    assert.equal(await settingsOf(kafka), told)
    await untilSnapshot(join(data.path, '__cluster_metadata-0'))
  })
  await stayInOurs(data.path, 'second', 'stop')
  await inKafka(data.path, {}, async (kafka) => assert.equal(await settingsOf(kafka), told))
})

async function tell({ bootstrap }: BrokerProcess, entity: string, config: string): Promise<void> {
  const named = [...entity.matchAll(/(\S+) (\S+)/g)].flatMap(([, type = '', name = '']) => [
    '--entity-type',
    type,
    ...(name === '--default' ? ['--entity-default'] : ['--entity-name', name])
  ])
  const args = ['--bootstrap-server', bootstrap, '--alter', ...named, '--add-config', config]
  await javaTool('kafka.admin.ConfigCommand', args)
}

/** Writes into the metadata log, and takes back what it has set itself. */
async function stayInOurs(dataDirectory: string, topic: string, end: 'stop' | 'kill'): Promise<void> {
  const ours = await startOdradek({ dataDirectory })
  const client = await Client.open(ours.bootstrap)
  await client.createTopic(topic, 1, new Map([['retention.ms', '1000']]))
  client.close()
  await asking(ours, async (session) => {
    for (const configOperation of [Operation.set, Operation.delete]) {
      const configs = [{ name: 'consumer.heartbeat.interval.ms', configOperation, value: '6000' }]
      const resources = [{ resourceType: Resource.group, resourceName: 'readers', configs }]
      const answer = await session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
      assert.match(JSON.stringify(answer), /"errorCode":0/)
    }
  })
  if (end === 'stop') await ours.stop()
  else await ours.kill()
}

async function inKafka<T>(
  dataDirectory: string,
  configs: Readonly<Record<string, string>>,
  work: (kafka: BrokerProcess) => Promise<T>
): Promise<T> {
  await using kafka = await startRealKafka({ dataDirectory, configs })
  return await work(kafka)
}

/** All that a broker says of quotas and users, and of what was set for the others. */
async function settingsOf(broker: BrokerProcess): Promise<string> {
  const resources = [
    [Resource.group, 'readers'],
    [Resource.clientMetrics, 'watched'],
    [Resource.broker, ''],
    [Resource.topic, 'orders']
  ].map(([resourceType, resourceName]) => ({ resourceType, resourceName, configurationKeys: null }))
  return await asking(broker, async (session) => {
    const answers = [
      await session.ask(Api.DescribeClientQuotas, 1, { components: [], strict: false }),
      await session.ask(Api.DescribeUserScramCredentials, 0, { users: null }),
      await session.ask(Api.DescribeConfigs, 4, { resources })
    ]
    return answers.flatMap(linesOf).sort().join('\n')
  })
}

/** A line for each thing that an answer lists, in no order. */
function linesOf(answer: Plain): string[] {
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return []
  const lists = Array.isArray(answer) ? [answer] : Object.values(answer).filter((value) => Array.isArray(value))
  return lists.flatMap((list) => list.map((element) => JSON.stringify(element)))
}

async function asking<T>({ bootstrap }: BrokerProcess, work: (session: Session) => Promise<T>): Promise<T> {
  const session = new Session(bootstrap)
  try {
    return await work(session)
  } finally {
    session.close()
  }
}

async function untilSnapshot(directory: string): Promise<void> {
  const deadline = Date.now() + 60_000
  // Kafka makes the first of a directory when it formats it.
  while (!readdirSync(directory).some((name) => /^(?!0{20}-).*\.checkpoint$/.test(name))) {
    assert.ok(Date.now() < deadline, 'Apache Kafka has made no snapshot of its metadata')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
