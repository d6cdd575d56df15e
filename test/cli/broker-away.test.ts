/**
 * Commands that go on, under a broker that is stopped, killed and started again, or hangs, while they run: they wait, say once that it
 * is gone and once that it is back, and go on where they were. Ours, or a real Kafka with `--target kafka`.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { BrokerProcess } from '../harness/broker-process.ts'
import type { LineProcess } from '../harness/child-process.ts'
import { freePort } from '../harness/free-port.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { startTarget } from '../harness/target.ts'
import { type CommandLine, commandLineAt, unavailable } from './command-line.ts'

const waitMs = 60_000
/** Long enough for every command to notice, and to say so once or more often. */
const awayMs = 3000

/** The requests of consume and produce are given up after eleven seconds. */
const hungMs = 14_000

type End = 'stop' | 'kill'

suite('commands under a broker that goes away', { skip: unavailable() }, () => {
  const directory = temporaryDirectory('away')
  let port: number
  let broker: BrokerProcess
  let cli: CommandLine

  before(async () => {
    port = await freePort()
    await start()
    cli = commandLineAt(broker.bootstrap)
  })
  afterEach(async () => {
    await Promise.all(started.splice(0).map((command) => command.kill()))
  })
  after(async () => {
    await broker?.stop()
    directory.remove()
  })

  async function start(): Promise<void> {
    broker = await startTarget({
      port,
      dataDirectory: directory.path,
      configs: { 'group.initial.rebalance.delay.ms': '0' }
    })
  }

  const started: LineProcess[] = []
  function run(args: readonly string[]): LineProcess {
    const command = cli.start(args)
    started.push(command)
    return command
  }

  async function newTopic(partitions: number): Promise<string> {
    const topic = cli.unique('topic')
    await cli.text(['topics', 'create', topic, '-p', String(partitions)])
    return topic
  }

  async function goAway(end: End): Promise<void> {
    await (end === 'stop' ? broker.stop() : broker.kill())
    await pause(awayMs)
  }

  /** A member of a group is back with its next answered heartbeat, which may come behind the first record. */
  async function goesOn(command: LineProcess, times: number): Promise<void> {
    const back = () => command.stderr.split('going on').length - 1
    await command.until(() => (back() >= times ? true : undefined), `outage ${times} is over`, waitMs)
  }

  /** A broker that stops cleanly first gives its leaderships up. Each sentence once, also when the broker was away twice as long as it takes to say it. */
  function saidOnce(command: LineProcess, times: number): void {
    const said = (sentence: RegExp) => command.stderr.split('\n').filter((line) => sentence.test(line)).length
    assert.equal(
      said(/(is gone: .*ECONNREFUSED|cannot answer: LEADER_NOT_AVAILABLE \(5\)).*waiting until it is back/),
      times,
      command.stderr
    )
    assert.equal(said(/the broker is back after \d+ s; going on/), times, command.stderr)
    assert.doesNotMatch(command.stderr, /error:/)
  }

  const valuesOf = (lines: readonly string[]) => lines.map((line) => String(JSON.parse(line).value))
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1))

  test('consume waits for a broker that was stopped and one that was killed, and leaves nothing out', async () => {
    const topic = await newTopic(2)
    const reader = run(['consume', topic])
    await cli.text(['produce', topic, '--template', '{{n}}', '-n', '10'])
    await reader.until((lines) => (lines.length >= 10 ? true : undefined), 'the first records', waitMs)
    for (const [round, end] of (['stop', 'kill'] as const).entries()) {
      await goAway(end)
      await start()
      await cli.text(['produce', topic, '-P', '0'], `after ${end}\n`)
      await reader.until((lines) => (lines.length >= 11 + round ? true : undefined), `a record after ${end}`, waitMs)
      await goesOn(reader, round + 1)
    }
    saidOnce(reader, 2)
    assert.deepEqual(valuesOf(reader.lines).sort(), [...numbers(10), 'after kill', 'after stop'].sort())
    reader.child.kill('SIGINT')
    assert.equal(await reader.exited, 130)
  })

  test('a member of a group goes on where it was, and what it printed is committed once the broker is back', async () => {
    const [topic, group] = [await newTopic(2), cli.unique('group')]
    await cli.text(['produce', topic, '--template', '{{n}}', '-n', '10'])
    const reader = run(['consume', topic, '-g', group])
    await reader.until((lines) => (lines.length >= 10 ? true : undefined), 'the first records', waitMs)
    for (const [round, end] of (['kill', 'stop'] as const).entries()) {
      await goAway(end)
      await start()
      await cli.text(['produce', topic, '-P', '1'], `after ${end}\n`)
      await reader.until((lines) => (lines.length >= 11 + round ? true : undefined), `a record after ${end}`, waitMs)
      await goesOn(reader, round + 1)
    }
    saidOnce(reader, 2)
    reader.child.kill('SIGINT')
    assert.equal(await reader.exited, 130)
    assert.deepEqual(valuesOf(reader.lines).sort(), [...numbers(10), 'after kill', 'after stop'].sort())
    const [described] = await cli.rows(['groups', 'describe', group])
    assert.deepEqual([described?.state, described?.lag], ['Empty', 0])
  })

  test('a broker that hangs for longer than a request may take is waited for like one that is gone', async () => {
    const [topic, group] = [await newTopic(1), cli.unique('group')]
    const [reader, member] = [run(['consume', topic]), run(['consume', topic, '-g', group])]
    const writer = run(['produce', topic, '--template', '{{n}}', '--rate', '20'])
    const commands = [reader, member, writer]
    for (const one of [reader, member]) await one.until((lines) => lines[0], 'a record', waitMs)
    process.kill(broker.pid, 'SIGSTOP')
    try {
      await pause(hungMs)
    } finally {
      process.kill(broker.pid, 'SIGCONT')
    }
    const sinceMs = performance.now()
    for (const one of commands) await goesOn(one, 1)
    assert.ok(performance.now() - sinceMs < 5000, 'they go on as soon as it does')
    const read = [reader.lines.length, member.lines.length]
    for (const [index, one] of [reader, member].entries())
      await one.until((lines) => (lines.length > (read[index] ?? 0) + 20 ? true : undefined), 'what comes then', waitMs)
    writer.child.kill('SIGINT')
    assert.equal(await writer.exited, 130, writer.stderr)
    const stored = (await cli.rows(['consume', topic, '-e'])).map((row) => String(row.value))
    assert.deepEqual(stored, numbers(stored.length))
    for (const one of [reader, member]) {
      await one.until((lines) => (lines.length >= stored.length ? true : undefined), 'all', waitMs)
      one.child.kill('SIGINT')
      assert.equal(await one.exited, 130)
      assert.deepEqual(valuesOf(one.lines), stored)
    }
    for (const one of commands) {
      assert.equal(one.stderr.match(/does not answer: .*waiting until it is back/g)?.length, 1, one.stderr)
      assert.equal(one.stderr.match(/the broker is back after \d+ s; going on/g)?.length, 1, one.stderr)
    }
  })

  test('Ctrl-C ends a member of a group although its broker hangs', async () => {
    const [topic, group] = [await newTopic(1), cli.unique('group')]
    await cli.text(['produce', topic], 'an order\n')
    const member = run(['consume', topic, '-g', group])
    await member.until((lines) => lines[0], 'a record', waitMs)
    process.kill(broker.pid, 'SIGSTOP')
    try {
      await pause(awayMs)
      const sinceMs = performance.now()
      member.child.kill('SIGINT')
      assert.equal(await member.exited, 130)
      // Five seconds for the last offsets, two to leave.
      assert.ok(performance.now() - sinceMs < 8500)
    } finally {
      process.kill(broker.pid, 'SIGCONT')
    }
  })

  for (const acks of ['all', '1']) {
    test(`produce --rate with acks=${acks} waits, and stores each record once and in order`, async () => {
      const topic = await newTopic(1)
      const writer = run(['produce', topic, '--template', '{{n}}', '--rate', '50', '--acks', acks])
      const stored = async () => Number((await cli.rows(['topics', 'offsets', topic]))[0]?.end)
      const grown = async () => {
        const before = await stored()
        while ((await stored()) < before + 50) await pause(50)
      }
      for (const end of ['kill', 'stop'] as const) {
        await grown()
        await goAway(end)
        await start()
      }
      await grown()
      writer.child.kill('SIGINT')
      assert.equal(await writer.exited, 130, writer.stderr)
      saidOnce(writer, 2)
      const rows = await cli.rows(['consume', topic, '-e'])
      assert.deepEqual(
        rows.map((row) => row.value),
        numbers(rows.length)
      )
      assert.match(writer.stderr, new RegExp(`\\n${rows.length.toLocaleString('en-US')} records to ${topic} `))
    })
  }

  test('a big input whose broker is killed several times arrives whole, once and in order', async () => {
    const topic = await newTopic(1)
    const lines = Array.from({ length: 150_000 }, (_, index) => `line ${index} ${'x'.repeat(80)}`)
    const writer = run(['produce', topic])
    writer.child.stdin.end(lines.join('\n'))
    while ((await cli.rows(['topics', 'offsets', topic]))[0]?.end === 0) await pause(20)
    for (let round = 0; round < 3; round++) {
      await pause(150)
      await broker.kill()
      await start()
    }
    assert.equal(await writer.exited, 0, writer.stderr)
    const raw = await cli.text(['consume', topic, '-e', '-o', 'raw'])
    assert.equal(raw, `${lines.join('\n')}\n`)
  })

  test('a watch of a group waits, and goes on to show it', async () => {
    const [topic, group] = [await newTopic(1), cli.unique('group')]
    await cli.text(['produce', topic, 'before'])
    await cli.text(['consume', topic, '-e', '-g', group])
    const watch = run(['groups', 'describe', group, '--watch', '-o', 'jsonl'])
    await watch.until((lines) => lines[1], 'a second look', waitMs)
    for (const [round, end] of (['kill', 'stop'] as const).entries()) {
      await goAway(end)
      await start()
      await cli.text(['produce', topic, `after ${end}`])
      await watch.until(
        (lines) => (JSON.parse(lines.at(-1) ?? '{}').lag === round + 1 ? true : undefined),
        `the lag after ${end}`,
        waitMs
      )
    }
    saidOnce(watch, 2)
    watch.child.kill('SIGINT')
    assert.equal(await watch.exited, 130)
  })

  test('Ctrl-C and --timeout end commands that wait, with the reason', async () => {
    const topic = await newTopic(1)
    const reader = run(['consume', topic])
    const limited = run(['consume', topic, '--timeout', '8s'])
    const writer = run(['produce', topic, '-o', 'jsonl'])
    const impatient = run(['produce', topic, '--timeout', '2s', '--template', '{{n}}', '--rate', '10'])
    for (const one of [reader, limited]) await one.until((lines) => lines[0], 'a record', waitMs)
    // Who has not reached the broker before it goes ends at once.
    writer.child.stdin.write('somebody takes this\n')
    await reader.until((lines) => lines.find((line) => line.includes('somebody')), 'a record of the writer', waitMs)
    // A reader may have the record before its writer has the answer.
    await writer.until((lines) => lines[0], 'an answer to the writer', waitMs)
    await goAway('kill')
    writer.child.stdin.write('nobody takes this\n')
    assert.equal(await impatient.exited, 3)
    assert.match(
      impatient.stderr,
      /records? (was|were) delivered to .* before this\n(\d+ records? .*\n)*error: the broker at .* is gone\n {2}why: .*ECONNREFUSED/
    )
    assert.equal(await limited.exited, 3)
    assert.match(limited.stderr, /error: the broker at .* is gone/)
    const since = performance.now()
    for (const command of [reader, writer]) {
      command.child.kill('SIGINT')
      assert.equal(await command.exited, 130)
    }
    assert.ok(performance.now() - since < 3000)
    assert.match(writer.stderr, /1 record (had no answer, and may or may not have arrived|was not sent)$/m)
    await start()
  })
})
