/**
 * Compaction of one log, codec by codec: how many bytes of finished segments a cleaner comes through in a second. The log is written first,
 * with a ratio that lets nobody compact it; then the ratio is lowered, and the time runs until the checkpoint tells of the log.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { Compression } from '../../../src/protocol/records/compression/codec.ts'
import { blob, int8, int16, int32, list, text } from '../../../test/harness/wire.ts'
import { overConnection, type RawPipeline } from '../../raw-client/connection.ts'
import { createTopics } from '../../raw-client/topics.ts'
import { atMostTwo, type Row, type Size } from '../row.ts'
import { survivor } from '../stations.ts'

const patienceMs = 600_000
const lookAgainMs = 5
const recordBytes = 200
const recordsInBatch = 80
/** A log is made of so many batches, again and again: of most keys one record of many stays. */
const distinctBatches = 500
const segmentBytes = 16 * 1024 * 1024
/** What is written, before it is compressed. */
const writtenBytes: Readonly<Record<Size, number>> = { full: 512e6, quick: 35e6 }
const configs = { 'log.cleaner.backoff.ms': '100' }
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export const compaction: Row = {
  name: 'compaction',
  family: 'throughput',
  what: 'a log of 512 MB of records of 200 B, 40,000 keys, is compacted: bytes on the disk that the cleaner comes through, for each codec',
  contenders: ['kafka', 'odradek', 'odradek-before'],
  rounds: atMostTwo,
  figures: codecs.map((codec) => ({ key: codec, what: codec, unit: 'MB/s', better: 'more' })),
  async open(contender, { size }) {
    const home = survivor(contender)
    const { bootstrap } = await home.start({ configs })
    return {
      round: (index) =>
        overConnection(bootstrap, async (connection) => {
          const sample: Record<string, number> = {}
          for (const codec of codecs) {
            const topic = `${codec}-${index < 0 ? 'cold' : index}`
            await createTopics(connection, [{ name: topic, partitions: 1 }])
            await configure(connection, topic, { 'cleanup.policy': 'compact', 'segment.bytes': String(segmentBytes) })
            await configure(connection, topic, { 'min.cleanable.dirty.ratio': '1' })
            await fill(connection, topic, Compression[codec], writtenBytes[size])
            const bytes = finishedBytes(join(home.directory, `${topic}-0`))
            const beganAt = performance.now()
            await configure(connection, topic, { 'min.cleanable.dirty.ratio': '0.01' })
            await untilCompacted(home.directory, topic)
            sample[codec] = bytes / 1000 / (performance.now() - beganAt)
          }
          return sample
        }),
      [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]()
    }
  }
}

/** IncrementalAlterConfigs, version 0, of a topic. */
async function configure(connection: RawPipeline, topic: string, settings: Readonly<Record<string, string>>) {
  const changes = Object.entries(settings).map(([name, value]) => Buffer.concat([text(name), int8(0), text(value)]))
  const body = Buffer.concat([list([Buffer.concat([int8(2), text(topic), list(changes)])]), int8(0)])
  const answer = await connection.ask(44, 0, body)
  answer.int32()
  const [errorCode] = answer.list(() => answer.int16())
  if (errorCode !== 0) throw new Error(`${topic} was not configured: error ${errorCode}`)
}

async function fill(connection: RawPipeline, topic: string, compression: Compression, bytes: number): Promise<void> {
  const chance = new SeededChance(1)
  const bodies = Array.from({ length: distinctBatches }, () => produceOf(topic, batchOf(chance, compression)))
  const batches = Math.ceil(bytes / (recordBytes * recordsInBatch))
  for (let sent = 0; sent < batches; sent += 5) {
    await Promise.all(
      [0, 1, 2, 3, 4].map(async (next) => {
        const answer = await connection.ask(0, 7, bodies[(sent + next) % bodies.length] ?? Buffer.alloc(0))
        answer.list(() => [
          answer.text(),
          answer.list(() => [answer.int32(), untilTaken(answer.int16()), answer.int64()])
        ])
      })
    )
  }
}

function untilTaken(errorCode: number): void {
  if (errorCode !== 0) throw new Error(`no records were taken: error ${errorCode}`)
}

/** Half of a value is as good as random, half says the same again and again. */
function batchOf(chance: SeededChance, compression: Compression): Buffer {
  const timestamp = Date.now()
  const records = Array.from({ length: recordsInBatch }, () => {
    const key = Buffer.from(`key-${chance.below(40_000)}`)
    const value = Buffer.alloc(recordBytes - key.length, 'odradek ')
    for (let at = 0; at < value.length / 2; at++) value[at] = chance.below(256)
    return { timestamp, key, value, headers: [] }
  })
  return buildBatch({ compression, records })
}

function produceOf(topic: string, batch: Buffer): Buffer {
  const partitions = list([Buffer.concat([int32(0), blob(batch)])])
  return Buffer.concat([text(null), int16(1), int32(30_000), list([Buffer.concat([text(topic), partitions])])])
}

/** Of all segments but the one that is written to. */
function finishedBytes(directory: string): number {
  const segments = readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .sort()
  return segments.slice(0, -1).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
}

/** Until the checkpoint tells of the log that it was compacted up to somewhere. */
async function untilCompacted(directory: string, topic: string): Promise<void> {
  const checkpoint = join(directory, 'cleaner-offset-checkpoint')
  const wanted = new RegExp(`^${topic} 0 [1-9]\\d*$`, 'm')
  const deadline = performance.now() + patienceMs
  while (!existsSync(checkpoint) || !wanted.test(readFileSync(checkpoint, 'utf8'))) {
    if (performance.now() > deadline) throw new Error(`${topic} was not compacted`)
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
  }
}
