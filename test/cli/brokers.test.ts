/** `odradek brokers`: which brokers there are, and how those of a served cluster are stopped and started from another process. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { untoldBroker } from '../../src/cli/brokers/broker-id.ts'
import { knock } from '../../src/cli/brokers/door/knock.ts'
import { doorOf, makeDoorDirectory } from '../../src/cli/brokers/door/place.ts'
import { parseRequest } from '../../src/cli/brokers/door/requests.ts'
import { untoldRow } from '../../src/cli/brokers/served-row.ts'
import { findOwnName } from '../../src/cli/own-name.ts'
import { answerTo, isMeant, openDoor } from '../../src/cli/serve/door.ts'
import { startKafka } from '../../src/index.ts'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { type CommandLine, commandLineAt } from './command-line.ts'

const portOf = (address: string) => Number(address.split(':').at(-1))

test('what is no request is none', () => {
  const at = 'localhost:9092'
  assert.deepEqual(parseRequest(JSON.stringify({ at, deed: null })), { at, deed: null })
  const deed = { what: 'kill', broker: 2 }
  assert.deepEqual(parseRequest(JSON.stringify({ at, deed })), { at, deed })
  const wrong = ['', '{', 'null', '7', '{}', { at, deed: 'kill' }, { at, deed: { what: 'harm', broker: 2 } }]
  for (const one of [...wrong, { at, deed: { what: 'kill', broker: '2' } }, { deed }])
    assert.equal(parseRequest(typeof one === 'string' ? one : JSON.stringify(one)), undefined, JSON.stringify(one))
})

test('one of which the cluster does not tell has stopped, or is fenced', () => {
  const broker = { id: 2, address: 'localhost:9093', rack: null }
  assert.equal(untoldRow({ ...broker, isRunning: false }).state, 'stopped')
  assert.equal(untoldRow({ ...broker, isRunning: true }).state, 'fenced')
})

test('whoever asks for a broker of which the cluster does not tell hears whether it has stopped, is fenced, or is not there', () => {
  const broker = { id: 2, address: 'localhost:9093', rack: null }
  const stopped = untoldBroker(2, [{ ...broker, isRunning: false }], [1, 3])
  assert.deepEqual([stopped.exitCode, stopped.next], [3, 'odradek brokers start 2'])
  assert.match(untoldBroker(2, [{ ...broker, isRunning: true }], [1, 3]).message, /it is fenced/)
  const unknown = untoldBroker(7, [{ ...broker, isRunning: false }], [1, 3])
  assert.deepEqual([unknown.exitCode, unknown.why], [5, 'the cluster has 1, 2, 3'])
})

test('the same port of another machine is not meant', () => {
  const brokers = ['10.0.0.7:9092', '10.0.0.7:9093']
  for (const at of ['localhost:9092', '127.0.0.1:9092', '[::1]:9092', '10.0.0.7:9093'])
    assert.ok(isMeant(at, brokers), at)
  for (const at of ['prod:9092', '10.0.0.7:9094', '127.example.com:9092']) assert.ok(!isMeant(at, brokers), at)
})

test('one who knocks is answered by who serves that port, and by nobody when it has gone', async () => {
  const kafka = await startKafka({ brokers: 2 })
  const ports = kafka.brokers.map(portOf)
  const second = [kafka.brokers[1] ?? '']
  const close = await openDoor(kafka, ports)
  const killed = await knock(second, { what: 'kill', broker: 2 })
  assert.ok(killed?.kind === 'done')
  assert.deepEqual(
    killed.brokers.map(({ id, isRunning }) => [id, isRunning]),
    [
      [1, true],
      [2, false]
    ]
  )
  assert.equal(kafka.broker(2).isRunning, false)
  assert.equal((await knock(second, { what: 'start', broker: 2 }))?.kind, 'done')
  assert.ok(kafka.broker(2).isRunning)
  assert.equal((await knock(second, { what: 'start', broker: 3 }))?.kind, 'no such broker')
  assert.equal(await knock([`elsewhere.example:${ports[0]}`], null), null)
  await noAnswer(doorOf(ports[0] ?? 0), 'nonsense')
  await noAnswer(doorOf(ports[0] ?? 0), 'x'.repeat(100_000))
  close()
  assert.equal(await knock(second, null), null)
  await kafka.stop()
  const failed = await answerTo(kafka, { at: 'localhost:1', deed: { what: 'start', broker: 1 } })
  assert.deepEqual(failed, { kind: 'failed', message: 'Broker 1 was not started: its cluster has stopped.' })
})

function noAnswer(path: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.on('error', () => {})
    socket.on('data', () => reject(new Error('it was answered')))
    socket.on('close', () => resolve())
    socket.end(text)
  })
}

test(
  'a door is made where only this user can enter, or not at all',
  { skip: process.platform === 'win32' },
  async () => {
    const [directory, before] = [mkdtempSync(join(tmpdir(), 'odradek-door-')), process.env.TMPDIR]
    process.env.TMPDIR = directory
    const place = join(directory, `odradek-${userInfo().uid}`)
    try {
      makeDoorDirectory()
      makeDoorDirectory()
      chmodSync(place, 0o755)
      assert.throws(() => makeDoorDirectory(), /others may enter/)
      rmSync(place, { recursive: true })
      mkdirSync(join(directory, 'other'))
      writeFileSync(place, '')
      assert.throws(() => makeDoorDirectory())
    } finally {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
      rmSync(directory, { recursive: true })
    }
  }
)

const main = odradek()

suite('a cluster of serve --brokers', { skip: 'missing' in main ? main.missing : false }, () => {
  let served: BrokerProcess
  let cli: CommandLine
  before(async () => {
    served = await startOdradek({ brokers: 3, storage: 'memory', topics: ['orders:6'] })
    cli = commandLineAt(served.bootstrap)
  })
  after(() => served.stop())

  const states = async () => (await cli.rows(['brokers', 'list'])).map(({ broker, state }) => [broker, state])

  test('they are listed, whether they run or not, and led partitions move away from one that is killed', async () => {
    const rows = await cli.rows(['brokers', 'list'])
    assert.deepEqual(
      rows.map(({ broker, state, leads, holds }) => [broker, state, leads, holds]),
      [1, 2, 3].map((id) => [id, 'running', 2, 6])
    )
    const killed = await cli.rows(['broker', 'kill', '2'])
    assert.deepEqual(
      killed.map(({ broker, state }) => [broker, state]),
      [
        [1, 'running'],
        [2, 'stopped'],
        [3, 'running']
      ]
    )
    const after = await cli.rows(['brokers', 'list'])
    assert.deepEqual([after[1]?.state, Number(after[0]?.leads) + Number(after[2]?.leads)], ['stopped', 6])
    const { code, stderr } = await cli.run(['brokers', 'describe', '2'])
    assert.equal(code, 3)
    assert.match(
      stderr,
      /broker 2 does not run: it was stopped, or killed\n.*\n {2}try: (npx )?odradek brokers start 2$/m
    )
    assert.equal((await cli.run(['brokers', 'describe', '7'])).code, 5)
    await cli.text(['brokers', 'start', '2'])
    assert.deepEqual((await states())[1], [2, 'running'])
  })

  test('they are told of and come back while none of them runs', async () => {
    for (const id of ['1', '2', '3']) await cli.text(['brokers', 'stop', id])
    assert.deepEqual(await states(), [
      [1, 'stopped'],
      [2, 'stopped'],
      [3, 'stopped']
    ])
    const described = await cli.run(['brokers', 'describe', '3'])
    assert.match(described.stderr, /broker 3 does not run.*\n.*\n {2}try: (npx )?odradek brokers start 3$/m)
    assert.match(
      (await cli.run(['brokers', 'describe', '7'])).stderr,
      /there is no broker 7\s+why: the cluster has 1, 2, 3/
    )
    await cli.text(['brokers', 'start', '3'])
    const [elsewhere] = await cli.rows(['brokers', 'describe', '3'])
    assert.equal(elsewhere?.broker, 3, 'by whichever of them runs')
    for (const id of ['1', '2']) await cli.text(['brokers', 'start', id])
    await cli.text(['brokers', 'restart', '1'])
    assert.deepEqual(await states(), [
      [1, 'running'],
      [2, 'running'],
      [3, 'running']
    ])
  })

  test('one that is not there is told so', async () => {
    const { code, stderr } = await cli.run(['brokers', 'kill', '7'])
    assert.equal(code, 5)
    assert.match(stderr, /there is no broker 7\s+why: the cluster has 1, 2, 3/)
    assert.equal((await cli.run(['brokers', 'kill', 'x'])).code, 2)
  })

  test('a broker of another process, Kafka or one alone, is not stopped from here', async () => {
    const alone = await startOdradek({ storage: 'memory' })
    const { code, stderr } = await commandLineAt(alone.bootstrap).run(['brokers', 'stop', '1'])
    await alone.stop()
    assert.equal(code, 1)
    assert.match(stderr, /broker 1 cannot be stopped from here\s+why: .*serve --brokers N/)
    assert.ok(stderr.includes(`"${findOwnName(process.env)} serve --brokers N"`), stderr)
    assert.ok(existsSync(doorOf(portOf(served.bootstrap))))
  })
})
