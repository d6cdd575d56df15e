/**
 * exec.sh and a real Apache Kafka from its jars: brokers that come and go while orders are written and read, and nothing that
 * was acknowledged is lost. The pair of programs is the user's own: kafkaprod.ts and kafkacons.ts.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryDirectory } from '../../harness/paths.ts'
import { execJars, found, kcat, skipUnless } from '../../harness/tools.ts'
import { parseProperties, readComposeFile, settingsOf } from '../../withkafka/compose-file.ts'
import { Exec } from '../../withkafka/exec-sh.ts'
import { freeBasePort, inOrder, OrderProducer, ordersByKcat, ordersStored, someLeader } from './cluster.ts'
import { orderFaults, orderLines } from './orders.ts'
import { until } from './until.ts'

const skip = skipUnless(execJars(), kcat())
const orderCount = 20_000
const lines = orderLines(orderCount)
const sent = new Map(lines.map((line, index) => [String(index + 1), line]))

const scratch = temporaryDirectory('cluster')
/** With a space, as in many a user's name. */
const state = join(scratch.path, 'state of brokers')
const port = await freeBasePort()
const bootstrap = `localhost:${port}`
const exec = new Exec(state, {
  KAFKA_PORT: String(port),
  KAFKA_ZOOKEEPER_PORT: String(port + 10),
  KAFKA_JARS: skip ? '' : found(execJars())
})

after(async () => {
  await exec.run(['down'])
  scratch.remove()
})

/** The processes that exec.sh has started here, by the files that it keeps of them, and that still live. */
function livingPids(): number[] {
  const names = ['broker-1', 'broker-2', 'broker-3', 'zookeeper']
  const paths = ['single', 'cluster', 'zookeeper'].flatMap((kind) => names.map((name) => pidPath(kind, name)))
  return paths
    .filter((path) => existsSync(path))
    .map(pidIn)
    .filter(isAlive)
}

function pidPath(kind: string, name: string): string {
  return join(state, kind, name, 'pid')
}

function pidIn(path: string): number {
  return Number(readFileSync(path, 'utf8').split(' ')[0])
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** As kill -9 does it; returns when the process is gone. */
async function killBroker(kind: string, number: number): Promise<void> {
  const pid = pidIn(pidPath(kind, `broker-${number}`))
  process.kill(pid, 'SIGKILL')
  await until(() => !isAlive(pid), `the process ${pid} is gone`)
}

/** The broker's lines of `exec.sh status`. */
async function statusLines(): Promise<string[]> {
  const { stdout } = await exec.run(['status'])
  return stdout.toString().trimEnd().split('\n').slice(2)
}

test('Ctrl-C during up stops what was started and leaves nothing', { skip }, async () => {
  const up = exec.start('up', 'cluster')
  await until(() => livingPids().length === 3, 'three brokers are launched')
  const pids = livingPids()
  up.child.kill('SIGINT')
  assert.equal(await up.exited, 130)
  assert.deepEqual(pids.filter(isAlive), [])
  assert.equal(existsSync(join(state, 'up')), false)
})

test(
  'up cluster starts three brokers with the settings of the compose file, and a second up says so',
  { skip },
  async () => {
    await exec.done('up', 'cluster')
    const shown = await statusLines()
    assert.equal(shown.length, 3)
    for (const [index, line] of shown.entries())
      assert.match(
        line,
        RegExp(
          `^${index + 1} +localhost:${port + index} +answers +pid ${pidIn(pidPath('cluster', `broker-${index + 1}`))} `
        )
      )

    const { services } = readComposeFile()
    for (const number of [1, 2, 3]) {
      const ours = readFileSync(join(state, 'cluster', `broker-${number}`, 'server.properties'), 'utf8')
      const theirs = services[`kafka-${number}`]
      assert.ok(theirs)
      assert.deepEqual(withoutPlaces(parseProperties(ours)), withoutPlaces(settingsOf(theirs)))
    }

    const pids = livingPids()
    assert.match((await exec.run(['up', 'cluster'])).stderr, /Already up: cluster/)
    const other = await exec.run(['up', 'single'])
    assert.equal(other.code, 1)
    assert.match(other.stderr, /error: 'cluster' is up already/)
    assert.deepEqual(livingPids(), pids)
  }
)

const places = [
  'listeners',
  'advertised.listeners',
  'listener.security.protocol.map',
  'inter.broker.listener.name',
  'controller.quorum.voters',
  'log.dirs'
]

function withoutPlaces(settings: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !places.includes(name)))
}

test('a broker that is not there is wrong usage', { skip }, async () => {
  for (const args of [['stop-broker', '4'], ['start-broker', '0'], ['stop-broker'], ['logs', 'two']]) {
    const { code, stderr } = await exec.run(args)
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, /why: what is up \(cluster\) has: 1 2 3/)
  }
})

test(
  '20,000 orders while one leader is stopped and another killed: what was acknowledged is there, once, and consumed',
  { skip },
  async () => {
    const store = join(scratch.path, 'kitchen')
    const kitchen = ['--topic', 'orders', '--group', 'kitchen', '--store', store]
    const producer = new OrderProducer(exec, 'orders', lines)
    try {
      await producer.sendUpTo(4000, 500)
      const consumer = exec.start('cons', ...kitchen)

      const first = await someLeader(bootstrap, 'orders')
      await Promise.all([exec.done('stop-broker', String(first)), producer.sendUpTo(8000, 10)])
      assert.match((await statusLines())[first - 1] ?? '', /stopped/)
      await Promise.all([exec.done('start-broker', String(first)), producer.sendUpTo(12_000, 10)])

      const second = await someLeader(bootstrap, 'orders')
      await killBroker('cluster', second)
      await producer.sendUpTo(16_000, 10)
      await Promise.all([exec.done('start-broker', String(second)), producer.sendUpTo(orderCount, 10)])
      assert.equal(await producer.finish(), 0)

      assert.ok(consumer.isAlive, `the consumer lives through it\n${consumer.stderr}`)
      consumer.child.kill('SIGINT')
      assert.equal(await consumer.exited, 130, consumer.stderr)
      await exec.done('cons', ...kitchen, '--exit')
    } finally {
      await producer.stop()
    }
    const inTopic = await ordersByKcat(bootstrap, 'orders', orderCount)
    assert.equal(producer.acknowledged.length, orderCount)
    assert.deepEqual(orderFaults(sent, producer.acknowledged, inTopic), [])
    assert.equal(inTopic.length, orderCount)
    assert.deepEqual(inOrder(ordersStored(store)), inOrder(inTopic))
  }
)

test('wait returns when every started broker answers, and the data survives down and up', { skip }, async () => {
  await exec.done('wait')
  await exec.done('down')
  assert.deepEqual(livingPids(), [])
  assert.equal((await exec.run(['down'])).stderr, 'Nothing is up.\n')
  await exec.done('up', 'cluster')
  assert.equal((await ordersByKcat(bootstrap, 'orders', orderCount)).length, orderCount)
  await exec.done('down', '--delete-data')
  assert.equal(existsSync(join(state, 'cluster')), false)
})

test('the same orders on the single broker', { skip }, async () => {
  await exec.done('up')
  const store = join(scratch.path, 'counter')
  const producer = new OrderProducer(exec, 'orders', lines)
  await producer.sendUpTo(orderCount, 1000)
  assert.equal(await producer.finish(), 0)
  await exec.done('cons', '--topic', 'orders', '--group', 'counter', '--store', store, '--exit')
  const inTopic = await ordersByKcat(bootstrap, 'orders', orderCount)
  assert.deepEqual(orderFaults(sent, producer.acknowledged, inTopic), [])
  assert.deepEqual(inOrder(ordersStored(store)), inOrder(inTopic))
  assert.equal(inTopic.length, orderCount)
})

test('the only broker can be stopped and started too', { skip }, async () => {
  await exec.done('stop-broker', '1')
  assert.equal((await exec.run(['status'])).code, 3)
  await exec.done('start-broker', '1')
  assert.match((await statusLines())[0] ?? '', /answers/)
  await exec.done('down', '--delete-data')
})

test('a broker that cannot start is told with its reason, and nothing is left running', { skip }, async () => {
  const data = join(state, 'single', 'broker-1', 'data')
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, 'meta.properties'), 'version=1\ncluster.id=odradekSingleBrokerAAA\nnode.id=7\n')
  const { code, stderr } = await exec.run(['up'])
  assert.equal(code, 1)
  assert.match(stderr, /Broker 1 has ended\. The last lines of its log:\n.*Stored node id 7.*\n/)
  assert.match(stderr, /error: not every broker answers/)
  assert.deepEqual(livingPids(), [])
  assert.equal(existsSync(join(state, 'up')), false)
  await exec.done('down', '--delete-data')
})

test(
  'up zookeeper runs Kafka 3.9, which takes and gives records, and comes back by up after a kill',
  { skip },
  async () => {
    await exec.done('up', 'zookeeper')
    assert.match(await exec.done('status'), /^Apache Kafka 3\.9\.\d+ from Apache's jars, zookeeper\n.*\n1 .* answers /)
    await exec.done('prod', '--topic', 'letters', 'hello', 'again')
    await killBroker('zookeeper', 1)
    await exec.done('up', 'zookeeper')
    const printed = await exec.done('cons', '--topic', 'letters', '--exit')
    assert.deepEqual(
      printed
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).value),
      ['hello', 'again']
    )
    await exec.done('down')
    assert.deepEqual(livingPids(), [])
  }
)
