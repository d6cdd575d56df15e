/**
 * Three brokers and a controller, each with its directory below one, go to Apache Kafka: a controller and three brokers that
 * replicate to each other, with every record where it was.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { StateRecord } from '../../../src/coordination/coordinator.ts'
import type { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import {
  configRecord,
  featureLevelRecord,
  partitionRecord,
  topicRecord
} from '../../../src/coordination/metadata/records.ts'
import { snapshotBatches, snapshotName } from '../../../src/coordination/metadata/snapshot-writing.ts'
import { ReadOnlyDisk } from '../../../src/host/node/read-only-disk.ts'
import { readMetadataLog } from '../../../src/inspection/metadata-log.ts'
import { LineProcess, run } from '../../harness/child-process.ts'
import { freePort } from '../../harness/free-port.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { classPath, found, kafkaJars, skipUnless } from '../../harness/tools.ts'
import { waitForMetadata } from '../../harness/wire.ts'
import { Client } from './orders/client.ts'

const brokers = [1, 2, 3] as const
const directoryIds = ['AAAAAAAAAAAAAAAAAAABAA', 'AAAAAAAAAAAAAAAAAAABBA', 'AAAAAAAAAAAAAAAAAAABCA']
const controllerId = 100
const clusterId = 'odradekClusterOfThree1'
const metadata = '__cluster_metadata-0'

/** As three brokers leave their directories: each with the same replicas. */
async function makeCluster(directory: string): Promise<void> {
  using single = temporaryDirectory('single')
  const ours = await startOdradek({ dataDirectory: single.path, configs: { 'offsets.topic.num.partitions': '2' } })
  const client = await Client.open(ours.bootstrap)
  await client.createTopic('orders', 3, new Map([['retention.ms', '1234567']]))
  for (const partition of [0, 1, 2])
    await client.produce('orders', partition, [{ key: null, value: `at ${partition}` }])
  await client.findCoordinator('group')
  await client.commit('readers', 'orders', 1, 1)
  client.close()
  await ours.stop()

  const { image } = readMetadataLog(new ReadOnlyDisk(single.path))
  const place = { endOffset: 100, epoch: 5, lastTimestampMs: 1, nowMs: 2 }
  mkdirSync(join(directory, 'controller', metadata), { recursive: true })
  const snapshot = Buffer.concat([...snapshotBatches(replicated(image), place)])
  writeFileSync(join(directory, 'controller', metadata, snapshotName(place)), snapshot)
  writeFileSync(join(directory, 'controller', 'meta.properties'), properties(controllerId, 'AAAAAAAAAAAAAAAAAAACAA'))
  for (const [index, id] of brokers.entries()) {
    const own = join(directory, `broker-${id}`)
    mkdirSync(own)
    for (const name of readdirSync(single.path)) {
      if (/-\d+$|checkpoint$|^\.kafka/.test(name) && name !== metadata)
        cpSync(join(single.path, name), join(own, name), { recursive: true })
    }
    writeFileSync(join(own, 'meta.properties'), properties(id, directoryIds[index] ?? ''))
  }
}

function properties(nodeId: number, directoryId: string): string {
  return ['version=1', `cluster.id=${clusterId}`, `node.id=${nodeId}`, `directory.id=${directoryId}`, ''].join('\n')
}

/** The topics of one broker, on three; leaders are spread. */
function* replicated(image: ClusterImage): Generator<StateRecord> {
  for (const [name, level] of image.features) yield featureLevelRecord(name, level)
  for (const { name, id: topicId, partitions } of image.topics()) {
    yield topicRecord(name, topicId)
    for (const { partitionId } of partitions) {
      const leader = brokers[partitionId % 3] ?? 1
      const replicas = [leader, ...brokers.filter((id) => id !== leader)]
      const directories = replicas.map((id) => directoryIds[id - 1] ?? '')
      const partition = { topicId, partitionId, replicas, directories, inSyncReplicas: replicas, leader }
      yield partitionRecord(partition, image.metadataVersion)
    }
    for (const [key, value] of image.topicConfig(name)) yield configRecord(2, name, key, value)
  }
}

test('three brokers and a controller', { skip: skipUnless(odradek(), kafkaJars('broker')) }, async () => {
  using data = temporaryDirectory('graduate-cluster')
  await makeCluster(data.path)
  const port = await freePort()
  const graduated = await run(process.execPath, [
    found(odradek()),
    'graduate',
    data.path,
    '--brokers',
    '3',
    '-p',
    String(port)
  ])
  assert.equal(graduated.code, 0, graduated.stderr)
  const nodes: { node: number; properties: string; snapshotIs?: string }[] = graduated.stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    nodes.map(({ node, snapshotIs }) => [node, snapshotIs]),
    [
      [controllerId, 'there'],
      [1, undefined],
      [2, undefined],
      [3, undefined]
    ]
  )
  assert.match(
    readFileSync(join(data.path, 'broker-2', 'server.properties'), 'utf8'),
    new RegExp(`PLAINTEXT://localhost:${port + 1}$`, 'm')
  )
  const processes = nodes.map(
    ({ properties: file }) => new LineProcess('java', ['-Xmx300m', '-cp', classPath('broker'), 'kafka.Kafka', file])
  )
  try {
    for (const [index] of brokers.entries()) {
      await waitForMetadata(`localhost:${port + index}`, 120_000, () => processes.every(({ isAlive }) => isAlive))
    }
    for (const [index] of brokers.entries()) {
      const client = await Client.open(`localhost:${port + index}`)
      assert.deepEqual(
        (await client.topics()).filter(({ name }) => name === 'orders'),
        [{ name: 'orders', partitions: 3 }]
      )
      assert.equal((await client.configOf('orders')).get('retention.ms'), '1234567')
      const { records } = await client.fetchAll('orders', index, 1)
      assert.deepEqual(
        records.map(({ value }) => value),
        [`at ${index}`]
      )
      // Acknowledged by all that are in sync, of which there have to be as many as there are replicas.
      assert.equal(await client.produce('orders', index, [{ key: null, value: 'of Kafka' }]), 1)
      client.close()
    }
  } catch (error) {
    const said = processes.map(({ lines, stderr }) => [...lines.slice(-20), stderr.slice(-2000)].join('\n'))
    throw new Error(`Apache Kafka did not do it\n${said.join('\n---\n')}`, { cause: error })
  } finally {
    for (const node of processes.reverse()) await node.stop(30_000)
  }
})
