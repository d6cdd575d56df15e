/**
 * `odradek trace` tells the truth, on ours and on a real Apache Kafka: the hash against the partitioners of kafkajs and Java,
 * the byte by reading the file there, the bookmarks by committing known offsets.
 */
import assert from 'node:assert/strict'
import { closeSync, cpSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import kafkaJs, { type EachMessagePayload } from 'kafkajs'
import { batchHeaderBytes, readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import type { DataRecord } from '../../harness/real-data.ts'
import { kafkaJars, confluentPython as pythonTool, skipUnless } from '../../harness/tools.ts'
import type { Client } from '../clients/client.ts'
import { confluentPython } from '../clients/confluent-python.ts'
import { javaConsole } from '../clients/java-console.ts'
import { kafkajs } from '../clients/kafkajs.ts'
import { topicOffsets } from '../clients/topic-offsets.ts'
import { bothBrokers } from './both-brokers.ts'
import { type Commands, commandsAt } from './commands.ts'
import { commitOffsets } from './commit-offsets.ts'

const { Kafka, logLevel, Partitioners } = kafkaJs

/** The fields of `trace -o json` that these tests look at. */
interface Traced {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly producer: { id: number; epoch: number; sequence: number } | null
  readonly batch: { firstOffset: number; index: number; records: number; sizeBytes: number; transaction: string | null }
  readonly partitioning: { murmur2: number; hashedPartition: number; explanation: string; fittingCounts: number[] }
  readonly log: { highWatermark: number; lastStableOffset: number; visibleTo: string }
  readonly copies: readonly {
    node: number
    role: string
    inSync: boolean
    directory: string | null
    file: { path: string; position: number; sizeBytes: number } | null
    note: string | null
  }[]
  readonly groups: readonly {
    group: string
    committed: number | null
    status: string
    before: number | null
    member: { id: string; clientId: string } | null
  }[]
}

for (const { name, kind, tool, start } of bothBrokers) {
  describe(`trace on ${name}`, { skip: skipUnless(tool()) }, () => {
    let broker: BrokerProcess
    let cli: Commands

    before(async () => {
      const compactsSoon = { 'log.cleaner.backoff.ms': '100' }
      broker = await start(kind === 'kafka' ? { configs: compactsSoon } : {})
      cli = commandsAt(broker.bootstrap)
    })

    after(async () => {
      await broker?.stop()
    })

    const trace = async (topic: string, ...args: string[]): Promise<Traced> =>
      JSON.parse(await cli.text('trace', topic, '-o', 'json', ...args))
    const refused = async (...args: string[]) => await cli.run('trace', ...args)

    async function newTopic(topic: string, partitions: number, ...more: string[]): Promise<string> {
      await cli.text('topics', 'create', topic, '-p', String(partitions), ...more)
      return topic
    }

    /**
     * Keyed records by a foreign client, and where the last of each key landed, as kafkajs reads it and not we. Last, since
     * a client without idempotence may write a record twice: kafkajs sends all of a request again when one of its
     * partitions refused it, as those of a new topic on Kafka do for a moment.
     */
    async function placesOf(client: Client, topic: string, keys: readonly string[]) {
      const records: DataRecord[] = keys.map((key) => ({ key, value: `order of ${key}`, headers: { source: 'test' } }))
      await client.produce(broker.bootstrap, records, { topic, codec: 'none', acks: 'all' })
      return await lastPlaces(topic)
    }

    async function lastPlaces(topic: string) {
      const places = new Map<string, { partition: number; offset: number }>()
      const unread = await lastOffsets(topic)
      const reader = kafkaOf().consumer({ groupId: `reads-${topic}`, maxWaitTimeInMs: 100 })
      await reader.connect()
      try {
        await reader.subscribe({ topic, fromBeginning: true })
        await new Promise<void>((resolve, reject) => {
          const eachMessage = async ({ partition, message }: EachMessagePayload) => {
            const offset = Number(message.offset)
            places.set(String(message.key), { partition, offset })
            if (offset === unread.get(partition)) unread.delete(partition)
            if (unread.size === 0) resolve()
          }
          reader.run({ eachMessage }).catch(reject)
        })
      } finally {
        await reader.disconnect()
      }
      return places
    }

    /** The offset of the last record of each partition that has one. */
    async function lastOffsets(topic: string): Promise<Map<number, number>> {
      const admin = kafkaOf().admin()
      await admin.connect()
      try {
        const ends = await topicOffsets(admin, topic)
        return new Map(
          ends.map(({ partition, high }) => [partition, Number(high) - 1] as const).filter(([, last]) => last >= 0)
        )
      } finally {
        await admin.disconnect()
      }
    }

    const someKeys = ['42', 'ключ', 'a longer key than the others are', '']

    test('the hash gives the partition that the partitioner of kafkajs gave', async () => {
      const topic = await newTopic('by-kafkajs', 7)
      const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: 1,
        replicas: [1],
        isr: [1]
      }))
      const choose = Partitioners.DefaultPartitioner()
      const places = await placesOf(kafkajs, topic, someKeys)
      for (const key of someKeys) {
        const traced = await trace(topic, '--key', key)
        assert.deepEqual({ partition: traced.partition, offset: traced.offset }, places.get(key), key)
        assert.equal(traced.key, key)
        const chosen = choose({ topic, partitionMetadata, message: { key, value: '' } })
        assert.equal(traced.partitioning.hashedPartition, chosen, key)
        assert.equal(traced.partitioning.explanation, 'the hash of the key')
        assert.equal((traced.partitioning.murmur2 & 0x7fffffff) % 7, chosen)
      }
    })

    test("and the one that Java's gave", { skip: skipUnless(kafkaJars('tools')) }, async () => {
      const topic = await newTopic('by-java', 7)
      const keys = ['a', 'order-17', 'a longer key than the others are']
      const places = await placesOf(javaConsole, topic, keys)
      for (const key of keys) {
        const traced = await trace(topic, '--key', key)
        assert.deepEqual({ partition: traced.partition, offset: traced.offset }, places.get(key), key)
        assert.equal(traced.partitioning.explanation, 'the hash of the key')
      }
    })

    test('a record of librdkafka lies where its CRC-32 says', { skip: skipUnless(pythonTool()) }, async () => {
      const topic = await newTopic('by-librdkafka', 7)
      const keys = Array.from({ length: 12 }, (_, index) => `order-${index}`)
      const places = await placesOf(confluentPython, topic, keys)
      const explanations = new Set<string>()
      for (const key of keys.slice(0, 5)) {
        const traced = await trace(topic, '--key', key)
        assert.deepEqual({ partition: traced.partition, offset: traced.offset }, places.get(key), key)
        const isHash = traced.partitioning.hashedPartition === traced.partition
        assert.equal(traced.partitioning.explanation, isHash ? 'the hash of the key' : 'the CRC-32 of the key')
        explanations.add(traced.partitioning.explanation)
      }
      assert.ok(explanations.has('the CRC-32 of the key'))
    })

    test('a partition that the producer named, and one from before the topic grew, are told apart from the hash', async () => {
      const topic = await newTopic('by-hand', 2)
      await cli.text('produce', topic, 'v', '-k', 'grown')
      const { partition } = await trace(topic, '--key', 'grown')
      await cli.text('topics', 'alter', topic, '-p', '9')
      const grown = await trace(topic, '--offset', `${partition}:0`)
      const isStill = grown.partitioning.hashedPartition === partition
      assert.equal(grown.partitioning.explanation === 'the hash of the key', isStill)
      if (!isStill) assert.ok(grown.partitioning.fittingCounts.includes(2))
      const elsewhere = (grown.partitioning.hashedPartition + 1) % 9
      await cli.text('produce', topic, 'v', '-k', 'grown', '-P', String(elsewhere))
      const named = await trace(topic, '--offset', `${elsewhere}:${partition === elsewhere ? 1 : 0}`)
      assert.notEqual(named.partitioning.explanation, 'the hash of the key')
      const text = await cli.text('trace', topic, '--offset', `${elsewhere}:${named.offset}`, '-o', 'table')
      assert.match(text, /not the one the hash of its key gives/)
    })

    test('the newest message with a key is found, also far back and in another partition than its hash gives', async () => {
      const topic = await newTopic('search', 3)
      await cli.text('produce', topic, 'first', '-k', 'old')
      await cli.text('produce', topic, 'second', '-k', 'old')
      const place = await trace(topic, '--key', 'old')
      const other = (place.partition + 1) % 3
      await cli.text('produce', topic, 'far', '-k', 'strayed', '-P', String(other))
      await cli.text('produce', topic, 'x', '-k', 'filler', '-P', String(place.partition), '-n', '6000')
      assert.equal(place.offset, 1)
      assert.deepEqual((await trace(topic, '--key', 'old')).offset, 1)
      const strayed = await trace(topic, '--key', 'strayed')
      assert.deepEqual([strayed.partition, strayed.key], [other, 'strayed'])
    })

    test('at the byte that is told the batch begins, and the record is in it where it is told', async () => {
      const topic = await newTopic('segments', 1, '-c', 'segment.bytes=1048576')
      const sent = 2600
      const producer = kafkaOf().producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })
      await producer.connect()
      for (let at = 0; at < sent; at += 13) {
        const messages = Array.from({ length: 13 }, (_, index) => ({
          key: `k${at + index}`,
          value: `${at + index}`.padEnd(1000, '.')
        }))
        await producer.send({ topic, messages })
      }
      await producer.disconnect()
      const files = new Set<string>()
      for (const offset of [0, 12, 13, 1041, 2080, sent - 1]) {
        const traced = await trace(topic, '--offset', `0:${offset}`)
        const [copy] = traced.copies
        assert.ok(copy?.file, `${copy?.note}`)
        assert.equal(copy.directory, broker.dataDirectory)
        files.add(copy.file.path)
        const batch = bytesAt(copy.file.path, copy.file.position, copy.file.sizeBytes)
        const header = readBatchHeader(batch)
        assert.equal(header.baseOffset, traced.batch.firstOffset)
        assert.equal(header.sizeBytes, copy.file.sizeBytes)
        assert.equal(header.sizeBytes, traced.batch.sizeBytes)
        assert.deepEqual([header.recordCount, 13], [traced.batch.records, 13])
        const record = [...readRecords(batch)][traced.batch.index]
        assert.deepEqual([record?.offset, record?.key?.toString()], [offset, `k${offset}`])
        assert.deepEqual(traced.producer, {
          id: header.producerId,
          epoch: header.producerEpoch,
          sequence: header.baseSequence + traced.batch.index
        })
      }
      assert.ok(files.size >= 3, `${sent} KB lie in ${files.size} segments of 1 MiB`)
    })

    test('a copied directory is read with --data; a wrong one is refused', async () => {
      const topic = await newTopic('copied', 1)
      await cli.text('produce', topic, 'v', '-k', 'k')
      using copy = temporaryDirectory('copied')
      cpSync(join(broker.dataDirectory ?? '', `${topic}-0`), join(copy.path, `${topic}-0`), { recursive: true })
      const traced = await trace(topic, '--key', 'k', '--data', copy.path)
      assert.equal(traced.copies[0]?.file?.path, join(copy.path, `${topic}-0`, '00000000000000000000.log'))
      using empty = temporaryDirectory('empty')
      const wrong = await refused(topic, '--key', 'k', '--data', empty.path)
      assert.equal(wrong.code, 5)
      assert.match(wrong.stderr, /does not hold this message\n {2}why: .*ENOENT/)
    })

    test('each group has read it, waits for it or never subscribed, as its offsets say', async () => {
      const topic = await newTopic('read-by', 2)
      const other = await newTopic('read-elsewhere', 1)
      await cli.text('produce', topic, 'v', '-P', '1', '-k', 'k', '-n', '10')
      await commitOffsets(broker.bootstrap, [
        { group: 'far-behind', topic, partition: 1, offset: 1 },
        { group: 'next', topic, partition: 1, offset: 5 },
        { group: 'past', topic, partition: 1, offset: 6 },
        { group: 'done', topic, partition: 1, offset: 10 },
        { group: 'other-partition', topic, partition: 0, offset: 0 },
        { group: 'elsewhere', topic: other, partition: 0, offset: 0 }
      ])
      const member = kafkaOf('live-client').consumer({ groupId: 'live' })
      const joined = new Promise((resolve) => member.on('consumer.group_join', resolve))
      await member.connect()
      await member.subscribe({ topic })
      await member.run({ autoCommit: false, eachMessage: async () => {} })
      await joined
      try {
        const { groups } = await trace(topic, '--offset', '1:5')
        const of = (group: string) => {
          const found = groups.find((one) => one.group === group)
          return [found?.status, found?.committed, found?.before]
        }
        assert.deepEqual(of('far-behind'), ['waiting', 1, 4])
        assert.deepEqual(of('next'), ['waiting', 5, 0])
        assert.deepEqual(of('past'), ['read', 6, null])
        assert.deepEqual(of('done'), ['read', 10, null])
        assert.deepEqual(of('other-partition'), ['never', null, null])
        assert.deepEqual(of('elsewhere'), ['never', null, null])
        assert.deepEqual(of('live'), ['waiting', null, null])
        const owner = groups.find((one) => one.group === 'live')?.member
        assert.equal(owner?.clientId, 'live-client')
        const text = await cli.text('trace', topic, '--offset', '1:5', '-o', 'table')
        assert.match(text, /past: read; its bookmark is 6, behind 5/)
        assert.match(text, /far-behind: waiting; its bookmark is 1, 4 before this message/)
        assert.match(text, /never subscribed: .*elsewhere/)
      } finally {
        await member.disconnect()
      }
    })

    test('hundreds of groups are asked about, each once', async () => {
      const topic = await newTopic('crowd', 1)
      await cli.text('produce', topic, 'v', '-n', '500')
      const names = Array.from({ length: 405 }, (_, index) => `crowd-${index}`)
      const bookmarks = names.map((group, offset) => ({ group, topic, partition: 0, offset }))
      await commitOffsets(broker.bootstrap, bookmarks)
      const { groups } = await trace(topic, '--offset', '0:200')
      const crowd = groups.filter(({ group }) => group.startsWith('crowd-'))
      assert.equal(crowd.length, names.length)
      for (const { group, status, committed } of crowd) {
        const index = Number(group.replace('crowd-', ''))
        assert.deepEqual([committed, status], [index, index > 200 ? 'read' : 'waiting'])
      }
    })

    test('what is not there is explained, with exit code 5; wrong usage is 2', async () => {
      const topic = await newTopic('absent', 2)
      await cli.text('produce', topic, 'v', '-P', '0', '-k', 'k', '-n', '10')
      const noKey = await refused(topic, '--key', 'nobody')
      assert.equal(noKey.code, 5)
      assert.match(noKey.stderr, /has no message with the key "nobody"\n {2}why: its 2 partitions were read whole, 10/)
      const beyond = await refused(topic, '--offset', '0:10')
      assert.equal(beyond.code, 5)
      assert.match(beyond.stderr, /not there yet, or not yet safe: the last offset is 9/)
      const farBeyond = await refused(topic, '--offset', '0:1000')
      assert.match(farBeyond.stderr, /the last offset is 9/)
      const empty = await refused(topic, '--offset', '1:0')
      assert.match(empty.stderr, /the partition is empty, the next offset is 0/)
      await cli.text('topics', 'trim', topic, '--before', '4', '-P', '0', '--yes')
      const trimmed = await refused(topic, '--offset', '0:3')
      assert.equal(trimmed.code, 5)
      assert.match(trimmed.stderr, /it is gone: retention or a trim took it; the partition now begins at 4/)
      assert.equal((await trace(topic, '--offset', '0:4')).offset, 4)
      assert.equal((await refused(topic, '--offset', '7:0')).code, 5)
      assert.equal((await refused('no-such-topic', '--offset', '0:0')).code, 5)
      for (const args of [[topic], [topic, '--key', 'k', '--offset', '0:0'], [topic, '--offset', 'x'], []])
        assert.equal((await refused(...args)).code, 2, args.join(' '))
    })

    function kafkaOf(clientId = 'trace-test') {
      return new Kafka({ brokers: [broker.bootstrap], clientId, logLevel: logLevel.NOTHING })
    }

    if (kind === 'kafka') {
      test('transactions: open, committed, aborted, and the markers that end them', async () => {
        const topic = await newTopic('transactions', 1)
        const producer = kafkaOf().producer({
          transactionalId: 'trace-transactions',
          idempotent: true,
          maxInFlightRequests: 1
        })
        await producer.connect()
        const send = async () => {
          const transaction = await producer.transaction()
          await transaction.send({ topic, messages: [{ key: 'k', value: 'v' }] })
          return transaction
        }
        const stateAt = async (offset: number) => {
          const { batch, log } = await trace(topic, '--offset', `0:${offset}`)
          return [batch.transaction, log.visibleTo]
        }
        await (await send()).commit()
        await (await send()).abort()
        const open = await send()
        assert.deepEqual(await stateAt(0), ['committed', 'all'])
        assert.deepEqual(await stateAt(2), ['aborted', 'read_uncommitted'])
        assert.deepEqual(await stateAt(4), ['open', 'read_uncommitted'])
        const marker = await refused(topic, '--offset', '0:1')
        assert.equal(marker.code, 5)
        assert.match(marker.stderr, /a marker lies there that ends a transaction/)
        await open.commit()
        await producer.disconnect()
        await until(async () => (await trace(topic, '--offset', '0:4')).batch.transaction === 'committed')
      })

      test('a message that compaction took is told to be compacted away', async () => {
        const soon = [
          'min.cleanable.dirty.ratio=0.01',
          'segment.ms=100',
          'max.compaction.lag.ms=100',
          'segment.bytes=1048576'
        ]
        const topic = await newTopic(
          'compacted',
          1,
          '-c',
          'cleanup.policy=compact',
          ...soon.flatMap((one) => ['-c', one])
        )
        await cli.text('produce', topic, 'old', '-k', 'k')
        await until(async () => {
          await cli.text('produce', topic, 'new', '-k', 'k')
          return (await refused(topic, '--offset', '0:0')).code === 5
        })
        const gone = await refused(topic, '--offset', '0:0')
        assert.match(gone.stderr, /it was compacted away: a newer message with the same key took its place/)
      })
    } else {
      test('a broker in memory has no file, and says so', async () => {
        await using memory = await startOdradek({ storage: 'memory', topics: ['orders:1'] })
        const there = commandsAt(memory.bootstrap)
        await there.text('produce', 'orders', 'v', '-k', 'k')
        const [copy] = JSON.parse(await there.text('trace', 'orders', '--key', 'k', '-o', 'json')).copies
        assert.deepEqual([copy.file, copy.note], [null, 'kept in memory: there is no file'])
      })
    }
  })
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000
  while (!(await holds())) if (Date.now() > deadline) throw new Error('what was waited for did not happen')
}

function bytesAt(path: string, position: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  assert.ok(sizeBytes >= batchHeaderBytes)
  const file = openSync(path, 'r')
  try {
    assert.equal(readSync(file, bytes, 0, sizeBytes, position), sizeBytes)
  } finally {
    closeSync(file)
  }
  return bytes
}
