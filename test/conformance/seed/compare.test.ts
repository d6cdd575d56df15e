/**
 * `odradek demo --compare`: what it says of both worlds is counted once more, from what the services reported one by one, and by a
 * stranger who reads the topics; on ours and on a real Apache Kafka.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import kafkaJs, { type EachMessagePayload } from 'kafkajs'
import { ordersOf } from '../../../src/cli/demo/orders.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { LineProcess } from '../../harness/child-process.ts'
import { odradek } from '../../harness/odradek-process.ts'
import { found, skipUnless } from '../../harness/tools.ts'
import { topicOffsets } from '../clients/topic-offsets.ts'
import { bothBrokers } from './both-brokers.ts'
import { commandsAt } from './commands.ts'

const { Kafka, logLevel } = kafkaJs
const seed = 9
const runMs = 240_000
/** The time of a kill is noted once it is done; whoever was calling may have noticed a little earlier. */
const noticedEarlierMs = 500

interface Call {
  readonly world: 'calls'
  readonly event: 'sent' | 'arrived' | 'failed'
  readonly service: string
  readonly message: string
  readonly order_id: number
  readonly timestamp: number
}

interface Tally {
  readonly sent: number
  readonly arrived: number
  readonly lost: number
  readonly doubled: number
  readonly longestWaitMs: number
}
type Tallies = Readonly<Record<'orders' | 'payments' | 'notifications', Tally>>

interface Summary {
  readonly event: 'summary'
  readonly met: boolean
  readonly due: number
  readonly calls: Tallies
  readonly log: Tallies
  readonly outages: readonly { killed: number; restarted: number; listens: number; drained: number; peakLag: number }[]
  readonly topics: readonly string[]
}

const compare = (...args: string[]) =>
  new LineProcess(process.execPath, [found(odradek()), 'demo', '--compare', '--seed', String(seed), ...args], {
    env: { NO_COLOR: '1' }
  })
const rowsOf = (process: LineProcess): Record<string, unknown>[] => process.lines.map((line) => JSON.parse(line))

for (const { name, tool, start } of bothBrokers) {
  describe(`two worlds side by side, on ${name}`, { skip: skipUnless(tool()) }, () => {
    let broker: BrokerProcess
    let summary: Summary
    let calls: Call[]

    before(async () => {
      broker = await start()
      const running = compare('--rate', '5', '--outage', '4s', '-o', 'jsonl', '-b', broker.bootstrap)
      const timer = setTimeout(() => running.child.kill('SIGKILL'), runMs)
      const code = await running.exited
      clearTimeout(timer)
      assert.equal(code, 0, `${running.lines.slice(-10).join('\n')}\n${running.stderr}`)
      const rows = rowsOf(running)
      summary = rows.at(-1) as unknown as Summary
      calls = rows.filter((row) => row.world === 'calls') as unknown as Call[]
      assert.equal(summary.event, 'summary')
    })

    after(async () => {
      await broker?.stop()
    })

    const told = (event: Call['event'], message: string) =>
      calls.filter((call) => call.event === event && call.message === message)

    test('both worlds had the same orders, all of them', () => {
      assert.ok(summary.due > 20, `${summary.due} orders`)
      const ids = Array.from({ length: summary.due }, (_, index) => index + 1)
      assert.deepEqual(
        told('sent', 'orders').map((call) => call.order_id),
        ids
      )
      for (const world of [summary.calls, summary.log])
        for (const tally of Object.values(world)) assert.equal(tally.sent, summary.due)
    })

    test('left: what was called for while nobody listened is lost, and nothing else', () => {
      const [outage] = summary.outages
      assert.ok(outage)
      const arrived = new Map(told('arrived', 'notifications').map((call) => [call.order_id, call.timestamp]))
      const failed = new Map(told('failed', 'notifications').map((call) => [call.order_id, call.timestamp]))
      const asked = told('sent', 'notifications')
      const lost = asked.filter((call) => !arrived.has(call.order_id))
      assert.equal(summary.calls.notifications.lost, lost.length)
      assert.equal(summary.calls.notifications.arrived, arrived.size)
      assert.ok(lost.length > 0)
      // The callers' word against the receiver's.
      for (const { order_id } of lost) assert.ok(failed.has(order_id), `order ${order_id} is lost, and nobody noticed`)
      // By the clock: each order of the outage, and apart from them only calls that were under way at its edges.
      const during = asked.filter((call) => call.timestamp > outage.killed && call.timestamp < outage.restarted)
      for (const { order_id } of during) assert.ok(!arrived.has(order_id), `order ${order_id} was told by the dead`)
      const atTheEdges = lost.filter((call) => !during.includes(call))
      for (const { order_id, timestamp } of atTheEdges) {
        const endedMs = failed.get(order_id) ?? 0
        const isAtTheEdge = endedMs >= outage.killed - noticedEarlierMs && timestamp <= outage.listens
        assert.ok(isAtTheEdge, `order ${order_id} was lost before or after`)
      }
      assert.equal(summary.calls.notifications.lost, during.length + atTheEdges.length)
      for (const time of arrived.values())
        assert.ok(time <= outage.killed || time >= outage.restarted, 'something arrived while nobody was there')
    })

    test('left: orders and payments, whose receivers lived, lost nothing', () => {
      for (const message of ['orders', 'payments'] as const) {
        const arrived = new Set(told('arrived', message).map((call) => call.order_id))
        assert.equal(arrived.size, summary.due)
        assert.deepEqual([summary.calls[message].lost, summary.calls[message].doubled], [0, 0])
      }
    })

    test('right: a stranger who reads the topics finds every order told exactly once', async () => {
      const events = await readAll(broker.bootstrap, summary.topics)
      const orders = ordersOf(seed)
      for (let id = 1; id <= summary.due; id++) {
        const own = events.filter((event) => event.order_id === id)
        const statuses = own.map((event) => event.status).sort()
        assert.deepEqual(statuses, ['cooked', 'notified', 'paid', 'placed'], `order ${id}`)
        const { customer, dish } = orders.next().value
        for (const event of own) assert.deepEqual([event.customer, event.dish], [customer, dish])
      }
      assert.equal(events.length, summary.due * 4)
      for (const message of ['orders', 'payments', 'notifications'] as const)
        assert.deepEqual([summary.log[message].lost, summary.log[message].doubled], [0, 0])
      assert.equal(summary.met, true)
    })

    test('right: the lag grew while nobody listened, and drained', async () => {
      const [outage] = summary.outages
      assert.ok(outage && outage.peakLag > 0)
      assert.ok(outage.drained >= outage.restarted)
      const waitedMs = outage.restarted - outage.killed
      assert.ok(summary.log.notifications.longestWaitMs >= waitedMs * 0.5, `${summary.log.notifications.longestWaitMs}`)
      const cli = commandsAt(broker.bootstrap)
      for (const group of ['customers', 'payments', 'kitchen', 'notifications']) {
        const described = JSON.parse(await cli.text('groups', 'describe', group, '-o', 'jsonl'))
        assert.deepEqual([described.state, described.lag, described.members], ['Empty', 0, []], group)
      }
    })
  })
}

interface OrderEvent {
  readonly order_id: number
  readonly status: string
  readonly customer: string
  readonly dish: string
}

/** Everything in these topics, with kafkajs. */
async function readAll(bootstrap: string, topics: readonly string[]): Promise<OrderEvent[]> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map<string, number>()
  for (const topic of topics)
    for (const { partition, high } of await topicOffsets(admin, topic)) ends.set(`${topic}:${partition}`, Number(high))
  await admin.disconnect()
  const total = [...ends.values()].reduce((sum, end) => sum + end, 0)
  const events = new Map<string, OrderEvent>()
  const consumer = kafka.consumer({ groupId: `stranger-${process.pid}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ topic, partition, message }: EachMessagePayload) => {
        events.set(`${topic}:${partition}:${message.offset}`, JSON.parse(String(message.value)))
        if (events.size === total) resolve()
      }
      consumer.run({ eachMessage }).catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return [...events.values()]
}

const onLinux = existsSync('/proc/self/stat') ? false : 'processes are looked up in /proc'

describe('the comparison leaves nothing behind', { skip: skipUnless(odradek()) }, () => {
  const killed = (lines: readonly string[]) =>
    lines.some((line) => line.includes('the notifications are dead in both worlds')) || undefined

  test('it is told to kill and to end on standard input, and prints lines and a table', async () => {
    const running = compare('--outage', '60s', '--rate', '5')
    await running.until(
      (lines) => lines.some((line) => / = notifications: left [1-9]/.test(line)) || undefined,
      'a notification',
      runMs
    )
    running.send('kill notifications')
    await running.until(killed, 'the kill', runMs)
    await running.until(
      (lines) => lines.some((line) => line.includes('direct call to notifications failed')) || undefined,
      'a loss',
      runMs
    )
    running.send('quit')
    assert.equal(await running.exited, 0, running.stderr)
    const text = running.lines.join('\n')
    assert.match(text, /^WORLD +MESSAGES +SENT +ARRIVED +LOST +DOUBLED +SLOWEST ARRIVAL$/m)
    assert.match(text, /^direct calls +orders +(\d+) +\1 +0 +0/m)
    assert.match(text, /^ +notifications +(\d+) +\d+ +[1-9]\d* +0/m)
    assert.match(text, /With Kafka all \d+ customers\s+were\s+told, once each/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: without a terminal nothing of a screen may be printed
    assert.doesNotMatch(text, /\u001b/)
  })

  test('Ctrl-C in the middle of the outage ends every process', { skip: onLinux }, async () => {
    const running = compare('--outage', '60s', '-o', 'jsonl')
    await running.until(killed, 'the kill', runMs)
    const children = childrenOf(running.pid)
    assert.ok(children.length >= 7, `${children.length} processes`)
    running.child.kill('SIGINT')
    assert.equal(await running.exited, 0, running.stderr)
    assert.equal(rowsOf(running).at(-1)?.event, 'summary')
    assert.deepEqual(children.filter(isAlive), [])
  })

  test('when it is killed itself, its services end too', { skip: onLinux }, async () => {
    const running = compare('-o', 'jsonl')
    await running.until((lines) => lines.find((line) => line.includes('"ready"')), 'the opening', runMs)
    const children = childrenOf(running.pid)
    await running.kill()
    const deadline = Date.now() + runMs
    while (children.some(isAlive)) {
      assert.ok(Date.now() < deadline, 'a service lives on')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })

  test('wrong options and an absent broker are told as everywhere', async () => {
    const cli = commandsAt('127.0.0.1:1')
    for (const args of [
      ['--compare', '--outage', 'soon'],
      ['--outage', '5s'],
      ['--compare', '--count', '5']
    ])
      assert.equal((await cli.run('demo', ...args)).code, 2, args.join(' '))
    const away = compare('-b', '127.0.0.1:1')
    assert.equal(await away.exited, 3)
    assert.match(away.stderr, /cannot reach a Kafka broker at 127\.0\.0\.1:1/)
  })
})

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => parentOf(one) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(parent)
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
