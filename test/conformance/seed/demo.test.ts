/**
 * The food-delivery app for a minute (in the tests of every day: for as long as its misfortunes take), on its own broker and on the real
 * Apache Kafka: services are killed, restarted, scaled and frozen, and every order ends in a notification, exactly one.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { DemoProcess } from './demo-process.ts'
import { checkOrderTopics } from './order-topics.ts'

/** From the first order to closing time; longer when the misfortunes take longer. */
const LEAST_MS = process.env.ODRADEK_REQUIRE_ALL === '1' ? 60_000 : 0
const RATE = 8

/** What a person at the keyboard would do: one misfortune after the other, each seen through. */
async function misfortunes(demo: DemoProcess): Promise<void> {
  await demo.until('a first notification', () => demo.count('notified') > 0)

  demo.tell('kill payments')
  await demo.until('a lag of payments', () => demo.count('placed') >= demo.count('paid') + 10)
  demo.tell('restart payments')
  await demo.until('payments catching up', () => demo.count('paid') >= demo.count('placed') - 2)

  await demo.afterwards('kill-one kitchen', /^kitchen-1 took over partitions? .* from kitchen-2$/)
  await demo.afterwards('restart kitchen', /^kitchen-2 took over partitions? .* from kitchen-1$/)

  const pid = demo.group('notifications')?.members[0]?.pid ?? 0
  await demo.afterwards('scale notifications 2', /^notifications-2 took over .* from notifications-1$/)
  await freeze(demo, pid)
}

/** Stands still long enough for another to take its place, and then goes on as if nothing had been. */
async function freeze(demo: DemoProcess, pid: number): Promise<void> {
  const before = demo.news.length
  process.kill(pid, 'SIGSTOP')
  try {
    await demo.untilNews(/^notifications-2 took over .* from notifications-1$/, before)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

async function checkDemo(args: readonly string[], seed: number, happens = misfortunes): Promise<number> {
  const demo = new DemoProcess([...args, '--seed', String(seed), '--rate', String(RATE)])
  try {
    await happens(demo)
    await demo.until('the end of the minute', () => demo.elapsedMs >= LEAST_MS)
    demo.tell('quit')
    const { summary, code } = await demo.ended()
    assert.ok(summary, demo.process.stderr)
    assert.equal(code, 0, JSON.stringify(summary))
    assert.deepEqual([summary.met, summary.lost, summary.doubled, summary.open], [true, 0, 0, 0])
    for (const pid of demo.pids()) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, `${pid} still lives`)
    return Number(summary.placed)
  } catch (error) {
    throw new Error(`${error}\n${demo.news.join('\n')}\n${demo.process.stderr}`, { cause: error })
  } finally {
    await demo.process.kill()
  }
}

/** One broker after the other is killed and comes back, while orders flow. */
async function buildings(demo: DemoProcess): Promise<void> {
  for (const broker of [1, 2, 3]) {
    const goal = demo.count('notified') + 5
    await demo.until('orders that reach their customers', () => demo.count('notified') >= goal)
    await demo.afterwards(`kill-broker ${broker}`, new RegExp(`^broker ${broker} is killed`))
    const placed = demo.count('placed') + 1
    await demo.until('an order without that broker', () => demo.count('placed') >= placed)
    await demo.afterwards(`start-broker ${broker}`, new RegExp(`^broker ${broker} is back`))
  }
}

suite('the demo, with services killed, restarted and frozen', { concurrency: true }, () => {
  test(
    'on the broker it brings: every order ends in exactly one notification',
    {
      skip: skipUnless(odradek())
    },
    async () => {
      using directory = temporaryDirectory('demo')
      const placed = await checkDemo(['--data', directory.path], 7)
      await using broker = await startOdradek({ dataDirectory: directory.path })
      assert.equal(await checkOrderTopics(broker.bootstrap, 7), placed)
    }
  )

  test(
    'on three brokers, of which one after the other is killed: every order ends in exactly one notification',
    { skip: skipUnless(odradek()) },
    async () => {
      using directory = temporaryDirectory('demo')
      const placed = await checkDemo(['--brokers', '3', '--data', directory.path], 13, buildings)
      await using cluster = await startOdradek({ brokers: 3, dataDirectory: directory.path })
      assert.equal(await checkOrderTopics(cluster.bootstrap, 13), placed)
    }
  )

  test(
    'on a real Apache Kafka: every order ends in exactly one notification',
    {
      skip: skipUnless(odradek(), kafkaJars('broker'))
    },
    async () => {
      await using broker = await startRealKafka()
      const placed = await checkDemo(['-b', broker.bootstrap], 11)
      assert.equal(await checkOrderTopics(broker.bootstrap, 11), placed)
    }
  )
})
