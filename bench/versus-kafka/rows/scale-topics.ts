/** How start, memory and single requests grow with the number of topics and partitions. Each point is a broker of its own. */
import { residentBytes } from '../../../test/harness/memory.ts'
import { produceBody } from '../../../test/harness/raw-requests.ts'
import { recordBatch } from '../../../test/harness/record-batch.ts'
import { list, text } from '../../../test/harness/wire.ts'
import { overConnection, type RawPipeline } from '../../raw-client/connection.ts'
import { fetchedBytes, fetchOfAll, fetchOnce, medianMs } from '../../raw-client/probes.ts'
import { allMetadata, createTopics } from '../../raw-client/topics.ts'
import { at, type Row, type Sample } from '../row.ts'
import { survivor } from '../stations.ts'
import { manyTopics, untilAllAreLed } from './after-a-crash.ts'

export const scaleTopics: Row = {
  name: 'scale-partitions',
  family: 'scale',
  what: 'topics of 10 partitions each: making them, starting with them, and asking about them',
  contenders: ['odradek'],
  along: 'partitions',
  figures: [
    { key: 'create', what: 'making them', unit: 'ms', better: 'less' },
    { key: 'killed', what: 'start after kill -9', unit: 'ms', better: 'less' },
    { key: 'stop', what: 'clean stop', unit: 'ms', better: 'less' },
    { key: 'stopped', what: 'start after a clean stop', unit: 'ms', better: 'less' },
    { key: 'resident', what: 'resident memory after a start', unit: 'MB', better: 'less' },
    { key: 'metadata-all', what: 'Metadata of all', unit: 'ms', better: 'less' },
    { key: 'metadata-one', what: 'Metadata of one topic', unit: 'µs', better: 'less' },
    { key: 'fetch-one', what: 'Fetch of one partition', unit: 'µs', better: 'less' },
    { key: 'fetch-all', what: 'Fetch of all partitions, which hold nothing', unit: 'ms', better: 'less' }
  ],
  rounds: () => 1,
  async open(contender, { size }) {
    const counts = size === 'full' ? [1000, 2500, 5000, 10_000] : [20, 50]
    return {
      async round() {
        const sample: Record<string, number> = {}
        for (const count of counts) {
          await using home = survivor(contender)
          for (const [key, value] of Object.entries(await measure(home, count))) sample[at(key, count)] = value
        }
        return sample
      },
      async [Symbol.asyncDispose]() {}
    }
  }
}

async function measure(home: ReturnType<typeof survivor>, count: number): Promise<Sample> {
  const topics = manyTopics(count)
  const first = await home.start()
  const create = await timed(() => overConnection(first.bootstrap, (connection) => createTopics(connection, topics)))
  await home.kill()
  const killed = await timed(async () => await led((await home.start()).bootstrap, count))
  const stop = await timed(() => home.stop())
  let bootstrap = ''
  let resident = Number.NaN
  const stopped = await timed(async () => {
    const broker = await home.start()
    bootstrap = broker.bootstrap
    resident = residentBytes(broker.pid) / 1e6
    await led(bootstrap, count)
  })
  const probes = await overConnection(bootstrap, (connection) => probe(connection, topics))
  return { create, killed, stop, stopped, resident, ...probes }
}

function led(bootstrap: string, count: number): Promise<void> {
  return overConnection(bootstrap, (connection) => untilAllAreLed(connection, count))
}

async function probe(connection: RawPipeline, topics: ReturnType<typeof manyTopics>): Promise<Sample> {
  const all = fetchOfAll(topics)
  const one = list([text('topic-1')])
  const fetchAll = await medianMs(10, async () => fetchedBytes(await connection.ask(1, 4, all)))
  await connection.ask(0, 3, produceBody('topic-1', recordBatch(['one'])))
  return {
    'metadata-all': await medianMs(20, () => allMetadata(connection)),
    'metadata-one': 1000 * (await medianMs(500, () => connection.ask(3, 1, one))),
    'fetch-one':
      1000 * (await medianMs(500, () => fetchOnce(connection, { topic: 'topic-1', offset: 0, maxBytes: 1000 }))),
    'fetch-all': fetchAll
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
