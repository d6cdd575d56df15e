/** How start, memory and reading grow with one log: at the end 10 GB, 100 million records of 100 bytes. */
import { residentBytes } from '../../../test/harness/memory.ts'
import { bulkLoad } from '../../raw-client/bulk-load.ts'
import { overConnection } from '../../raw-client/connection.ts'
import { fetchOnce, medianMs } from '../../raw-client/probes.ts'
import { createTopics } from '../../raw-client/topics.ts'
import { at, type Row, type Sample } from '../row.ts'
import { type Survivor, survivor } from '../stations.ts'

const FETCH_BYTES = 65_536

export const scaleLog: Row = {
  name: 'scale-log',
  family: 'scale',
  what: 'one partition of so many records of 100 B (100 million are 10.8 GB)',
  contenders: ['odradek'],
  along: 'million records',
  figures: [
    { key: 'write', what: 'writing them: rate', unit: 'records/s', better: 'more' },
    { key: 'killed', what: 'start after kill -9', unit: 'ms', better: 'less' },
    { key: 'stopped', what: 'start after a clean stop', unit: 'ms', better: 'less' },
    { key: 'fetch', what: 'Fetch of 64 KB at any offset', unit: 'µs', better: 'less' },
    { key: 'resident', what: 'resident memory after a start', unit: 'MB', better: 'less' }
  ],
  rounds: () => 1,
  async open(contender, { size, logBytes }) {
    const most = size === 'full' ? logBytes / 1e8 : 0.4
    const counts = [most / 10, most / 4, most / 2, most]
    return {
      async round() {
        await using home = survivor(contender)
        const sample: Record<string, number> = {}
        let records = 0
        for (const millions of counts) {
          const more = millions * 1e6 - records
          const { loaded, ...measured } = await measure(home, more, records)
          records += loaded
          for (const [key, value] of Object.entries(measured)) sample[at(key, millions)] = value
        }
        return sample
      },
      async [Symbol.asyncDispose]() {}
    }
  }
}

async function measure(home: Survivor, more: number, before: number): Promise<Sample & { loaded: number }> {
  const writing = await home.start()
  await overConnection(writing.bootstrap, (connection) => createTopics(connection, [{ name: 'log', partitions: 1 }]))
  const startedAt = performance.now()
  const load = { topic: 'log', partitions: 1, recordBytes: 100, bytes: more * 107.9, acks: '1' } as const
  const { records } = await bulkLoad(writing.bootstrap, load)
  const write = records / ((performance.now() - startedAt) / 1000)
  await home.kill()
  const killed = (await started(home)).tookMs
  await home.stop()
  const { tookMs: stopped, broker } = await started(home)
  const resident = residentBytes(broker.pid) / 1e6
  const all = before + records
  const fetch = await overConnection(broker.bootstrap, (connection) =>
    medianMs(200, (index) => {
      // Far apart and never twice the same; the golden ratio spreads any number of points evenly.
      const offset = Math.floor(((index * 0.618033988749895) % 1) * all)
      return fetchOnce(connection, { topic: 'log', offset, maxBytes: FETCH_BYTES })
    })
  )
  await home.stop()
  return { loaded: records, write, killed, stopped, fetch: fetch * 1000, resident }
}

async function started(home: Survivor) {
  const startedAt = performance.now()
  const broker = await home.start()
  await overConnection(broker.bootstrap, (connection) =>
    fetchOnce(connection, { topic: 'log', offset: 0, maxBytes: FETCH_BYTES })
  )
  return { broker, tookMs: performance.now() - startedAt }
}
