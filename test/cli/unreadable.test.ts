/** A partition whose log is offline keeps nobody from the others, and is named wherever it is missed. */
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { UnreadableError } from '../../src/cli/unreadable.ts'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { freePort } from '../harness/free-port.ts'
import { startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { type CommandLine, commandLineAt } from './command-line.ts'

suite('commands beside a partition that is offline', () => {
  const directory = temporaryDirectory('unreadable')
  const elsewhere = temporaryDirectory('unreadable-aside')
  const aside = join(elsewhere.path, 'a-0')
  let port: number
  let broker: BrokerProcess
  let cli: CommandLine

  before(async () => {
    port = await freePort()
    broker = await startOdradek({ dataDirectory: directory.path, port })
    cli = commandLineAt(broker.bootstrap)
    await cli.text(['topics', 'create', 'a', '-p', '2'])
    await cli.text(['topics', 'create', 'b', '-p', '1'])
    for (const partition of ['0', '1']) await cli.text(['produce', 'a', '-P', partition], `in a:${partition}\n`)
    await cli.text(['produce', 'b'], 'in b:0\n')
    await cli.text(['consume', 'a', 'b', '-g', 'readers', '-e', '--timeout', '20s'])
    await broker.stop()
    cpSync(join(directory.path, 'a-0'), aside, { recursive: true })
    rmSync(join(directory.path, 'a-0'), { recursive: true })
    broker = await startOdradek({ dataDirectory: directory.path, port })
    cli = commandLineAt(broker.bootstrap)
  })
  after(async () => {
    await broker?.stop()
    for (const one of [directory, elsewhere]) one.remove()
  })

  const named = /^a:0 cannot be read: KAFKA_STORAGE_ERROR \(56\).*try: (npx )?odradek topics describe a /m

  async function prints(args: readonly string[], code: number): Promise<Record<string, unknown>[]> {
    const found = await cli.run(args)
    assert.equal(found.code, code, found.stderr)
    assert.match(found.stderr, named)
    const lines = found.stdout.toString().split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
  }

  test('lists show all there is, with the reason in the row of the partition', async () => {
    assert.deepEqual(await prints(['topics', 'list'], 0), [
      { topic: 'a', partitions: 2, replicas: 1, offsets: 1, unreadable: [0] },
      { topic: 'b', partitions: 1, replicas: 1, offsets: 1 }
    ])
    assert.deepEqual(await prints(['topics', 'offsets', 'a'], 0), [
      { topic: 'a', partition: 0, start: null, end: null, error: 'KAFKA_STORAGE_ERROR' },
      { topic: 'a', partition: 1, start: 0, end: 1 }
    ])
    const [described] = await prints(['topics', 'describe', 'a'], 0)
    assert.deepEqual(
      Object(described).partitions.map((row: { error?: string }) => row.error),
      ['KAFKA_STORAGE_ERROR', undefined]
    )
    const [group] = await prints(['groups', 'describe', 'readers'], 0)
    assert.deepEqual(
      Object(group).partitions.map((row: { lag: number | null; error?: string }) => row.error ?? row.lag),
      ['KAFKA_STORAGE_ERROR', 0, 0]
    )
  })

  test('a group is moved in the other partitions; what it committed in this one stays', async () => {
    const rows = await prints(['groups', 'reset', 'readers', '--to', 'start', '--execute'], 6)
    const moved = rows.map(({ topic, partition, before, after, error }) => [topic, partition, before, after, error])
    assert.deepEqual(moved, [
      ['a', 1, 1, 0, undefined],
      ['b', 0, 1, 0, undefined],
      ['a', 0, 1, 1, 'KAFKA_STORAGE_ERROR']
    ])
  })

  test('consume reads the others, alone and in a group, and ends as one of which a part failed', async () => {
    for (const more of [[], ['-g', 'others', '--timeout', '20s']]) {
      const records = await prints(['consume', '*', '-e', ...more], 6)
      assert.deepEqual(records.map((record) => record.value).sort(), ['in a:1', 'in b:0'])
    }
  })

  test('a command that is about this partition names it, and says where to look', async () => {
    const lines = [
      ['consume', 'a', '-P', '0', '-e'],
      ['trace', 'a', '--offset', '0:0'],
      ['topics', 'trim', 'a', '--before', 'end', '--yes'],
      ['groups', 'reset', 'readers', '--topic', 'a:0', '--to', 'start']
    ]
    for (const args of lines) {
      const { code, stderr } = await cli.run(args)
      assert.equal(code, 1, stderr)
      assert.match(
        stderr,
        /^error: a:0 cannot be read\n {2}why: KAFKA_STORAGE_ERROR \(56\)\n {2}try: (npx )?odradek topics describe a /
      )
    }
  })

  test('members of a group read the others and wait for it, alone or beside another, and read it once it can be', async () => {
    const members = [1, 2].map(() => cli.start(['consume', 'a', '-g', 'pair']))
    try {
      // One of them has nothing but the partition that is offline.
      const waits = /a:0 cannot be read: KAFKA_STORAGE_ERROR \(56\).*; waiting until it can be; try/
      const waiting = await Promise.any(
        members.map(async (member) => {
          await member.until(() => waits.exec(member.stderr) ?? undefined, 'the one that waits', 20_000)
          return member
        })
      )
      await cli.text(['produce', 'a', '-P', '1'], 'later\n')
      const valueIn = (lines: readonly string[], value: string) =>
        lines.find((line) => JSON.parse(line).value === value)
      await Promise.any(members.map((member) => member.until((lines) => valueIn(lines, 'later'), 'what comes', 20_000)))
      await broker.stop()
      rmSync(join(directory.path, 'a-0'), { recursive: true, force: true })
      cpSync(aside, join(directory.path, 'a-0'), { recursive: true })
      broker = await startOdradek({ dataDirectory: directory.path, port })
      await Promise.any(members.map((member) => member.until((lines) => valueIn(lines, 'in a:0'), 'it', 20_000)))
      assert.equal(waiting.child.exitCode, null)
    } finally {
      await Promise.all(members.map((member) => member.kill()))
    }
  })
})

test('of a topic that is gone it is said what may have become of it, and where to look', () => {
  const failure = { name: 'UNKNOWN_TOPIC_ID', code: 100, message: undefined }
  const error = new UnreadableError({ topic: 'a', partition: 0, failure })
  assert.equal(
    error.why,
    'UNKNOWN_TOPIC_ID (100); it was deleted, or only in the memory of a broker that has ended since'
  )
  assert.equal(error.next, 'odradek topics list')
  assert.equal(error.exitCode, 5)
})
