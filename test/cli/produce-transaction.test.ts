/** `produce --txn`: all of a run or nothing, for who reads what is committed; on ours and on a real Apache Kafka. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import type { LineProcess } from '../harness/child-process.ts'
import { type CommandLine, openCommandLine, unavailable } from './command-line.ts'

suite('produce --txn', { skip: unavailable() }, () => {
  let cli: CommandLine
  let topic: string
  before(async () => {
    cli = await openCommandLine()
  })
  beforeEach(async () => {
    topic = cli.unique('topic')
    await cli.text(['topics', 'create', topic, '-p', '3', '-c', 'max.message.bytes=1000'])
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  async function values(isolation: 'committed' | 'uncommitted'): Promise<unknown[]> {
    return (await cli.rows(['consume', topic, '-e', '--isolation', isolation])).map((row) => row.value).sort()
  }

  /** Once the lines lie in the log, and the transaction is open. */
  async function begun(...options: string[]): Promise<LineProcess> {
    const writer = cli.start(['produce', topic, '-K', ':', ...options])
    writer.child.stdin.write('a:first\nb:second\nc:third\n')
    while ((await values('uncommitted')).length < 3);
    return writer
  }

  test('all lines are there at once, when the input ends', async () => {
    const writer = await begun('--txn', 'import')
    assert.deepEqual(await values('committed'), [])
    writer.child.stdin.end('d:fourth\n')
    assert.equal(await writer.exited, 0, writer.stderr)
    assert.match(writer.stderr, /the transaction of import was committed/)
    assert.deepEqual(await values('committed'), ['first', 'fourth', 'second', 'third'])
    await cli.text(['produce', topic, 'of an id that was used', '--txn', 'import'])
    assert.equal((await values('committed')).length, 5)
  })

  test('Ctrl-C aborts: nothing of it is read', async () => {
    const writer = await begun('-X', 'transactional.id=interrupted')
    writer.child.kill('SIGINT')
    assert.equal(await writer.exited, 130, writer.stderr)
    assert.match(writer.stderr, /the transaction of interrupted was aborted/)
    await cli.text(['produce', topic, 'after it'])
    assert.deepEqual(await values('committed'), ['after it'])
  })

  test('a record that is refused, or a line that cannot be read, aborts all', async () => {
    const large = await cli.run(['produce', topic, '--txn', 'refused'], `fits\n${'x'.repeat(5000)}\n`)
    assert.equal(large.code, 1)
    assert.match(large.stderr, /line 2 .* was refused[\s\S]*MESSAGE_TOO_LARGE/)
    const unreadable = await cli.run(['produce', topic, '-i', 'json', '--txn', 'unreadable'], '{}\n{\n')
    assert.equal(unreadable.code, 2)
    for (const { stderr } of [large, unreadable]) {
      assert.match(stderr, /was aborted: who reads what is committed sees nothing of it/)
      assert.doesNotMatch(stderr, /goes on from line/)
    }
    assert.deepEqual(await values('committed'), [])
  })

  test('who begins with the same id aborts what is open, and fences who has it', async () => {
    const writer = await begun('--txn', 'taken')
    await cli.text(['produce', topic, 'of the next', '--txn', 'taken'])
    writer.child.stdin.end('d:of the one that is fenced\n')
    assert.equal(await writer.exited, 1)
    assert.match(writer.stderr, /INVALID_PRODUCER_EPOCH|PRODUCER_FENCED/)
    assert.deepEqual(await values('committed'), ['of the next'])
  })

  test('one that is fenced says so, whichever request tells: to include a partition, to write, to commit', async () => {
    const ends: ReadonlyArray<readonly [lines: string, error: RegExp]> = [
      ['{"partition":1,"value":"y"}\n', /PRODUCER_FENCED \(90\)|INVALID_PRODUCER_EPOCH \(47\)/],
      ['{"partition":0,"value":"y"}\n', /INVALID_PRODUCER_EPOCH \(47\)/],
      ['', /PRODUCER_FENCED \(90\)|INVALID_PRODUCER_EPOCH \(47\)/]
    ]
    for (const [lines, error] of ends) {
      const id = cli.unique('fenced')
      const isBegun = (await values('uncommitted')).length + 1
      const writer = cli.start(['produce', topic, '-i', 'jsonl', '--txn', id])
      writer.child.stdin.write('{"partition":0,"value":"x"}\n')
      while ((await values('uncommitted')).length < isBegun);
      await cli.text(['produce', topic, 'of the next', '--txn', id])
      writer.child.stdin.end(lines)
      assert.equal(await writer.exited, 1)
      assert.match(
        writer.stderr,
        new RegExp(`^error: the transaction of "${id}" was not committed: another producer began`, 'm')
      )
      assert.match(writer.stderr, error)
      assert.doesNotMatch(writer.stderr, /\.;/)
      assert.match(writer.stderr, new RegExp(`try: .*odradek transactions describe ${id}`))
    }
  })

  test('an empty input commits nothing, and weaker acks are refused', async () => {
    const { code, stderr } = await cli.run(['produce', topic, '--txn', 'nothing'], '')
    assert.equal(code, 0, stderr)
    const weaker = await cli.run(['produce', topic, 'x', '--txn', 'nothing', '--acks', '1'])
    assert.equal(weaker.code, 2)
    assert.match(weaker.stderr, /--txn and --acks 1 exclude each other/)
  })
})
