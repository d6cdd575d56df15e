/** What three brokers do that one cannot: each record on all of them, and going on without one. */
import { setTimeout as wait } from 'node:timers/promises'
import { startJavaProgram } from '../../java/programs.ts'
import { producerPerformance } from '../../java/tools.ts'
import { type Cluster, makeTopic, startCluster } from '../clusters.ts'
import type { ContenderName } from '../contenders.ts'
import type { Row, Sample, Settings, Size, Station } from '../row.ts'
import { large, type Produce, small } from './load.ts'

const CONTENDERS: readonly ContenderName[] = ['kafka', 'odradek', 'odradek-os']
/** Rounds before those that count, as on one broker: the JVM of a Kafka compiles while it works. */
const WARM_ROUNDS: Readonly<Record<Size, number>> = { full: 3, quick: 0 }

async function onOneCluster(
  name: ContenderName,
  { size }: Settings,
  measure: (cluster: Cluster, round: number) => Promise<Sample>,
  warmRounds = WARM_ROUNDS[size]
): Promise<Station> {
  const cluster = await startCluster(name)
  try {
    for (let round = 1; round <= warmRounds; round += 1) await measure(cluster, -round)
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
  return {
    round: (index) => measure(cluster, index),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]()
  }
}

function replicatedRow(name: string, what: string, load: Produce): Row {
  return {
    name,
    family: 'cluster',
    what,
    contenders: CONTENDERS,
    figures: [{ key: 'rate', what: 'rate', unit: 'records/s', better: 'more' }],
    open: (contender, settings) =>
      onOneCluster(contender, settings, async (cluster, round) => {
        const topic = `${name}${round}`
        await makeTopic(cluster, topic)
        const { records, recordBytes } = load
        const bootstrap = cluster.addresses.join(',')
        const sent = { bootstrap, topic, records: records[settings.size], recordBytes, acks: 'all' } as const
        return { rate: await producerPerformance(sent) }
      })
  }
}

/** A Kafka misses a broker after broker.session.timeout.ms, 9 s. */
const WRITING_MS: Readonly<Record<Size, number>> = { full: 25_000, quick: 14_000 }
const BEFORE_MS = 3000
const BETWEEN_RECORDS_MS = 5
/** A broker that came back is in sync again, so that the next round is of three. */
const SETTLE_MS = 5000

/** For how long nothing is acknowledged when the leader goes, and comes back meanwhile or later. */
async function withoutLeader(cluster: Cluster, topic: string, size: Size, how: 'kill' | 'stop'): Promise<number> {
  const leader = await makeTopic(cluster, topic)
  const writer = await startJavaProgram('Failover', [
    cluster.addresses.join(','),
    topic,
    WRITING_MS[size],
    BETWEEN_RECORDS_MS
  ])
  await writer.until((lines) => (lines.includes('writing') ? true : undefined), 'the first acknowledgement', 60_000)
  await wait(BEFORE_MS)
  if (how === 'kill') await cluster.killBroker(leader)
  else await cluster.stopBroker(leader)
  const code = await writer.exited
  await cluster.startBroker(leader)
  await wait(SETTLE_MS)
  const [longestMs = Number.NaN, acknowledged = 0, failed = 0] = (writer.lines.at(-1) ?? '').split(' ').map(Number)
  if (code !== 0 || failed > 0 || acknowledged === 0)
    throw new Error(`${failed} records failed, ${acknowledged} were acknowledged: ${writer.stderr.slice(-500)}`)
  return longestMs
}

const failover: Row = {
  name: 'failover',
  family: 'cluster',
  what: "a Java producer (acks=all, a record every 5 ms) whose partition's leader goes: the longest time without an acknowledgement",
  contenders: CONTENDERS,
  figures: [
    { key: 'killed', what: 'killed', unit: 'ms', better: 'less' },
    { key: 'stopped', what: 'stopped', unit: 'ms', better: 'less' }
  ],
  open: (contender, settings) =>
    onOneCluster(
      contender,
      settings,
      async (cluster, round) => ({
        killed: await withoutLeader(cluster, `killed${round}`, settings.size, 'kill'),
        stopped: await withoutLeader(cluster, `stopped${round}`, settings.size, 'stop')
      }),
      0
    )
}

export const clusterRows: readonly Row[] = [
  replicatedRow('replicated-small', 'three brokers, each record on all: ProducerPerformance, 100 B records, acks=all', {
    ...small,
    acks: 'all'
  }),
  replicatedRow(
    'replicated-1k',
    'three brokers, each record on all: ProducerPerformance, 1 KB records, acks=all',
    large
  ),
  failover
]
