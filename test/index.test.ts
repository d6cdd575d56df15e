/** The public surface, as a program uses it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Kafka as Client, logLevel } from 'kafkajs'
import { type Kafka, type KafkaOptions, openKafka, StartError, startKafka } from '../src/index.ts'

function clientOf({ brokers }: Kafka): Client {
  return new Client({ brokers, logLevel: logLevel.NOTHING })
}

async function send(kafka: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = clientOf(kafka).producer()
  await producer.connect()
  await producer.send({ topic, messages: values.map((value) => ({ value })) })
  await producer.disconnect()
}

async function receive(kafka: Kafka, topic: string, groupId: string, count: number): Promise<string[]> {
  const consumer = clientOf(kafka).consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      if (values.push(String(message.value)) === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return values
}

async function problemOf(options: KafkaOptions): Promise<{ problem: string; message: string }> {
  const started = await startKafka(options).catch((error: unknown) => error)
  assert.ok(started instanceof StartError, `${JSON.stringify(options)} was accepted`)
  return started
}

function withDirectory(work: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), 'odradek-index-'))
    try {
      await work(directory)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

test('in memory: what one client sends another receives', async () => {
  const kafka = await startKafka({
    topics: { orders: 3, audit: { partitions: 1, config: { 'retention.ms': '1000' } } }
  })
  try {
    await send(kafka, 'audit', ['a', 'b', 'c'])
    assert.deepEqual(await receive(kafka, 'audit', 'readers', 3), ['a', 'b', 'c'])
    const admin = clientOf(kafka).admin()
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] })
    assert.equal(topics[0]?.partitions.length, 3)
    await admin.disconnect()
  } finally {
    await kafka.stop()
  }
})

test(
  'in a directory: records and bookmarks are there after a stop and a start',
  withDirectory(async (directory) => {
    const options = { directory, topics: { orders: 1 } }
    const first = await startKafka(options)
    await send(first, 'orders', ['a', 'b'])
    assert.deepEqual(await receive(first, 'orders', 'readers', 2), ['a', 'b'])
    await first.stop()
    const second = await startKafka(options)
    await send(second, 'orders', ['c'])
    assert.deepEqual(await receive(second, 'orders', 'readers', 1), ['c'])
    assert.deepEqual(await receive(second, 'orders', 'others', 3), ['a', 'b', 'c'])
    await second.stop()
  })
)

test('an address with colons stands in brackets', async (context) => {
  const kafka = await startKafka({ host: '::1', topics: { orders: 1 } }).catch(() => null)
  if (kafka === null) return context.skip('this machine has no ::1')
  assert.deepEqual(kafka.brokers, [`[::1]:${kafka.port}`])
  await kafka.stop()
})

test('localhost is reached by both its addresses, and refused when another program has one of them', async (context) => {
  const blocker = createServer().listen(0, '::1')
  const isThere = await new Promise((resolve) => {
    blocker.once('listening', () => resolve(true))
    blocker.once('error', () => resolve(false))
  })
  if (!isThere) return context.skip('this machine has no ::1')
  const address = blocker.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { problem, message } = await problemOf({ host: 'localhost', port })
  assert.equal(problem, 'port-in-use')
  assert.match(message, new RegExp(`Port ${port} on ::1 is in use`))
  await new Promise((resolve) => blocker.close(resolve))
  const kafka = await startKafka({ host: 'localhost', port, advertise: '[::1]:9092' })
  assert.deepEqual(kafka.brokers, ['[::1]:9092'])
  for (const host of ['127.0.0.1', '::1']) {
    const socket = connect(port, host)
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.destroy()
  }
  await kafka.stop()
})

test('two in one process do not meet', async () => {
  const [one, other] = [await startKafka({ topics: { mine: 1 } }), await startKafka()]
  const admin = clientOf(other).admin()
  await admin.connect()
  assert.deepEqual(await admin.listTopics(), [])
  await admin.disconnect()
  await Promise.all([one.stop(), other.stop(), other.stop()])
})

test('it can be disposed of, and is gone then', async () => {
  const kafka = await startKafka()
  await kafka[Symbol.asyncDispose]()
  const again = await startKafka({ port: kafka.port })
  await again.stop()
})

test('a wrong option is named, with what is allowed', async () => {
  const cases: [options: object, message: RegExp][] = [
    [{ port: 70_000 }, /port.*70000.*0 to 65535/],
    [{ durability: 'never' }, /durability.*never.*'disk' nor 'os'/],
    [{ directory: '' }, /directory/],
    [{ advertise: 'nowhere' }, /advertise.*nowhere.*localhost:9092/],
    [{ advertise: 'a:b:9092' }, /advertise.*a:b:9092.*'\[::1\]:9092'/],
    [{ advertise: 'http://localhost:9092' }, /advertise.*localhost:9092/],
    [{ dir: '/tmp' }, /dir.*There are: directory/],
    [{ directory: 5 }, /directory.*in memory/],
    [{ host: '' }, /host.*127\.0\.0\.1/],
    [{ log: 'console' }, /log.*function/],
    [{ advertise: 'localhost:0' }, /advertise.*localhost:0/],
    [{ config: { 'num.partitions': 3 } }, /config.*num\.partitions is 3.*text: '3'/],
    [{ topics: ['orders'] }, /topics.*\{ orders: 3 \}/],
    [{ topics: { orders: '3' } }, /topics.*orders is neither/],
    [{ topics: { orders: null } }, /topics.*orders is neither/],
    [{ topics: { orders: 1.5 } }, /topics.*orders has 1\.5 partitions.*from 1/],
    [{ topics: { orders: { partition: 3 } } }, /topics.*orders has partition;.*partitions and config/],
    [{ topics: { orders: { config: { 'retention.ms': 5 } } } }, /topics.*retention\.ms is 5/],
    [{ config: { 'log.retention.hour': '1' } }, /log\.retention\.hour.*Did you mean log\.retention/],
    [{ config: { 'num.partitions': 'many' } }, /num\.partitions: Not a number/],
    [{ topics: { 'no/slash': 1 } }, /no\/slash/],
    [{ topics: { orders: { config: { 'retention.mss': '1' } } } }, /orders.*retention\.mss/]
  ]
  for (const [options, message] of cases) {
    const { problem, message: text } = await problemOf(options)
    assert.equal(problem, 'bad-option', text)
    assert.match(text.replaceAll('\n', ' '), message)
  }
})

test(
  'a port and a directory that are in use are refused, and what was begun is undone',
  withDirectory(async (directory) => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const address = blocker.address()
    const port = typeof address === 'object' ? address?.port : undefined
    assert.equal((await problemOf({ directory, ...(port ? { port } : {}) })).problem, 'port-in-use')
    blocker.close()
    const kafka = await startKafka({ directory })
    const refusal = await problemOf({ directory })
    assert.equal(refusal.problem, 'directory-in-use')
    assert.match(refusal.message, /Stop it first, or choose another directory/)
    await kafka.stop()
    await (await startKafka({ directory })).stop()
  })
)

test(
  'a directory that is a file is told so',
  withDirectory(async (directory) => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    for (const path of [file, join(file, 'below')]) {
      const { message } = await problemOf({ directory: path })
      assert.match(message, /is a file, where a directory belongs\..*choose another directory/s)
    }
  })
)

test('a broker that was not stopped does not keep its process alive', () => {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  const program = `import { startKafka } from '${index}'; await startKafka(); console.log('started')`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    { encoding: 'utf8', timeout: 20_000 }
  )
  assert.equal(status, 0, stderr)
  assert.equal(stdout, 'started\n')
})

test('a program that only waits for a start or a stop is kept until it is done', () => {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  // A timer that holds the loop: what else a start waits for may be held by nothing for a turn, and Node then ends without a word.
  const program = `import { startKafka } from '${index}'
    const held = () => process.getActiveResourcesInfo().includes('Timeout')
    const seen = []
    const watched = async (what, work) => {
      const before = held()
      const promise = work()
      seen.push([what, before, held()])
      return await promise.catch(() => undefined)
    }
    await watched('refused', () => startKafka({ topics: { 'a b': 1 } }))
    const one = await watched('start', () => startKafka())
    await watched('stop', () => one.stop())
    const three = await watched('cluster', () => startKafka({ brokers: 3 }))
    for (const deed of ['kill', 'start', 'restart', 'stop']) await watched(deed, () => three.broker(2)[deed]())
    await watched('stop all', () => three.stop())
    console.log(JSON.stringify(seen))`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    { encoding: 'utf8', timeout: 60_000 }
  )
  assert.equal(status, 0, stderr)
  const deeds = ['refused', 'start', 'stop', 'cluster', 'kill', 'start', 'restart', 'stop', 'stop all']
  assert.deepEqual(
    JSON.parse(stdout),
    deeds.map((deed) => [deed, false, true])
  )
})

test(
  'several brokers: an address for each, which stays theirs when they are killed and come back; a directory for each',
  withDirectory(async (directory) => {
    const options = { directory, brokers: 3, racks: ['a', 'b', 'c'], topics: { orders: 3 } }
    const kafka = await startKafka(options)
    const { brokers } = kafka
    assert.equal(new Set(brokers).size, 3)
    assert.equal(kafka.brokers[0], `127.0.0.1:${kafka.port}`)
    assert.deepEqual(readdirSync(directory).sort(), ['broker-1', 'broker-2', 'broker-3', 'controller'])
    const second = kafka.broker(2)
    assert.deepEqual([second.id, second.address, second.rack, second.isRunning], [2, brokers[1], 'b', true])
    await second.kill()
    assert.ok(!second.isRunning)
    await second.start()
    await kafka.broker(1).restart()
    await kafka.broker(3).stop()
    assert.deepEqual(
      [1, 2, 3].map((id) => kafka.broker(id).isRunning),
      [true, true, false]
    )
    assert.deepEqual(kafka.brokers, brokers)
    assert.throws(() => kafka.broker(4), { name: 'RangeError', message: 'There is no broker 4; there are 1 to 3.' })
    await kafka.stop()
    const again = await startKafka(options)
    await again.stop()
    await assert.rejects(again.broker(1).start(), { name: 'StartError' })
  })
)

test(
  'the data of another number of brokers is refused, and stays as it is',
  withDirectory(async (directory) => {
    const [one, three] = [join(directory, 'one'), join(directory, 'three')]
    await (await startKafka({ directory: one })).stop()
    await (await startKafka({ directory: three, brokers: 3 })).stop()
    const refused: readonly [KafkaOptions, RegExp][] = [
      [
        { directory: one, brokers: 3 },
        /one has the data of one broker, and 3 brokers would .*\n.*try: start one broker there/s
      ],
      [{ directory: three }, /three has the data of 3 brokers, and one broker would .*--brokers 3/s],
      [{ directory: three, brokers: 2 }, /has the data of 3 brokers, and 2 brokers would/],
      [
        { directory: join(three, 'broker-2') },
        /broker-2 is of one of 3 brokers: the cluster is .*three\.\n.*try: start 3 brokers on .*three \(/s
      ],
      [{ directory: join(three, 'controller') }, /controller is of the controller: the cluster is .*three\.\n/]
    ]
    for (const [options, told] of refused) {
      const { problem, message } = await problemOf(options)
      assert.equal(problem, 'bad-option')
      assert.match(message, told)
    }
    await assert.rejects(openKafka({ directory: three }), { name: 'StartError', problem: 'bad-option' })
    await (await startKafka({ directory: one })).stop()
    const grown = await startKafka({ directory: three, brokers: 4 })
    assert.ok(grown.broker(4).isRunning)
    await grown.stop()
  })
)

test('one broker is alone: it is stopped as a whole', async () => {
  const kafka = await startKafka()
  assert.throws(() => kafka.broker(1), {
    name: 'RangeError',
    message: /one broker is alone here, and stop\(\) ends it/
  })
  await kafka.stop()
})

test('options of several brokers that cannot be meant are told', async () => {
  const wrong: readonly [KafkaOptions, RegExp][] = [
    [{ brokers: 0 }, /option brokers .* 0 is not a whole number from 1 to 20/],
    [{ brokers: 1.5 }, /option brokers/],
    [{ brokers: 3, port: 65_534 }, /option port .* 3 brokers have the ports from 65534 on/],
    [{ brokers: 3, racks: ['a', 'b'] }, /option racks .* there are 3/],
    [{ racks: ['a'] }, /option racks .* has no others/],
    [{ brokers: 3, advertise: 'outside:65535' }, /option advertise/],
    [{ brokers: 2, config: { 'node.id': '7' } }, /option config .* node.id is that of one broker/]
  ]
  for (const [options, told] of wrong) {
    const { problem, message } = await problemOf(options)
    assert.equal(problem, 'bad-option')
    assert.match(message, told)
  }
})
