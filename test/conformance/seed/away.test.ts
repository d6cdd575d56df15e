/**
 * Whoever goes away: the broker while the producer and the consumer work (kill -9), the producer itself. What is reported as
 * delivered is stored once, where the report says, in order; and a consumer that lives through it sees each message once.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import type { LineProcess } from '../../harness/child-process.ts'
import { freePort } from '../../harness/free-port.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { brokerKinds, consume, produce, type Row, rowsOf, runProgram, startProgram } from '../../withkafka/programs.ts'

const waitMs = 180_000
const orders = 20_000
const kills = { Odradek: 5, 'Apache Kafka': 1 } as Readonly<Record<string, number>>

function order(id: number): string {
  return `{"order_id":${id},"status":"placed"}\n`
}

function placeOf({ partition, offset, key }: Row): string {
  return `${partition}@${offset} ${key}`
}

/** Writes orders from `first` to before `end`, as the producer takes them. */
function feed({ child }: LineProcess, first: number, end: number): void {
  let lines = ''
  for (let id = first; id < end; id++) lines += order(id)
  child.stdin.write(lines)
}

function assertStoredAsReported(reports: readonly Row[], stored: readonly Row[]): void {
  assert.deepEqual(
    reports.map(({ index, key }) => [index, key]),
    Array.from({ length: orders }, (_, index) => [index, String(index)]),
    'every order is reported, in its order'
  )
  assert.deepEqual(stored.map(placeOf).sort(), reports.map(placeOf).sort(), 'stored once, where the reports say')
  for (const partition of new Set(stored.map((row) => row.partition))) {
    const ids = stored.filter((row) => row.partition === partition).map(({ key }) => Number(key))
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
      `partition ${partition} is in order`
    )
  }
}

for (const kind of brokerKinds)
  describe(`with ${kind.name}`, { skip: kind.skip }, () => {
    test('a broker that is killed and comes back: no order is lost, stored twice, or seen twice', async () => {
      using directory = temporaryDirectory('away')
      const options = { dataDirectory: directory.path, port: await freePort(), configs: { 'num.partitions': '3' } }
      let broker: BrokerProcess = await kind.start(options)
      const common = ['--bootstrap-server', broker.bootstrap, '--topic', 'orders']
      const producer = startProgram('withkafka/kafkaprod.ts', [
        ...common,
        '--key-field',
        'order_id',
        '--timeout',
        '600'
      ])
      const consumer = startProgram('withkafka/kafkacons.ts', [...common, '--group', 'live'])
      try {
        const rounds = (kills[kind.name] ?? 1) + 1
        const share = Math.ceil(orders / rounds)
        for (let round = 0; round < rounds; round++) {
          const end = Math.min(orders, (round + 1) * share)
          feed(producer, round * share, end)
          if (round === rounds - 1) break
          // In the midst of it: some of this round's orders are acknowledged, and some are seen.
          await producer.until((lines) => lines[round * share + 100], 'acknowledged orders', waitMs)
          await consumer.until((lines) => lines[round * share + 50], 'consumed orders', waitMs)
          await broker.kill()
          broker = await kind.start(options)
        }
        producer.child.stdin.end()
        assert.equal(await producer.exited, 0, producer.stderr)
        await consumer.until((lines) => lines[orders - 1], 'all orders', waitMs)
        consumer.child.kill('SIGINT')
        assert.equal(await consumer.exited, 130, consumer.stderr)
        const stored = await consume(broker, ['--topic', 'orders', '--group', 'later'])
        assertStoredAsReported(rowsOf(producer.lines.join('\n')), stored)
        assert.deepEqual(rowsOf(consumer.lines.join('\n')).map(placeOf).sort(), stored.map(placeOf).sort())
      } finally {
        await producer.kill()
        await consumer.kill()
        await broker.stop()
      }
    })

    test('a producer that is killed goes on with --resume, and sends no order twice', async () => {
      using directory = temporaryDirectory('resume')
      const path = join(directory.path, 'orders.jsonl')
      writeFileSync(path, Array.from({ length: orders }, (_, id) => order(id)).join(''))
      await using broker = await kind.start({ configs: { 'num.partitions': '3' } })
      const args = ['--bootstrap-server', broker.bootstrap, '--key-field', 'order_id', '--resume']
      for (let kill = 1; kill <= 3; kill++) {
        const producer = startProgram('withkafka/kafkaprod.ts', args)
        feed(producer, 0, orders)
        await producer.until((lines) => lines[0], 'its first report', waitMs)
        await producer.kill()
      }
      const { code, stderr } = await runProgram('withkafka/kafkaprod.ts', [...args, '--file', path])
      assert.equal(code, 0, stderr)
      assert.match(stderr, /left out: the topic has them/)
      const stored = await consume(broker, [])
      assert.deepEqual(
        stored.map(({ key }) => Number(key)).sort((a, b) => a - b),
        Array.from({ length: orders }, (_, id) => id)
      )
      const ids = new Map<number, number>()
      for (const { partition, key } of stored) {
        assert.ok(Number(key) > (ids.get(partition) ?? -1), 'in order, over all lives of the producer')
        ids.set(partition, Number(key))
      }
    })

    test('a broker that stays away: the producer tells what was not delivered when its time is over', async () => {
      await using broker = await kind.start()
      await produce(broker, ['first'])
      const producer = startProgram('withkafka/kafkaprod.ts', [
        '--bootstrap-server',
        broker.bootstrap,
        '--timeout',
        '2'
      ])
      try {
        producer.send('second')
        await producer.until((lines) => lines[0], 'the report', waitMs)
        await broker.kill()
        producer.send('third')
        assert.equal(await producer.exited, 1)
        assert.equal(producer.lines.length, 1, 'nothing is reported that was not acknowledged')
        assert.match(producer.stderr, /error: messages were not delivered to test_topic[\s\S]*why: .*ECONNREFUSED/)
      } finally {
        await producer.kill()
      }
    })
  })
