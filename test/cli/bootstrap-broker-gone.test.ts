/**
 * Commands that were given one broker of three, and go on when that one is killed: they ask the others, of whom they have heard.
 * Ours, or a real Kafka with `--target kafka`.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startKafka } from '../../src/index.ts'
import type { LineProcess } from '../harness/child-process.ts'
import { startRealKafkaCluster } from '../harness/real-kafka-cluster.ts'
import { targetName } from '../harness/target.ts'
import { type CommandLine, commandLineAt, unavailable } from './command-line.ts'

interface Cluster {
  readonly addresses: readonly string[]
  startBroker(id: number): Promise<void>
  killBroker(id: number): Promise<void>
  stop(): Promise<void>
}

/** Kafka gives a dead broker nine seconds before another leads what it led. */
const waitMs = 60_000
const configs = { 'group.initial.rebalance.delay.ms': '0', 'offsets.topic.num.partitions': '3' }

async function startThree(): Promise<Cluster> {
  if (targetName === 'kafka') return await startRealKafkaCluster(configs)
  const kafka = await startKafka({ brokers: 3, config: configs })
  return {
    addresses: kafka.brokers,
    startBroker: (id) => kafka.broker(id).start(),
    killBroker: (id) => kafka.broker(id).kill(),
    stop: () => kafka.stop()
  }
}

suite('commands that were given the one broker of three that is killed', { skip: unavailable() }, () => {
  let cluster: Cluster
  /** Knows all brokers. */
  let whole: CommandLine
  /** Knows the first. */
  let cli: CommandLine

  before(async () => {
    cluster = await startThree()
    whole = commandLineAt(cluster.addresses.join())
    cli = commandLineAt(cluster.addresses[0] ?? '')
  })
  afterEach(async () => {
    await Promise.all(started.splice(0).map((command) => command.kill()))
  })
  after(() => cluster?.stop())

  const started: LineProcess[] = []
  function run(args: readonly string[]): LineProcess {
    const command = cli.start(args)
    started.push(command)
    return command
  }

  const valuesOf = ({ lines }: LineProcess) => lines.map((line) => Number(JSON.parse(line).value))
  const inTurn = (values: readonly number[]) => [...values].sort((a, b) => a - b)
  const seen = (commands: readonly LineProcess[]) => commands.map(({ lines }) => lines.length)

  async function moreOf(commands: readonly LineProcess[], count: number): Promise<void> {
    const before = seen(commands)
    for (const [index, one] of commands.entries())
      await one.until((lines) => (lines.length >= (before[index] ?? 0) + count ? true : undefined), 'more', waitMs)
  }

  test('go on with the others, each record once; and when all were away, with whichever is back first', async () => {
    const [topic, group] = [cli.unique('topic'), cli.unique('group')]
    await cli.text(['topics', 'create', topic, '-p', '6', '-r', '3'])
    const readers = [run(['consume', topic]), run(['consume', topic, '-g', group])]
    await pause(2000)
    const writer = run(['produce', topic, '--template', '{{n}}', '--rate', '50'])
    await moreOf(readers, 20)
    const watch = run(['groups', 'describe', group, '--watch', '-o', 'jsonl'])
    await moreOf([watch], 2)

    await cluster.killBroker(1)
    await moreOf([...readers, watch], 1)
    await pause(2000)
    await moreOf(readers, 100)
    await moreOf([watch], 2)
    const commands = [...readers, writer, watch]
    for (const { stderr } of commands) {
      assert.doesNotMatch(stderr, /is back after|answers again|error:/)
      assert.ok((stderr.match(/waiting until/g)?.length ?? 0) <= 1, stderr)
    }

    for (const id of [2, 3]) await cluster.killBroker(id)
    await pause(3000)
    for (const { stderr } of commands)
      assert.equal(stderr.match(/none of the 3 brokers answers: .*; waiting until one does/g)?.length, 1, stderr)
    await Promise.all([2, 3].map((id) => cluster.startBroker(id)))
    await moreOf([...readers, watch], 1)
    await moreOf(readers, 100)
    for (const one of commands)
      await one.until(() => (one.stderr.includes('the cluster answers again after') ? true : undefined), 'word', waitMs)

    writer.child.kill('SIGINT')
    assert.equal(await writer.exited, 130, writer.stderr)
    const stored = (await whole.rows(['consume', topic, '-e'])).map((row) => Number(row.value))
    assert.deepEqual(
      inTurn(stored),
      Array.from(stored, (_, index) => index + 1)
    )
    for (const one of readers) {
      await one.until((lines) => (lines.length >= stored.length ? true : undefined), 'all', waitMs)
      one.child.kill('SIGINT')
      assert.equal(await one.exited, 130, one.stderr)
      assert.deepEqual(inTurn(valuesOf(one)), inTurn(stored))
    }
    await cluster.startBroker(1)
  })
})
