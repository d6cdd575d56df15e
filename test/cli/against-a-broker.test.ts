/**
 * The commands as a user runs them, against a broker: ours, or any at ODRADEK_TEST_BOOTSTRAP.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { temporaryDirectory } from '../harness/paths.ts'
import { type CommandLine, openCommandLine, unavailable } from './command-line.ts'

const waitMs = 60_000
const reason = unavailable()

suite('the command line', { skip: reason }, () => {
  let cli: CommandLine
  before(async () => {
    cli = await openCommandLine()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  async function newTopic(partitions: number): Promise<string> {
    const topic = cli.unique('topic')
    await cli.text(['topics', 'create', topic, '-p', String(partitions)])
    return topic
  }

  const read = (topic: string, ...more: string[]) => cli.rows(['consume', topic, '-e', ...more])
  const values = async (topic: string, ...more: string[]) => (await read(topic, ...more)).map((row) => row.value)

  test('a topic is created, listed, described, altered, trimmed and deleted', async () => {
    const topic = await newTopic(2)
    const [listed] = await cli.rows(['topic', 'list', topic])
    assert.deepEqual(listed, { topic, partitions: 2, replicas: 1, offsets: 0 })
    await cli.text(['topics', 'alter', topic, '-p', '3', '-c', 'retention.ms=7d'])
    const [described] = await cli.rows(['topics', 'describe', topic])
    assert.equal(list(described?.partitions).length, 3)
    const setting = list(described?.configs).find((config) => config.setting === 'retention.ms')
    assert.equal(setting?.value, '604800000')
    await cli.text(['produce', topic, '-P', '1'], 'a\nb\nc\n')
    await cli.text(['topics', 'trim', topic, '--before', '2', '-P', '1', '--yes'])
    const offsets = await cli.rows(['topics', 'offsets', topic])
    assert.deepEqual(offsets[1], { topic, partition: 1, start: 2, end: 3 })
    await cli.text(['topics', 'delete', topic, '--yes'])
    assert.equal((await cli.run(['topics', 'describe', topic])).code, 5)
  })

  test('a record round trip through JSON lines loses nothing', async () => {
    const [from, to] = [await newTopic(3), await newTopic(3)]
    const lines = [
      {
        key: 'k',
        value: 'v',
        partition: 2,
        timestamp: 1700000000000,
        headers: [
          { key: 'h', value: '1' },
          { key: 'h', value: null }
        ]
      },
      { key: null, value: null, partition: 0, timestamp: 5 },
      { key: '', value: '', partition: 1, timestamp: 7 },
      { key: { $base64: 'gIE=' }, value: { $base64: '/v8=' }, partition: 1, timestamp: 1700000000001 }
    ]
    await cli.text(['produce', from, '-i', 'jsonl'], lines.map((line) => JSON.stringify(line)).join('\n'))
    const first = await cli.text(['consume', from, '-e'])
    await cli.text(['produce', to, '-i', 'jsonl'], first)
    const second = await cli.text(['consume', to, '-e'])
    const sorted = (text: string) => text.trim().split('\n').sort()
    assert.deepEqual(sorted(second), sorted(first.replaceAll(from, to)))
    assert.equal(sorted(first).length, lines.length)
  })

  test('every compression is written and read back', async () => {
    const topic = await newTopic(1)
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
    const line = 'the same words again and again '.repeat(2000)
    for (const codec of codecs) await cli.text(['produce', topic, `${codec} ${line}`, '-z', codec])
    assert.deepEqual(
      await values(topic),
      codecs.map((codec) => `${codec} ${line}`)
    )
  })

  test('acks and deliveries: one line per record for machines, no offset without an ack', async () => {
    const topic = await newTopic(1)
    assert.deepEqual(await cli.rows(['produce', topic, 'a', '-o', 'jsonl']), [{ topic, partition: 0, offset: 0 }])
    assert.deepEqual(await cli.rows(['produce', topic, 'b', '-o', 'jsonl', '--acks', '1']), [
      { topic, partition: 0, offset: 1 }
    ])
    assert.deepEqual(await cli.rows(['produce', topic, 'c', '-o', 'jsonl', '--acks', '0']), [
      { topic, partition: 0, offset: null }
    ])
    assert.deepEqual(await values(topic, '--expect', '3', '--timeout', '10s'), ['a', 'b', 'c'])
  })

  test('each record of a batch is told with an offset of its own, also of the batch that opens a topic', async () => {
    const topic = await newTopic(1)
    const told = await cli.rows(['produce', topic, '-o', 'jsonl'], 'a\nb\nc\n')
    assert.deepEqual(
      told.map((row) => row.offset),
      [0, 1, 2]
    )
  })

  test('keys, headers, tombstones and times are set from the command line', async () => {
    const topic = await newTopic(3)
    await cli.text(['produce', topic, 'v', '-k', 'key', '-H', 'a=1', '-H', 'a=2', '--timestamp', '1700000000'])
    await cli.text(['produce', topic, '-k', 'key', '--null'])
    const [first, second] = await read(topic)
    assert.equal(first?.timestamp, 1700000000000)
    assert.deepEqual(first?.headers, [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' }
    ])
    assert.deepEqual([second?.key, second?.value, second?.partition], ['key', null, first?.partition])
  })

  test('ranges and tails go by position', async () => {
    const topic = await newTopic(1)
    const times = [1000, 2000, 3000, 4000, 5000]
    const lines = times.map((timestamp, index) =>
      JSON.stringify({ value: String(index), timestamp: 1700000000000 + timestamp })
    )
    await cli.text(['topics', 'alter', topic, '-c', 'retention.ms=-1'])
    await cli.text(['produce', topic, '-i', 'jsonl'], lines.join('\n'))
    assert.deepEqual(await values(topic, '--from', '1:3'), ['1', '2'])
    assert.deepEqual(await values(topic, '--from', '-2'), ['3', '4'])
    assert.deepEqual(await values(topic, '--from', '+3'), ['3', '4'])
    assert.deepEqual(await values(topic, '--from', '@1700000003500'), ['3', '4'])
    assert.deepEqual(await values(topic, '--from', '@1700000002000:1700000004000'), ['1', '2'])
    assert.deepEqual(await values(topic, '--tail', '2'), ['3', '4'])
    assert.deepEqual(await values(topic, '--from-beginning', '--max-messages', '1'), ['0'])
    assert.deepEqual(await values(topic, '--where', 'Number(value) % 2 === 0'), ['0', '2', '4'])
    assert.equal(await cli.text(['consume', topic, '-e', '-f', '%o=%v;']), '0=0;1=1;2=2;3=3;4=4;')
  })

  test('whoever asks for a place where nothing lies is told why nothing comes', async () => {
    const topic = await newTopic(1)
    const told = async (...more: string[]) => (await cli.run(['consume', topic, '-e', ...more])).stderr
    assert.match(await told(), /^nothing to read: no records are there$/m)
    const tail = await cli.run(['consume', topic, '--tail', '5'])
    assert.match(tail.stderr, /^nothing to read: no records are there$/m)
    await cli.text(['produce', topic], 'a\nb\nc\n')
    assert.match(await told('--from', '99'), new RegExp(`^nothing to read there: ${topic}:0 holds 0 to 2$`, 'm'))
    for (const time of ['1796013000', '1796013000123'])
      assert.match(await told('--from', time), new RegExp(`holds 0 to 2; a time is written @${time}$`, 'm'))
    for (const range of ['5:2', '12:00']) {
      const { code, stderr } = await cli.run(['consume', topic, '-e', '--from', range])
      assert.equal(code, 2, stderr)
      assert.match(stderr, range === '5:2' ? /nothing lies in the range 5:2/ : /the time is written @12:00$/m)
    }
    assert.equal(await told('--from', '2'), '')
    const followed = await cli.run(['consume', topic, '--from', '99', '--timeout', '500ms'])
    assert.equal(
      followed.stderr.split('\n')[0],
      `offset 99 is not there yet: ${topic}:0 ends at 3; reading what comes from there on`
    )
    const asTime = 'for the time of day: --from @17:31'
    assert.match(await told('--from', '17:31'), new RegExp(`^nothing to read there: .* holds 0 to 2; ${asTime}$`, 'm'))
    await cli.text(['produce', topic, 'x', '-n', '30'])
    assert.equal(await told('--from', '17:31'), `offsets 17 to 30; ${asTime}\n`)
    assert.match(
      await told('--from', '17:31', '-g', cli.unique('group')),
      new RegExp(`^offsets 17 to 30; ${asTime}$`, 'm')
    )
    assert.equal(await told('--from', '17:31', '-q'), '')
    assert.equal(await told('--from', '1:31'), '')
  })

  test('whoever has no time to find the last records is told that they were not found', async () => {
    const topic = await newTopic(1)
    await cli.text(['produce', topic], 'a\nb\nc\n')
    for (const last of [
      ['--tail', '2'],
      ['--from', '-2', '-e']
    ]) {
      assert.equal((await cli.run(['consume', topic, ...last, '--timeout', '1ms'])).code, 7)
    }
  })

  test('a group that is sent past the end of a partition, or before its start, is told where it goes instead', async () => {
    const topic = await newTopic(1)
    await cli.text(['produce', topic], 'a\nb\nc\n')
    await cli.text(['topics', 'trim', topic, '--before', '1', '--yes'])
    const told = async (to: string) => {
      const { stdout, stderr } = await cli.run(['groups', 'reset', 'past', '--topic', topic, '--to', to])
      return { after: JSON.parse(stdout.toString()).after, stderr }
    }
    const past = await told('99999')
    assert.equal(past.after, 3)
    assert.match(past.stderr, new RegExp(`^${topic}:0: 99999 is past its end, so it goes to the end, 3$`, 'm'))
    const before = await told('0')
    assert.equal(before.after, 1)
    assert.match(before.stderr, new RegExp(`^${topic}:0: 0 is before its start, so it goes to the start, 1$`, 'm'))
    assert.doesNotMatch((await told('2')).stderr, /so it goes/)
  })

  test('a big input arrives whole and in order', async () => {
    const topic = await newTopic(1)
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index}`)
    const finished = await cli.run(['produce', topic], lines.join('\n'))
    assert.match(finished.stderr, /50,000 records to .* \(1 partition\)/)
    const raw = await cli.text(['consume', topic, '-e', '-o', 'raw'])
    assert.equal(raw, `${lines.join('\n')}\n`)
  })

  test('a topic is not emptied by an offset past its end, and where only some partitions end before it, that is said', async () => {
    const topic = await newTopic(2)
    for (const [partition, text] of ['a\n', 'a\nb\nc\n'].entries())
      await cli.text(['produce', topic, '-P', String(partition)], text)
    const past = await cli.run(['topics', 'trim', topic, '--before', '30', '--yes'])
    assert.equal(past.code, 2)
    assert.match(past.stderr, /--before 30 is past the end: .*:0 ends at 1, .*:1 ends at 3\n.*OFFSET_OUT_OF_RANGE/)
    assert.equal((await values(topic)).length, 4)
    const some = await cli.run(['topics', 'trim', topic, '--before', '2', '--yes'])
    assert.deepEqual([some.code, /:0 ends at 1: all of it goes\nremoved 3 records/.test(some.stderr)], [0, true])
    assert.deepEqual(await values(topic), ['c'])
    assert.equal((await cli.run(['topics', 'trim', topic, '--before', '@2100-01-01', '--yes'])).code, 0)
  })

  test('a group goes on where it stopped, and its lag is counted', async () => {
    const [topic, group] = [await newTopic(1), cli.unique('group')]
    await cli.text(['produce', topic], 'a\nb\nc\nd\n')
    assert.deepEqual(
      await cli.rows(['consume', topic, '-g', group, '-n', '1']).then((rows) => rows.map((row) => row.value)),
      ['a']
    )
    const [described] = await cli.rows(['groups', 'describe', group])
    assert.deepEqual(
      [described?.state, described?.lag, described?.topics],
      ['Empty', 3, [{ topic, partitions: 1, lag: 3 }]]
    )
    assert.deepEqual(await values(topic, '-g', group), ['b', 'c', 'd'])
    assert.deepEqual(await values(topic, '-g', group, '--from', 'start', '--no-commit'), ['a', 'b', 'c', 'd'])
    assert.ok((await cli.rows(['groups', 'list'])).some((row) => row.group === group))
  })

  test('groups are found by patterns, to be listed, described and deleted', async () => {
    const [topic, name] = [await newTopic(1), cli.unique('pattern')]
    const [one, other] = [`${name}-one`, `${name}-other`]
    await cli.text(['produce', topic, 'a'])
    for (const group of [one, other]) await cli.text(['consume', topic, '-g', group, '-e'])
    const groups = async (...args: string[]) => (await cli.rows(['groups', ...args])).map((row) => row.group)
    assert.deepEqual(await groups('list', `${name}*`), [one, other])
    assert.deepEqual(await groups('list', `${name}-one`, '--state', 'stable'), [])
    assert.deepEqual(await groups('describe', `${name}*`), [one, other])
    assert.deepEqual(await groups('describe', other, one), [other, one])
    assert.deepEqual((await cli.text(['groups', 'describe', `${name}-o[tn]*`, '-o', 'csv'])).split('\n'), [
      'group,topic,partition,committed,end,lag,member,host',
      `${one},${topic},0,1,1,0,,`,
      `${other},${topic},0,1,1,0,,`,
      ''
    ])
    assert.match((await cli.run(['groups', 'delete', `${name}*`])).stderr, /this would delete 2 groups: /)
    await cli.text(['groups', 'delete', `${name}*`, '--yes'])
    const gone = await cli.run(['groups', 'describe', `${name}*`])
    assert.deepEqual([gone.code, /no group matches "pattern/.test(gone.stderr)], [5, true])
  })

  test('what a member has read and not printed is not committed, whatever ends it', async () => {
    const topic = await newTopic(1)
    await cli.text(['produce', topic], 'a\nb\nc\nd\n')
    for (const ended of [
      ['-e', '-n', '1'],
      ['-e', '--expect', '1'],
      ['--from', '0:4', '-n', '1']
    ]) {
      const member = ['consume', topic, '-g', cli.unique('group')]
      assert.equal((await cli.rows([...member, ...ended])).length, 1)
      const rest = await cli.rows([...member, '-e'])
      assert.deepEqual(
        rest.map((row) => row.value),
        ['b', 'c', 'd']
      )
    }
  })

  test('a member commits nothing of what went into a closed pipe', async () => {
    const [topic, group] = [await newTopic(1), cli.unique('group')]
    // One fetch brings all of it, and it is more than a pipe holds.
    await cli.text(['produce', topic, 'x'.repeat(1000), '-n', '900'])
    const member = cli.start(['consume', topic, '-g', group])
    await member.until((lines) => lines[0], 'a line', waitMs)
    member.child.stdout.destroy()
    assert.equal(await member.exited, 0)
    assert.equal((await values(topic, '-g', group)).length, 900)
  })

  test('offsets are moved only when told to, kept in a file, and not under a member', async () => {
    const [topic, group] = [await newTopic(1), cli.unique('group')]
    await cli.text(['produce', topic], 'a\nb\nc\nd\n')
    await cli.text(['consume', topic, '-g', group, '-e'])
    const committed = async () => {
      const [described] = await cli.rows(['groups', 'describe', group])
      return list(described?.partitions)[0]?.committed
    }
    const [row] = await cli.rows(['groups', 'reset', group, '--to', 'earliest'])
    assert.deepEqual([row?.before, row?.after, await committed()], [4, 0, 4])
    using directory = temporaryDirectory('reset')
    const file = join(directory.path, 'offsets.csv')
    await cli.text(['groups', 'reset', group, '--shift', '-1', '--execute', '--export', file])
    assert.equal(await committed(), 3)
    assert.equal(readFileSync(file, 'utf8'), `${topic},0,3\n`)
    writeFileSync(file, `${topic},0,1\n`)
    await cli.text(['groups', 'reset', group, '--from-file', file, '--execute'])
    assert.equal(await committed(), 1)

    const member = cli.start(['consume', topic, '-g', group])
    await member.until((lines) => (lines.length >= 3 ? true : undefined), 'the records', waitMs)
    const refused = await cli.run(['groups', 'reset', group, '--to', 'latest', '--execute'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /NON_EMPTY_GROUP \(68\): stop odradek-cli/)
    member.child.kill('SIGINT')
    assert.equal(await member.exited, 130)
    const [left] = await cli.rows(['groups', 'describe', group])
    assert.deepEqual([left?.state, left?.lag], ['Empty', 0])
    await cli.text(['groups', 'delete', group, '--yes'])
    assert.equal((await cli.run(['groups', 'describe', group])).code, 5)
  })

  test('whoever waits in silence is told where the reader stands', async () => {
    const topic = await newTopic(3)
    const waiting = cli.start(['consume', topic])
    let said = ''
    for await (const [chunk] of on(waiting.child.stderr)) {
      said += chunk
      if (said.includes('\n')) break
    }
    assert.match(said, /^at the end of 3 partitions, waiting for records; Ctrl-C stops, or use --exit$/m)
    waiting.child.kill('SIGINT')
    assert.equal(await waiting.exited, 130)
  })

  test('a reader that closes the pipe early ends the command quietly', async () => {
    const topic = await newTopic(1)
    await cli.text(['produce', topic, 'x'.repeat(1000), '-n', '2000'])
    const reader = cli.start(['consume', topic])
    await reader.until((lines) => lines[0], 'a line', waitMs)
    reader.child.stdout.destroy()
    assert.equal(await reader.exited, 0)
    assert.equal(reader.stderr, '')
  })

  test('each kind of failure has its exit code', async () => {
    const topic = await newTopic(1)
    const codeOf = async (...args: string[]) => (await cli.run(args)).code
    assert.equal(await codeOf('topics', 'create', topic), 1)
    assert.equal(await codeOf('topics', 'create', topic, '--if-not-exists'), 0)
    assert.equal(await codeOf('consume', topic, '--from', 'nowhere'), 2)
    assert.equal(await codeOf('topics', 'delete', topic), 2)
    assert.equal(await codeOf('topics', 'list', '-b', '127.0.0.1:1'), 3)
    assert.equal(await codeOf('consume', cli.unique('missing')), 5)
    assert.equal(await codeOf('produce', topic, 'x', '-P', '7'), 5)
    assert.equal(await codeOf('consume', topic, '--expect', '1', '--timeout', '300ms'), 7)
    assert.equal(await codeOf('topics', 'delete', topic, cli.unique('missing'), '--yes'), 6)
  })

  test('an unreachable broker is named within two seconds, with the reason and what to try', async () => {
    const startedMs = performance.now()
    const { stderr } = await cli.run(['topics', 'list', '-b', '127.0.0.1:1'])
    assert.ok(performance.now() - startedMs < 2500)
    assert.match(stderr, /127\.0\.0\.1:1\n {2}why: .*ECONNREFUSED.*\n {2}try: npx odradek serve/)
  })
})

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}

async function* on(stream: NodeJS.ReadableStream): AsyncGenerator<unknown[]> {
  for (;;) yield await once(stream, 'data')
}
