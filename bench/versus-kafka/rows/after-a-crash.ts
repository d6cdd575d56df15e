/** Starting after kill -9: with many partitions, and with much data. Each round finds the same directory again. */
import { cpSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../test/harness/child-process.ts'
import { residentBytes } from '../../../test/harness/memory.ts'
import { temporaryDirectory } from '../../../test/harness/paths.ts'
import { bulkLoad, produceBatches } from '../../raw-client/bulk-load.ts'
import { overConnection, type RawPipeline } from '../../raw-client/connection.ts'
import { fetchOnce, medianMs, untilItWorks } from '../../raw-client/probes.ts'
import { allMetadata, createTopics, ledPartitions, type Topic } from '../../raw-client/topics.ts'
import type { Row } from '../row.ts'
import { survivor } from '../stations.ts'

const START_TIMEOUT_MS = 300_000

export function manyTopics(partitions: number): Topic[] {
  const perTopic = 10
  const count = Math.ceil(partitions / perTopic)
  return Array.from({ length: count }, (_, index) => ({ name: `topic-${index}`, partitions: perTopic }))
}

export async function untilAllAreLed(connection: RawPipeline, partitions: number): Promise<void> {
  await untilItWorks(START_TIMEOUT_MS, async () => {
    const led = ledPartitions(await allMetadata(connection))
    if (led < partitions) throw new Error(`${led} of ${partitions} partitions have a leader`)
  })
}

const manyPartitions: Row = {
  name: 'partitions-10000',
  family: 'start and memory',
  what: '10,000 partitions in 1,000 topics, a batch of 16 KB in each: start after kill -9 until Metadata tells of all, and one such answer',
  contenders: ['kafka', 'odradek'],
  figures: [
    { key: 'start', what: 'start after kill -9', unit: 'ms', better: 'less' },
    { key: 'metadata', what: 'Metadata of all', unit: 'ms', better: 'less' },
    { key: 'resident', what: 'resident', unit: 'MB', better: 'less' }
  ],
  async open(contender, { size }) {
    const partitions = size === 'full' ? 10_000 : 100
    const home = survivor(contender)
    const first = await home.start()
    const topics = manyTopics(partitions)
    await overConnection(first.bootstrap, async (connection) => {
      await createTopics(connection, topics)
      for (const topic of topics) await produceBatches(connection, { ...topic, recordBytes: 100, acks: 'all' })
    })
    await home.kill()
    return {
      async round() {
        const startedAt = performance.now()
        const broker = await home.start()
        const sample = await overConnection(broker.bootstrap, async (connection) => {
          await untilAllAreLed(connection, partitions)
          const start = performance.now() - startedAt
          const metadata = await medianMs(20, () => allMetadata(connection))
          return { start, metadata, resident: residentBytes(broker.pid) / 1e6 }
        })
        await home.kill()
        return sample
      },
      [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]()
    }
  }
}

const recovery: Row = {
  name: 'recovery',
  family: 'start and memory',
  what: 'kill -9 right after 10 GB were written to 8 partitions: start to the first fetch, nothing in the page cache',
  contenders: ['kafka', 'odradek'],
  figures: [{ key: 'start', what: 'start to first fetch', unit: 'ms', better: 'less' }],
  async open(contender, { size, logBytes }) {
    const load = { topic: 'large', partitions: 8, recordBytes: 1000, acks: '1' } as const
    const home = survivor(contender)
    const first = await home.start()
    await overConnection(first.bootstrap, (connection) =>
      createTopics(connection, [{ name: load.topic, partitions: 8 }])
    )
    await bulkLoad(first.bootstrap, { ...load, bytes: size === 'full' ? logBytes : 50e6 })
    await home.kill()
    const checkpoints = temporaryDirectory('checkpoints')
    copyCheckpoints(home.directory, checkpoints.path)
    return {
      async round() {
        // As the crash left them: otherwise the second round would find what the first has recovered.
        copyCheckpoints(checkpoints.path, home.directory)
        await forgetPages(home.directory)
        const startedAt = performance.now()
        const broker = await home.start()
        const start = await overConnection(broker.bootstrap, (connection) =>
          untilItWorks(START_TIMEOUT_MS, async () => {
            const bytes = await fetchOnce(connection, { topic: load.topic, partition: 7, offset: 0, maxBytes: 100_000 })
            if (bytes === 0) throw new Error('nothing came')
            return performance.now() - startedAt
          })
        )
        await home.kill()
        return { start }
      },
      async [Symbol.asyncDispose]() {
        checkpoints.remove()
        await home[Symbol.asyncDispose]()
      }
    }
  }
}

function copyCheckpoints(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (name.endsWith('-checkpoint')) cpSync(join(from, name), join(to, name))
  }
}

const FORGET = `
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        handle = os.open(os.path.join(folder, name), os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
`

/** Takes the files out of the page cache, where Python is there to ask for it; Node cannot. */
async function forgetPages(directory: string): Promise<void> {
  if (existsSync(directory))
    await run('python3', ['-c', FORGET, directory], { timeoutMs: START_TIMEOUT_MS }).catch(() => {})
}

export const crashRows: readonly Row[] = [manyPartitions, recovery]
