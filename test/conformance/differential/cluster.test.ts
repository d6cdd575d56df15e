/**
 * The same life of three brokers of ours and of three of a real Apache Kafka: stops, kills, starts, elections and reassignments. What
 * every broker says on the way must be the same, and so must what `kafka-topics --describe` prints.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKafka } from '../../../src/index.ts'
import { javaTool } from '../../harness/java-tool.ts'
import { startRealKafkaCluster } from '../../harness/real-kafka-cluster.ts'
import { targetName } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { script, topics } from './cluster-script.ts'
import { type Cluster, ComparedCluster } from './compared-cluster.ts'
import { differences } from './normal-form.ts'

const linesShown = 40
const internalTopics = {
  'offsets.topic.num.partitions': '5',
  'offsets.topic.replication.factor': '3'
}
/** Ours learns of a kill at once; and neither shall give leadership back by itself in the midst of the script. */
const kafkaAlone = {
  'auto.leader.rebalance.enable': 'false',
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500'
}

async function startOurs(): Promise<Cluster> {
  if (targetName === 'kafka') return startRealKafkaCluster({ ...internalTopics, ...kafkaAlone })
  const kafka = await startKafka({ brokers: 3, config: internalTopics })
  return {
    addresses: kafka.brokers,
    startBroker: (id) => kafka.broker(id).start(),
    stopBroker: (id) => kafka.broker(id).stop(),
    killBroker: (id) => kafka.broker(id).kill(),
    stop: () => kafka.stop()
  }
}

describe('a cluster of three as Apache Kafka has it', { skip: skipUnless(kafkaJars('broker')) }, () => {
  let clusters: ComparedCluster[] = []

  before(async () => {
    const started = await Promise.all([startOurs(), startRealKafkaCluster({ ...internalTopics, ...kafkaAlone })])
    clusters = started.map((cluster) => new ComparedCluster(cluster))
  })

  after(() => Promise.all(clusters.map((cluster) => cluster.end())))

  for (const { what, isDescribed, run } of script) {
    test(what, async () => {
      const [ours = null, theirs = null] = await Promise.all(clusters.map((cluster) => run(cluster)))
      const found = differences(ours, theirs)
      assert.deepEqual(found.slice(0, linesShown), [])
    })
    if (isDescribed === undefined) continue
    test(`kafka-topics --describe, after: ${what}`, { skip: skipUnless(kafkaJars('tools')) }, async () => {
      const [ours, theirs] = await Promise.all(clusters.map(describedTopics))
      assert.deepEqual(ours, theirs)
    })
  }
})

/** The lines that Apache's own tool prints, without the ids of topics; sets have no order. */
async function describedTopics({ addresses }: ComparedCluster): Promise<string[]> {
  const [bootstrap = ''] = addresses
  const args = ['--bootstrap-server', bootstrap, '--describe', '--topic', topics.join('|')]
  const printed = (await javaTool('org.apache.kafka.tools.TopicCommand', args)).toString()
  return printed
    .replace(/TopicId: \S+/g, 'TopicId: own')
    .replace(/(Isr|Elr|LastKnownElr): ([\d,]+)/g, (_, name, ids: string) => `${name}: ${ids.split(',').sort().join()}`)
    .split('\n')
    .sort()
}
