/** A value that is empty: most often a variable of the shell that is not set; where it means something, that is told. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type CommandLine, openCommandLine, unavailable } from './command-line.ts'

suite('empty values', { skip: unavailable() }, () => {
  let cli: CommandLine
  let topic: string
  before(async () => {
    cli = await openCommandLine()
    topic = cli.unique('orders')
    await cli.text(['topics', 'create', topic, '-p', '1'])
    await cli.text(['produce', topic, '-i', 'jsonl'], '{"key":"","value":"empty"}\n{"value":"null"}\n')
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  async function fails(args: readonly string[], code: number, ...said: RegExp[]): Promise<void> {
    const { code: found, stderr } = await cli.run(args, '')
    assert.equal(found, code, `${args.join(' ')}: ${stderr}`)
    for (const sentence of said) assert.match(stderr, sentence)
  }

  test('a value that is empty is refused, but where it means something', async () => {
    const empty = /why: perhaps it comes from a variable of the shell that is not set$/m
    await fails(['consume', topic, '-g', ''], 2, /^error: the value of --group is empty$/m, empty)
    await fails(['consume', topic, '--group='], 2, /the value of --group is empty/)
    await fails(['consume', ''], 2, /^error: the topic is empty$/m, empty)
    await fails(['serve', '--data', ''], 2, /the value of --data is empty/)
    for (const [option, name] of [
      ['-P', '--partition'],
      ['-K', '--key-separator'],
      ['-i', '--input'],
      ['--acks', '--acks'],
      ['-z', '--compression'],
      ['-o', '--output'],
      ['--template', '--template']
    ] as const)
      await fails(
        ['produce', topic, option, ''],
        2,
        new RegExp(`^error: the value of ${name} is empty\n  why: perhaps it`)
      )
    await fails(['learn', 'offset', '--voice', ''], 2, /the value of --voice is empty\n.*; it is one of /)
    const to = cli.unique('empty')
    await cli.text(['produce', to, '', '-k', ''])
    const [record] = await cli.rows(['consume', to, '-e'])
    assert.deepEqual([record?.key, record?.value], ['', ''])
  })

  test('an empty key is a key, for who filters and for who traces, and both are told so', async () => {
    const filtered = await cli.run(['consume', topic, '-e', '--filter-key', '', '-f', '%v\\n'])
    assert.equal(filtered.stdout.toString(), 'empty\n')
    assert.match(filtered.stderr, /^--filter-key is empty: what matches has an empty key, which is not null$/m)
    const none = await cli.run(['consume', topic, '-e', '--filter-value', ''])
    assert.equal(none.stdout.toString(), '')
    assert.match(none.stderr, /^--filter-value is empty: what matches has an empty value/m)
    const { code, stdout, stderr } = await cli.run(['trace', topic, '--key', '', '-o', 'jsonl'])
    assert.equal(code, 0, stderr)
    assert.deepEqual([JSON.parse(stdout.toString()).offset, JSON.parse(stdout.toString()).key], [0, ''])
    assert.match(stderr, /^--key is empty: what matches has an empty key, which is not null$/m)
    await fails(['trace', topic, '--key', '-b'], 5, /has no message with the key "-b"/)
  })
})
