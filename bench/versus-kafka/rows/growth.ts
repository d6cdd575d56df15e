/** Whether throughput stays as partitions, or what a consumer has not read yet, become more. */
import { javaProgram } from '../../java/programs.ts'
import { producerPerformance } from '../../java/tools.ts'
import { bulkLoad } from '../../raw-client/bulk-load.ts'
import { overConnection } from '../../raw-client/connection.ts'
import { createTopics } from '../../raw-client/topics.ts'
import { type ContenderName, type StartOptions, startContender } from '../contenders.ts'
import { at, atMostTwo, type Row, type Sample } from '../row.ts'
import { onOneBroker } from '../stations.ts'

const COMPARED: readonly ContenderName[] = ['kafka', 'odradek', 'null']

const partitions: Row = {
  name: 'growth-partitions',
  family: 'growth',
  what: 'ProducerPerformance, 100 B records, acks=1, to a topic of so many partitions',
  contenders: COMPARED,
  along: 'partitions',
  figures: [{ key: 'rate', what: 'produce rate', unit: 'records/s', better: 'more' }],
  // Each is long, and compares its points with each other.
  rounds: atMostTwo,
  async open(contender, { size }) {
    const counts = size === 'full' ? [1, 100, 10_000] : [1, 20]
    const records = size === 'full' ? 1_000_000 : 20_000
    const produce = (bootstrap: string, topic: string) =>
      producerPerformance({ bootstrap, topic, records, recordBytes: 100, acks: '1' })
    if (contender === 'null') return await onNullBrokers(counts, produce)
    return await onOneBroker(contender, {
      prepare: ({ bootstrap }) =>
        overConnection(bootstrap, async (connection) => {
          for (const count of counts) await createTopics(connection, [{ name: `of-${count}`, partitions: count }])
        }),
      warmUp: size,
      async measure({ bootstrap }, round) {
        const sample: Record<string, number> = {}
        for (const count of inOrder(counts, round)) sample[at('rate', count)] = await produce(bootstrap, `of-${count}`)
        return sample
      }
    })
  }
}

/** From small to large, and back in the next round: what comes first may meet a machine that what comes last does not. */
function inOrder<Item>(points: readonly Item[], round: number): Item[] {
  return round % 2 === 0 ? [...points] : [...points].reverse()
}

/** The null broker has one number of partitions for every topic: one broker for each point. */
async function onNullBrokers(
  counts: readonly number[],
  produce: (bootstrap: string, topic: string) => Promise<number>
) {
  const start = (options: StartOptions) => startContender('null', options)
  const brokers = await Promise.all(counts.map((count) => start({ partitions: count })))
  return {
    async round(round: number): Promise<Sample> {
      const sample: Record<string, number> = {}
      for (const [index, count] of inOrder([...counts.entries()], round)) {
        sample[at('rate', count)] = await produce(brokers[index]?.bootstrap ?? '', `of-${count}`)
      }
      return sample
    },
    async [Symbol.asyncDispose]() {
      for (const broker of brokers) await broker.stop()
    }
  }
}

const lag: Row = {
  name: 'growth-lag',
  family: 'growth',
  what: 'one Java consumer, warmed up, that is so many records of 100 B behind and reads up to the end',
  contenders: COMPARED,
  along: 'records behind',
  figures: [{ key: 'rate', what: 'consume rate', unit: 'records/s', better: 'more' }],
  // Each is long, and compares its points with each other.
  rounds: atMostTwo,
  async open(contender, { size }) {
    const lags = size === 'full' ? [1_000_000, 3_000_000, 10_000_000] : [20_000, 50_000]
    const records = Math.max(...lags)
    const atLeast = size === 'full' ? 3_000_000 : 50_000
    return await onOneBroker(contender, {
      options: { recordBytes: 100 },
      warmUp: size,
      async prepare({ bootstrap }) {
        if (contender === 'null') return
        await overConnection(bootstrap, (connection) => createTopics(connection, [{ name: 'lag', partitions: 1 }]))
        // A little more than the records: batches hold whole ones.
        const bytes = records * 115
        await bulkLoad(bootstrap, { topic: 'lag', partitions: 1, recordBytes: 100, bytes, acks: 'all' })
      },
      async measure({ bootstrap }) {
        const rates = await javaProgram('Backlog', [bootstrap, 'lag', atLeast, ...lags])
        return Object.fromEntries(lags.map((behind, index) => [at('rate', behind), rates[index] ?? Number.NaN]))
      }
    })
  }
}

export const growthRows: readonly Row[] = [partitions, lag]
