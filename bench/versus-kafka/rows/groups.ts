/** What members of groups get done together: records of a share group, and a large group that comes to rest. */
import { javaProgram } from '../../java/programs.ts'
import { overConnection } from '../../raw-client/connection.ts'
import { createTopics } from '../../raw-client/topics.ts'
import type { Row, Size } from '../row.ts'
import { onOneBroker } from '../stations.ts'
import { type Produce, produce, small } from './load.ts'

const shared: Produce = { ...small, records: { full: 1_000_000, quick: 5000 } }
const shareMembers: Readonly<Record<Size, number>> = { full: 4, quick: 2 }

const shareGroup: Row = {
  name: 'share-group',
  family: 'throughput',
  what: 'four Java members of a share group read 100 B records of one partition and accept them implicitly, with their own defaults',
  contenders: ['kafka', 'odradek', 'odradek-os'],
  figures: [{ key: 'rate', what: 'rate', unit: 'records/s', better: 'more' }],
  open: (contender, { size }) =>
    onOneBroker(contender, {
      warmUp: size,
      async measure(broker, round) {
        const topic = `shared-${round}`
        await produce(broker, topic, size, shared)
        const work = [broker.bootstrap, topic, shareMembers[size], shared.records[size]]
        const [rate = Number.NaN] = await javaProgram('ShareGroup', work)
        return { rate }
      }
    })
}

const members: Readonly<Record<Size, number>> = { full: 100, quick: 5 }
/** A hundred clients, each with buffers of its own. */
const MANY_JVM = ['-Xms1g', '-Xmx1g', '-XX:+UseG1GC']

const groupOfHundred: Row = {
  name: 'group-of-100',
  family: 'latency',
  what: '100 Java consumers subscribe at once to a topic of 100 partitions, with their own defaults: until each has its partition',
  contenders: ['kafka', 'odradek'],
  figures: [
    { key: 'consumer', what: 'group.protocol=consumer', unit: 'ms', better: 'less' },
    { key: 'classic', what: 'group.protocol=classic', unit: 'ms', better: 'less' }
  ],
  open: (contender, { size }) =>
    onOneBroker(contender, {
      warmUp: size,
      // The harness gives Kafka 0 here; its own default is what a user gets.
      options: contender === 'kafka' ? { configs: { 'group.initial.rebalance.delay.ms': '3000' } } : {},
      async measure({ bootstrap }, round) {
        const sample: Record<string, number> = {}
        for (const protocol of ['consumer', 'classic']) {
          const topic = `hundred-${protocol}-${round}`
          const wanted = [{ name: topic, partitions: members[size] }]
          await overConnection(bootstrap, (connection) => createTopics(connection, wanted))
          const work = [bootstrap, topic, protocol, members[size]]
          const [tookMs = Number.NaN] = await javaProgram('LargeGroup', work, MANY_JVM)
          sample[protocol] = tookMs
        }
        return sample
      }
    })
}

export const groupRows: readonly Row[] = [shareGroup, groupOfHundred]
