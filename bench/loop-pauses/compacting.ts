/** A large log is compacted, of few keys, with every codec in it. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { IncrementalAlterConfigsRequest } from '../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { ProduceRequest } from '../../src/protocol/generated/api/produce-request.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { Compression } from '../../src/protocol/records/compression/codec.ts'
import { Engine } from './engine.ts'
import type { Pauses } from './jobs.ts'
import { watching } from './watched-loop.ts'

const topic = 'compacted'
const recordsInBatch = 3500
const patienceMs = 300_000
const codecs = [Compression.none, Compression.gzip, Compression.snappy, Compression.lz4, Compression.zstd]

/** `megabytes`, before they are compressed. */
export async function compactingJobs(directory: string, megabytes: number): Promise<Pauses> {
  const engine = await Engine.start(directory)
  const configs = [{ name: 'segment.bytes', value: String(16 * 1024 * 1024) }]
  const wanted = [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }]
  await engine.prepared(CreateTopicsRequest, 5, { topics: wanted, timeoutMs: 60_000, validateOnly: false })()
  const batches = codecs.map(batchOf)
  for (let written = 0; written < megabytes; written += 1) {
    const records = batches[written % batches.length] ?? Buffer.alloc(0)
    const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
    await engine.prepared(ProduceRequest, 9, { acks: -1, timeoutMs: 60_000, topicData })()
  }
  const change = [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }]
  const resources = [{ resourceType: 2, resourceName: topic, configs: change }]
  const compacting = engine.prepared(IncrementalAlterConfigsRequest, 1, { resources, validateOnly: false })
  const pause = await watching(async () => {
    await compacting()
    await untilCompacted(directory)
  })
  await engine.stop()
  return { 'compact a log': pause }
}

/** About a megabyte, of 1,000 keys. */
function batchOf(compression: Compression): Buffer {
  const records = Array.from({ length: recordsInBatch }, (_, index) => ({
    timestamp: Date.now(),
    key: Buffer.from(`key-${index % 1000}`),
    value: randomBytes(240),
    headers: []
  }))
  return buildBatch({ compression, records })
}

async function untilCompacted(directory: string): Promise<void> {
  const checkpoint = join(directory, 'cleaner-offset-checkpoint')
  const deadline = performance.now() + patienceMs
  while (!existsSync(checkpoint) || !/^compacted 0 [1-9]/m.test(readFileSync(checkpoint, 'utf8'))) {
    if (performance.now() > deadline) throw new Error('it was not compacted')
    await wait(20)
  }
}
