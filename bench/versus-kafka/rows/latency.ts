/** How long one record, or one change of a group, takes when nothing else goes on. */
import { franzGoLatency } from '../../franz-go/latency.ts'
import { javaProgram } from '../../java/programs.ts'
import { overConnection } from '../../raw-client/connection.ts'
import { untilTogether } from '../../raw-client/group.ts'
import { findCoordinator, GroupMember } from '../../raw-client/group-member.ts'
import { createTopics } from '../../raw-client/topics.ts'
import type { Row } from '../row.ts'
import { onOneBroker } from '../stations.ts'
import { createTopic, type Produce, produce, small } from './load.ts'

function latencyRow(acks: '1' | 'all'): Row {
  const name = `latency-acks-${acks}`
  return {
    name,
    family: 'latency',
    what: `one 100 B record at a time through a producer (acks=${acks}) and a consumer of franz-go, then of Java, 5000 after 1000 to warm up`,
    contenders: ['kafka', 'odradek', 'odradek-before', 'odradek-os', 'kfake'],
    figures: [
      { key: 'p99', what: 'p99', unit: 'µs', better: 'less' },
      { key: 'p50', what: 'p50', unit: 'µs', better: 'less' },
      { key: 'average', what: 'average', unit: 'µs', better: 'less' },
      { key: 'p999', what: 'p99.9', unit: 'µs', better: 'less' },
      { key: 'java-average', what: 'average, Java', unit: 'µs', better: 'less' },
      { key: 'java-p50', what: 'p50, Java', unit: 'µs', better: 'less' },
      { key: 'java-p99', what: 'p99, Java', unit: 'µs', better: 'less' }
    ],
    open: (contender, { size }) =>
      onOneBroker(contender, {
        warmUp: size,
        async measure(broker, round) {
          const topic = `${name}-${round}`
          await createTopic(broker, topic)
          const [records, warmUp] = size === 'full' ? [5000, 1000] : [200, 50]
          const work = [broker.bootstrap, topic, records, 100, acks, warmUp]
          const light = await franzGoLatency(work)
          const [average = Number.NaN, p50 = Number.NaN, p99 = Number.NaN] = await javaProgram('Latency', work)
          const java = { 'java-average': average, 'java-p50': p50, 'java-p99': p99 }
          return light === null ? java : { ...named(light), ...java }
        }
      })
  }
}

function named([average = Number.NaN, p50 = Number.NaN, p99 = Number.NaN, p999 = Number.NaN]: readonly number[]) {
  return { average, p50, p99, p999 }
}

/** Long enough (10 s and more) that a few syncs of other programs do not decide. */
const longer: Produce = { ...small, records: { full: 4_000_000, quick: small.records.quick } }

/** What the default costs beside `--durability os`, and acks=1 beside acks=all, with nobody else on the machine. */
const durability: Row = {
  name: 'durability',
  family: 'latency',
  what: 'the default beside `--durability os`: ProducerPerformance, 100 B records, acks=1; and one record at a time, acks=1 and acks=all in turns',
  contenders: ['odradek', 'odradek-os'],
  figures: [
    { key: 'rate', what: 'produce 100 B', unit: 'records/s', better: 'more' },
    { key: 'one', what: 'average, acks=1', unit: 'µs', better: 'less' },
    { key: 'all', what: 'average, acks=all', unit: 'µs', better: 'less' },
    { key: 'one-p99', what: 'p99, acks=1', unit: 'µs', better: 'less' },
    { key: 'all-p99', what: 'p99, acks=all', unit: 'µs', better: 'less' }
  ],
  open: (contender, { size }) =>
    onOneBroker(contender, {
      warmUp: size,
      async measure(broker, round) {
        const { rate = Number.NaN } = await produce(broker, `produce-${round}`, size, longer)
        const [records, warmUp] = size === 'full' ? [5000, 1000] : [500, 200]
        const latencyOf = async (acks: '1' | 'all', turn: number) => {
          const topic = `latency-${acks}-${round}-${turn}`
          await createTopic(broker, topic)
          const work = [broker.bootstrap, topic, records, 100, acks, warmUp]
          return named((await franzGoLatency(work)) ?? (await javaProgram('Latency', work)))
        }
        // Neither is always the first, and what drifts within a round meets both.
        const one = [await latencyOf('1', 0)]
        const all = [await latencyOf('all', 0), await latencyOf('all', 1)]
        one.push(await latencyOf('1', 1))
        const mean = (of: typeof one, key: 'average' | 'p99') => of.reduce((sum, it) => sum + it[key], 0) / of.length
        return {
          rate,
          one: mean(one, 'average'),
          all: mean(all, 'average'),
          'one-p99': mean(one, 'p99'),
          'all-p99': mean(all, 'p99')
        }
      }
    })
}

/** How often a member of ours asks whether it must join again; a real client does so every three seconds. */
const HEARTBEAT_MS = 2

/** Groups that one JVM forms, one after the other. */
const JAVA_GROUPS = 6

const groupOfTwo: Row = {
  name: 'group-of-two',
  family: 'latency',
  what: 'from the second join until both members have their part',
  contenders: ['kafka', 'odradek'],
  figures: [
    { key: 'together', what: 'both join a new group at once', unit: 'ms', better: 'less' },
    { key: 'second', what: 'one joins a group of one, which asks every 2 ms', unit: 'ms', better: 'less' },
    { key: 'java', what: 'two Java consumers with their defaults, in a new JVM', unit: 'ms', better: 'less' },
    { key: 'java-subscribe', what: 'the same, from their subscribe', unit: 'ms', better: 'less' },
    { key: 'java-warm', what: 'two Java consumers in a JVM that did it before', unit: 'ms', better: 'less' }
  ],
  open: (contender, { size }) =>
    onOneBroker(contender, {
      warmUp: size,
      // The harness gives Kafka 0 here; its own default is what a user gets.
      options: contender === 'kafka' ? { configs: { 'group.initial.rebalance.delay.ms': '3000' } } : {},
      prepare: (broker) => overConnection(broker.bootstrap, (connection) => findCoordinator(connection, 'group')),
      async measure({ bootstrap }, round) {
        const topic = `two-${round}`
        await overConnection(bootstrap, (connection) => createTopics(connection, [{ name: topic, partitions: 2 }]))
        const together = await timeTogether(bootstrap, `together-${round}`)
        const second = await timeSecond(bootstrap, `second-${round}`)
        const [java = Number.NaN, subscribe = Number.NaN, warm = Number.NaN] = await javaProgram('GroupOfTwo', [
          bootstrap,
          topic,
          JAVA_GROUPS
        ])
        return { together, second, java, 'java-subscribe': subscribe, 'java-warm': warm }
      }
    })
}

async function timeTogether(bootstrap: string, group: string): Promise<number> {
  const members = await Promise.all([GroupMember.connect(bootstrap, group), GroupMember.connect(bootstrap, group)])
  const startedAt = performance.now()
  await untilTogether(members, HEARTBEAT_MS)
  const tookMs = performance.now() - startedAt
  for (const member of members) member.close()
  return tookMs
}

async function timeSecond(bootstrap: string, group: string): Promise<number> {
  const first = await GroupMember.connect(bootstrap, group)
  await untilTogether([first], HEARTBEAT_MS)
  const second = await GroupMember.connect(bootstrap, group)
  const startedAt = performance.now()
  await untilTogether([first, second], HEARTBEAT_MS)
  const tookMs = performance.now() - startedAt
  first.close()
  second.close()
  return tookMs
}

export const latencyRows: readonly Row[] = [latencyRow('1'), latencyRow('all'), durability, groupOfTwo]
