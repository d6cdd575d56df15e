/** Producing and consuming at full speed: Java's performance tools, and many clients at once. */
import { javaProgram } from '../../java/programs.ts'
import type { ContenderName } from '../contenders.ts'
import { spentBy } from '../cpu.ts'
import type { Row, Size } from '../row.ts'
import { onOneBroker } from '../stations.ts'
import { consume, large, loadFigures, type Produce, produce, small } from './load.ts'

const EVERYONE: readonly ContenderName[] = [
  'kafka',
  'odradek',
  'odradek-before',
  'odradek-os',
  'odradek-memory',
  'null',
  'kfake'
]
const LIKE_FOR_LIKE: readonly ContenderName[] = ['kafka', 'odradek', 'odradek-before', 'odradek-os', 'null']

function produceRow(name: string, what: string, contenders: readonly ContenderName[], load: Produce): Row {
  return {
    name,
    family: 'throughput',
    what,
    contenders,
    figures: loadFigures,
    open: (contender, { size }) =>
      onOneBroker(contender, {
        options: { recordBytes: load.recordBytes },
        warmUp: size,
        measure: (broker, round) => produce(broker, `${name}-${round}`, size, load)
      })
  }
}

function consumeRow(name: string, what: string, load: Produce): Row {
  return {
    name,
    family: 'throughput',
    what,
    contenders: ['kafka', 'odradek', 'odradek-before', 'odradek-memory', 'null', 'kfake'],
    figures: loadFigures,
    open: (contender, { size }) =>
      onOneBroker(contender, {
        options: { recordBytes: load.recordBytes },
        warmUp: size,
        // The null broker has no end of records.
        prepare: async (broker) => contender !== 'null' && (await produce(broker, name, size, load)),
        measure: (broker) => consume(broker, name, size, load)
      })
  }
}

interface Crowd {
  readonly partitions: number
  readonly producers: number
  readonly groups: number
  readonly membersPerGroup: number
  readonly records: number
  readonly warmUp: number
}

/** Fifty consumers whose answers are of 20 partitions each had 512 MB full, and then measured its want of memory. */
const CROWD_JVM = ['-Xms2g', '-Xmx2g', '-XX:+UseG1GC']

function crowdRow(name: string, what: string, crowds: Readonly<Record<Size, Crowd>>): Row {
  return {
    name,
    family: 'throughput',
    what,
    contenders: ['kafka', 'odradek', 'odradek-os', 'odradek-before'],
    figures: loadFigures,
    open: (contender, { size }) =>
      onOneBroker(contender, {
        warmUp: size,
        async measure(broker, round) {
          const { partitions, producers, groups, membersPerGroup, records, warmUp } = crowds[size]
          const load = [partitions, producers, groups, membersPerGroup, records, warmUp, 100]
          const spent = await spentBy(broker.pid, () =>
            javaProgram('ManyClients', [broker.bootstrap, `${name}-${round}`, ...load], CROWD_JVM)
          )
          const millions = (records + warmUp) / 1e6
          const [rate = Number.NaN] = spent.result
          return { rate, 'broker-cpu': spent.brokerSeconds / millions, 'client-cpu': spent.clientSeconds / millions }
        }
      })
  }
}

const pair = { partitions: 1, producers: 1, groups: 1, membersPerGroup: 1 }
const produceAndConsume = crowdRow(
  'produce-and-consume',
  'one producer (acks=all) and one consumer that follows it, one partition, 100 B: records produced and received',
  {
    full: { ...pair, records: 1_500_000, warmUp: 500_000 },
    quick: { ...pair, records: 4000, warmUp: 1000 }
  }
)

const manyClients = crowdRow(
  'many-clients',
  '50 producers (acks=all) and 50 consumers in 5 groups, 200 partitions, 100 B: records produced and received by all',
  {
    full: { partitions: 200, producers: 50, groups: 5, membersPerGroup: 10, records: 2_000_000, warmUp: 500_000 },
    quick: { partitions: 20, producers: 4, groups: 2, membersPerGroup: 2, records: 4000, warmUp: 1000 }
  }
)

export const throughputRows: readonly Row[] = [
  produceRow('produce-small', 'ProducerPerformance, 100 B records, acks=1', EVERYONE, small),
  produceRow('produce-1k', 'ProducerPerformance, 1 KB records, acks=all', EVERYONE, large),
  produceRow('produce-lz4', 'ProducerPerformance, 1 KB records, acks=all, lz4', LIKE_FOR_LIKE, {
    ...large,
    compression: 'lz4'
  }),
  produceRow('produce-zstd', 'ProducerPerformance, 1 KB records, acks=all, zstd', LIKE_FOR_LIKE, {
    ...large,
    compression: 'zstd'
  }),
  consumeRow('consume-small', 'ConsumerPerformance, 100 B records', small),
  consumeRow('consume-1k', 'ConsumerPerformance, 1 KB records', large),
  produceAndConsume,
  manyClients
]
