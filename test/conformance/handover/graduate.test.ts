/** `odradek graduate`: Apache Kafka starts on the directory with what it wrote, Odradek goes on behind it, and back again. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../harness/child-process.ts'
import { freePort } from '../../harness/free-port.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { kafkaWith, startRealKafka } from '../../harness/real-kafka.ts'
import { found, kafkaJars, skipUnless } from '../../harness/tools.ts'
import { waitForMetadata } from '../../harness/wire.ts'
import { Client } from './orders/client.ts'

const skip = skipUnless(odradek(), kafkaJars('broker'))
const startMs = 90_000
const metadata = '__cluster_metadata-0'

interface GraduatedRow {
  readonly node: number
  readonly properties: string
  readonly propertiesAre: string
  readonly snapshot: string
  readonly snapshotIs: string
}

async function graduate(directory: string, ...more: readonly string[]): Promise<GraduatedRow[]> {
  const { code, stdout, stderr } = await graduating(directory, ...more)
  assert.equal(code, 0, stderr)
  return stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function graduating(directory: string, ...more: readonly string[]) {
  return run(process.execPath, [found(odradek()), 'graduate', directory, ...more])
}

/** Apache Kafka, with the settings as they were written. */
async function withKafka(properties: string, port: number, work: (client: Client) => Promise<void>): Promise<void> {
  const kafka = kafkaWith(properties)
  try {
    await waitForMetadata(`localhost:${port}`, startMs, () => kafka.isAlive)
    const client = await Client.open(`localhost:${port}`)
    await work(client)
    client.close()
  } finally {
    await kafka.stop(30_000)
  }
}

async function withOdradek(dataDirectory: string, work: (client: Client) => Promise<void>): Promise<void> {
  const ours = await startOdradek({ dataDirectory })
  const client = await Client.open(ours.bootstrap)
  await work(client)
  client.close()
  await ours.stop()
}

const record = (value: string) => [{ key: null, value }]

async function assertRecords(client: Client, topic: string, partition: number, values: readonly string[]) {
  const { records } = await client.fetchAll(topic, partition, values.length)
  assert.deepEqual(
    records.map(({ value }) => value),
    values
  )
}

/** Every file with its size and the time it was changed. */
function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => `${name} ${statSync(join(directory, name)).size} ${statSync(join(directory, name)).mtimeMs}`)
    .sort()
}

test('a directory goes to Apache Kafka and back, and nothing is lost', { skip }, async () => {
  using data = temporaryDirectory('graduate')
  const port = await freePort()
  await withOdradek(data.path, async (client) => {
    await client.createTopic('orders', 2, new Map([['retention.ms', '1234567']]))
    await client.createTopic('gone', 3, new Map([['retention.ms', '7']]))
    await client.growTopic('orders', 3)
    await client.deleteTopic('gone')
    for (const [partition, value] of ['a', 'b', 'c'].entries()) await client.produce('orders', partition, record(value))
    await client.findCoordinator('group')
    await client.commit('readers', 'orders', 2, 1)
  })
  const before = filesOf(data.path)
  const [node] = await graduate(data.path, '-p', String(port))
  assert.ok(node)
  assert.deepEqual([node.snapshotIs, node.propertiesAre], ['written', 'written'])
  const added = filesOf(data.path).filter((file) => !before.includes(file))
  assert.deepEqual(
    added.map((file) => file.split(' ')[0]),
    [node.snapshot, 'server.properties'],
    'no other file was touched'
  )
  const afterFirst = filesOf(data.path)
  const [again] = await graduate(data.path, '-p', String(port))
  assert.deepEqual([again?.snapshotIs, again?.propertiesAre], ['there', 'there'])
  assert.deepEqual(filesOf(data.path), afterFirst, 'a second time changes nothing')

  await withKafka(node.properties, port, async (client) => {
    assert.deepEqual(
      (await client.topics()).filter(({ name }) => name === 'orders' || name === 'gone'),
      [{ name: 'orders', partitions: 3 }]
    )
    assert.equal((await client.configOf('orders')).get('retention.ms'), '1234567')
    assert.equal(await client.committed('readers', 'orders', 2), 1)
    for (const [partition, value] of ['a', 'b', 'c'].entries()) {
      await assertRecords(client, 'orders', partition, [value])
      await client.produce('orders', partition, record(`${value} of Kafka`))
    }
    await client.createTopic('of-kafka', 1, new Map())
    await client.growTopic('orders', 4)
  })
  await withOdradek(data.path, async (client) => {
    for (const [partition, value] of ['a', 'b', 'c'].entries()) {
      await assertRecords(client, 'orders', partition, [value, `${value} of Kafka`])
    }
    await client.createTopic('of-ours', 1, new Map())
  })
  const [later] = await graduate(data.path, '-p', String(port))
  assert.notEqual(later?.snapshot, node.snapshot)
  assert.equal(later?.snapshotIs, 'written')
  await withKafka(node.properties, port, async (client) => {
    const names = (await client.topics()).map(({ name }) => name)
    for (const name of ['orders', 'of-kafka', 'of-ours']) assert.ok(names.includes(name), name)
  })
})

test('the snapshot alone says all that the log of the metadata said', { skip }, async () => {
  using data = temporaryDirectory('graduate-alone')
  using copy = temporaryDirectory('graduate-copy')
  await withOdradek(data.path, async (client) => {
    await client.createTopic('orders', 2, new Map([['retention.ms', '1234567']]))
    await client.produce('orders', 1, record('a'))
  })
  await graduate(data.path)
  cpSync(data.path, copy.path, { recursive: true })
  for (const name of readdirSync(join(copy.path, metadata))) {
    if (/\.(log|index|timeindex|snapshot)$/.test(name) || name === 'leader-epoch-checkpoint') {
      rmSync(join(copy.path, metadata, name))
    }
  }
  await using kafka = await startRealKafka({ dataDirectory: copy.path })
  const client = await Client.open(kafka.bootstrap)
  assert.equal((await client.configOf('orders')).get('retention.ms'), '1234567')
  await assertRecords(client, 'orders', 1, ['a'])
  client.close()
})

test('what is not ready for it is told, and nothing is written', { skip: skipUnless(odradek()) }, async () => {
  using data = temporaryDirectory('graduate-not')
  const nothing = await graduating(data.path)
  assert.equal(nothing.code, 2)
  assert.match(nothing.stderr, /is not a broker's directory/)
  const ours = await startOdradek({ dataDirectory: data.path })
  const running = await graduating(data.path)
  assert.equal(running.code, 1)
  assert.match(running.stderr, new RegExp(`is in use by process ${ours.pid}`))
  await ours.kill()
  const killed = await graduating(data.path)
  assert.equal(killed.code, 1)
  assert.match(killed.stderr, /was not stopped cleanly/)
  await (await startOdradek({ dataDirectory: data.path })).stop()
  const three = await graduating(data.path, '--brokers', '3')
  assert.equal(three.code, 2)
  assert.match(three.stderr, /has one broker/)
  assert.deepEqual(
    readdirSync(join(data.path, metadata)).filter((name) => name.endsWith('.checkpoint')),
    []
  )
})

test('the way back of several brokers is theirs together', { skip: skipUnless(odradek()) }, async () => {
  using data = temporaryDirectory('graduate-three')
  const serve = `odradek serve --data ${data.path} --brokers 3`
  await (await startOdradek({ dataDirectory: data.path, brokers: 3 })).kill()
  const killed = await graduating(data.path)
  assert.equal(killed.code, 1)
  assert.ok(killed.stderr.includes(serve), killed.stderr)
  await (await startOdradek({ dataDirectory: data.path, brokers: 3 })).stop()
  const told = await graduating(data.path, '-o', 'table')
  assert.equal(told.code, 0, told.stderr)
  assert.ok(told.stdout.toString().includes(serve), told.stdout.toString())
})

test(
  'brokers of Kafka stand in the racks and keep the copies that those of ours had',
  { skip: skipUnless(odradek()) },
  async () => {
    using data = temporaryDirectory('graduate-racks')
    await (await startOdradek({ dataDirectory: data.path, brokers: 3, racks: ['a', 'b', 'c'] })).stop()
    const nodes = await graduate(data.path)
    const said = nodes.map(({ properties }) => readFileSync(properties, 'utf8'))
    assert.deepEqual(
      said.map((text) => /^broker\.rack=(.*)$/m.exec(text)?.[1]),
      [undefined, 'a', 'b', 'c']
    )
    // The controller gives a topic its copies where the client names no number.
    for (const text of said) assert.match(text, /^default\.replication\.factor=3$/m)
  }
)

test('settings that somebody has changed are left so', { skip: skipUnless(odradek()) }, async () => {
  using data = temporaryDirectory('graduate-kept')
  await (await startOdradek({ dataDirectory: data.path })).stop()
  await graduate(data.path, '-p', '9092')
  const [row] = await graduate(data.path, '-p', '9192', '-c', 'log.retention.hours=1')
  assert.equal(row?.propertiesAre, 'kept')
  const told = await graduating(data.path, '-p', '9192', '-o', 'table')
  assert.match(told.stdout.toString(), /server\.properties is not what this command would write now, and was left so/)
  assert.match(readFileSync(join(data.path, 'server.properties'), 'utf8'), /^listeners=PLAINTEXT:\/\/:9092,/m)
})
