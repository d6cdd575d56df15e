/**
 * The same log compacted by Odradek and by Apache Kafka: batch by batch the same is left, to the byte where no time of the cleaning stands
 * in it. DumpLogSegments finds no fault with it, compressed and transactional batches and markers as they are. Then each goes on with what
 * the other has left.
 */
import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Broker } from '../../../src/broker/broker.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { NodeDisk } from '../../../src/host/node/disk.ts'
import {
  batchSizeAt,
  compressionOf,
  hasDeleteHorizon,
  isControl,
  lastOffsetOf,
  readBatchHeader
} from '../../../src/protocol/records/batch.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { endTransactionMarker } from '../../../src/protocol/records/control-records.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { createTopic } from '../../broker/apis/records-setup.ts'
import { network, startAlone } from '../../broker/apis/setup.ts'
import { dumpLogs } from '../../crash/dump-log.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { readAll } from '../../log/compaction/modelled-compaction.ts'

const topic = 't1'
const config = { 'offsets.topic.num.partitions': '1', 'log.cleaner.backoff.ms': '1000' }
const compacted = { 'cleanup.policy': 'compact', 'segment.bytes': '1048576', 'min.cleanable.dirty.ratio': '0.01' }

interface Ours {
  readonly broker: Broker
  readonly clock: ManualClock
}

async function startOurs(path: string, more: Readonly<Record<string, string>> = {}): Promise<Ours> {
  const clock = new ManualClock(Date.now())
  const host = { disk: new NodeDisk(path), clock, network, chance: new SeededChance(1) }
  const log = (line: string): void => assert.ok(!/damaged/.test(line), line)
  const broker = await startAlone({ host, durability: 'disk', config: { ...config, ...more }, advertised: null, log })
  return { broker, clock }
}

const logOf = (broker: Broker) => broker.replica(topic, 0)?.log ?? assert.fail(`${topic} is not there`)

/** Keys that come again, tombstones, every compression, producers with sequences, transactions with either end; many of each batch go. */
function write({ broker, clock }: Ours, chance: SeededChance, batches: number): void {
  const log = logOf(broker)
  const sequences = new Map<number, number>()
  const open = new Set<number>()
  const append = (batch: Buffer): void => {
    const { latestEpoch } = log
    assert.ok(log.append(batch, { leaderEpoch: Math.max(0, latestEpoch), origin: 'coordinator' }).ok)
  }
  const end = (producerId: number): void => {
    const outcome = chance.below(2) === 0 ? 'commit' : 'abort'
    append(
      endTransactionMarker({ producerId, producerEpoch: 0, coordinatorEpoch: 1, outcome, timestampMs: clock.nowMs() })
    )
    open.delete(producerId)
  }
  for (let count = 0; count < batches; count++) {
    const producerId = [-1, 1000, 1001, 2000, 2001][chance.below(5)] ?? -1
    const isTransactional = producerId >= 2000
    const records = Array.from({ length: 1 + chance.below(5) }, (_, index) => ({
      timestamp: clock.nowMs() + index * chance.below(300),
      key: Buffer.from(`key ${chance.below(40)}`),
      value: chance.below(5) === 0 ? null : Buffer.from(`${count} ${'x'.repeat(chance.below(3000))}`),
      headers: index === 1 ? [{ key: 'h', value: Buffer.from('v') }] : []
    }))
    const baseSequence = sequences.get(producerId) ?? 0
    sequences.set(producerId, baseSequence + records.length)
    const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence, isTransactional }
    append(buildBatch({ ...producer, compression: ([0, 0, 0, 1, 2, 3, 4] as const)[chance.below(7)] ?? 0, records }))
    if (isTransactional) open.add(producerId)
    for (const id of open) if (chance.below(4) === 0) end(id)
    clock.advance(chance.below(20))
  }
  for (const id of open) end(id)
  // A last segment that nobody cleans.
  const filler = { timestamp: clock.nowMs(), key: Buffer.from('last'), value: Buffer.alloc(700_000), headers: [] }
  append(buildBatch({ records: [filler] }))
  append(buildBatch({ records: [filler] }))
}

async function cleanOurs(path: string): Promise<void> {
  const ours = await startOurs(path)
  for (let turn = 0; turn < 2000; turn++) {
    ours.clock.advance(turn === 0 ? 1000 : 0)
    await setImmediate()
    await setTimeout(1)
    if (cleanedUpTo(path) > 0) break
  }
  assert.ok(cleanedUpTo(path) > 0, 'it was compacted')
  await ours.broker.stop()
}

async function cleanKafkas(path: string, offset: number): Promise<void> {
  const kafka = await startRealKafka({
    dataDirectory: path,
    configs: { 'log.cleaner.backoff.ms': '200', 'log.cleaner.dedupe.buffer.size': '8388608' }
  })
  for (let waited = 0; waited < 600 && cleanedUpTo(path) < offset; waited++) await setTimeout(100)
  await kafka.stop()
}

function cleanedUpTo(path: string): number {
  const file = join(path, 'cleaner-offset-checkpoint')
  if (!existsSync(file)) return 0
  return Number(new RegExp(`^${topic} 0 (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0)
}

/** Each batch below the offset as a line, with its bytes where nothing of the time of the cleaning is in them. */
function batchesOf(path: string, below: number): string[] {
  const directory = join(path, `${topic}-0`)
  const lines: string[] = []
  for (const name of readdirSync(directory)
    .filter((each) => each.endsWith('.log'))
    .sort()) {
    const bytes = readFileSync(join(directory, name))
    if (Number.parseInt(name, 10) >= below) continue
    for (let position = 0; position < bytes.length; position += batchSizeAt(bytes, position)) {
      const batch = bytes.subarray(position, position + batchSizeAt(bytes, position))
      lines.push(`${name} ${lineOf(batch)}`)
    }
  }
  return lines
}

function lineOf(batch: Buffer): string {
  const header = readBatchHeader(batch)
  const { baseOffset, attributes, maxTimestamp, producerId, producerEpoch, baseSequence, recordCount } = header
  const records = Array.from(
    isControl(attributes) && recordCount === 0 ? [] : readRecords(batch),
    ({ offset, timestamp, key, value, headers }) =>
      `${offset}@${timestamp} ${key}=${value?.length ?? null}+${headers.length}`
  )
  const producer = `${producerId}/${producerEpoch}/${baseSequence}`
  const isSame = !hasDeleteHorizon(attributes) && compressionOf(attributes) === 0
  const content = isSame ? batch.toString('base64') : ''
  return `${baseOffset}-${lastOffsetOf(header)} a${attributes} ${producer} t${maxTimestamp} [${records.join(', ')}] ${content}`
}

test('Apache Kafka leaves the same of a log', { skip: skipUnless(kafkaJars('broker')) }, async () => {
  using own = temporaryDirectory('compaction')
  using theirs = temporaryDirectory('compaction-kafka')
  const ours = await startOurs(own.path, { 'log.cleaner.enable': 'false' })
  await createTopic(ours.broker, topic, compacted)
  write(ours, new SeededChance(Number(process.env.COMPACTION_SEED ?? 1)), 1500)
  await ours.broker.stop()
  cpSync(own.path, theirs.path, { recursive: true })

  const before = batchesOf(own.path, Number.MAX_SAFE_INTEGER).length
  await cleanOurs(own.path)
  const offset = cleanedUpTo(own.path)
  await cleanKafkas(theirs.path, offset)
  assert.equal(cleanedUpTo(theirs.path), offset)
  const left = batchesOf(own.path, offset)
  assert.deepEqual((await dumpLogs(own.path)).faults, [])
  assert.ok(left.length > 20 && left.length < before / 2, `${left.length} of ${before} batches are left`)
  assert.deepEqual(left, batchesOf(theirs.path, offset))

  // Kafka goes on with what we have left, and we with what Kafka has.
  await cleanKafkas(own.path, offset)
  const ourRecords = await readBack(own.path)
  assert.deepEqual(await readBack(theirs.path), ourRecords)
})

async function readBack(path: string) {
  const { broker } = await startOurs(path, { 'log.cleaner.enable': 'false' })
  const records = readAll(logOf(broker))
  await broker.stop()
  return records
}
