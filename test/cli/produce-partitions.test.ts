/** `produce` while the partitions of its topic change. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import type { LineProcess } from '../harness/child-process.ts'
import { type CommandLine, openCommandLine, unavailable } from './command-line.ts'

const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`)

suite('produce to a topic whose partitions change', { skip: unavailable() }, () => {
  let cli: CommandLine
  let topic: string
  before(async () => {
    cli = await openCommandLine()
  })
  beforeEach(() => {
    topic = cli.unique('topic')
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  function send(writer: LineProcess, round: string): void {
    writer.child.stdin.write(keys.map((key) => `${key}:${round}\n`).join(''))
  }

  /** How many records each partition holds, once there are so many in all. */
  async function stored(sum: number): Promise<number[]> {
    for (;;) {
      const { stdout } = await cli.run(['topics', 'offsets', topic])
      const lines = stdout.toString().split('\n').filter(Boolean)
      const ends = lines.map((line) => Number(JSON.parse(line).end))
      if (ends.reduce((a, b) => a + b, 0) >= sum) return ends
    }
  }

  test('one that is made anew with fewer partitions gets what comes from then on', async () => {
    await cli.text(['topics', 'create', topic, '-p', '6'])
    const writer = cli.start(['produce', topic, '-K', ':'])
    send(writer, 'before')
    await stored(keys.length)
    await cli.text(['topics', 'delete', topic, '--yes'])
    await cli.text(['topics', 'create', topic, '-p', '2'])
    send(writer, 'after')
    assert.equal((await stored(keys.length)).length, 2)
    writer.child.stdin.end()
    assert.equal(await writer.exited, 0, writer.stderr)
    const values = (await cli.rows(['consume', topic, '-e'])).map((row) => row.value)
    assert.deepEqual(new Set(values), new Set(['after']))
    assert.equal(values.length, keys.length)
  })

  test('a partition that was asked for and is there no more is named with its line', async () => {
    await cli.text(['topics', 'create', topic, '-p', '3'])
    const writer = cli.start(['produce', topic, '-f', '%p %v'])
    writer.child.stdin.write('2 first\n')
    await stored(1)
    await cli.text(['topics', 'delete', topic, '--yes'])
    await cli.text(['topics', 'create', topic, '-p', '1'])
    writer.child.stdin.end('2 second\n')
    assert.equal(await writer.exited, 5, writer.stderr)
    assert.match(writer.stderr, /error: line 2: topic .* has no partition 2/)
    assert.match(writer.stderr, /1 record was delivered/)
  })

  test('partitions that are added get their share', async () => {
    await cli.text(['topics', 'create', topic, '-p', '1'])
    const writer = cli.start(['produce', topic, '-K', ':'])
    let rounds = 0
    const sendAnother = () => send(writer, String(++rounds))
    sendAnother()
    await stored(keys.length)
    await cli.text(['topics', 'alter', topic, '-p', '4'])
    while ((await stored(rounds * keys.length)).slice(1).some((end) => end === 0)) sendAnother()
    writer.child.stdin.end()
    assert.equal(await writer.exited, 0, writer.stderr)
  })
})
