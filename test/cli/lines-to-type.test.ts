/** What is told to be typed works as it stands: called as here, and at the cluster that the call was about. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { connectionOptions } from '../../src/cli/global-options.ts'
import { asCalledBy } from '../../src/cli/own-name.ts'
import { readLine } from '../../src/cli/typed-line.ts'
import { type CommandLine, commandLineAt, openCommandLine, unavailable } from './command-line.ts'

const called = (text: string) => asCalledBy(text, 'npx odradek', ' -b prod:1')

test('the cluster stands at the end of each line that speaks with one, wherever the line ends', () => {
  const lines: readonly (readonly [text: string, typed: string])[] = [
    ['odradek topics list', 'npx odradek topics list -b prod:1'],
    ['npx odradek groups list', 'npx odradek groups list -b prod:1'],
    ['odradek topics list   (use it)', 'npx odradek topics list -b prod:1   (use it)'],
    ['topics list   (or: odradek groups list)', 'topics list   (or: npx odradek groups list -b prod:1)'],
    ['odradek brokers kill 2 (of serve), or so', 'npx odradek brokers kill 2 -b prod:1 (of serve), or so'],
    ['odradek brokers start 2, or so', 'npx odradek brokers start 2 -b prod:1, or so'],
    ['tail -n +3 F | odradek produce x', 'tail -n +3 F | npx odradek produce x -b prod:1'],
    ["odradek produce x 'a, b (c)' -k 1", "npx odradek produce x 'a, b (c)' -k 1 -b prod:1"],
    [`odradek produce x 'it'"'"'s'`, `npx odradek produce x 'it'"'"'s' -b prod:1`],
    ['odradek consume a,b\nnext', 'npx odradek consume a,b -b prod:1\nnext']
  ]
  for (const [text, typed] of lines) assert.equal(called(text), typed)
})

test('a line that says where, one for help, and one that speaks with no cluster stand as they are', () => {
  for (const line of [
    'odradek topics list -b other:2',
    'odradek consume --help',
    'odradek topics create --help',
    'odradek serve --port 9093',
    'odradek check ./data',
    'odradek demo   (without --bootstrap-server it brings a broker of its own)'
  ])
    assert.equal(called(line), `npx ${line}`)
  assert.equal(
    called('an "odradek serve" here, or ./odradek topics x'),
    'an "npx odradek serve" here, or ./odradek topics x'
  )
})

test('however the cluster was said, it is kept, with the other options of the connection', () => {
  const kept = (line: string) => connectionOptions(readLine(line.split(' ')).given)
  assert.equal(kept('topics list -b a:1,b:2'), ' -b a:1,b:2')
  assert.equal(kept('consume x --bootstrap-server=a:1 -e'), ' -b a:1')
  assert.equal(kept('-ba:1 topics list --timeout 3s'), ' -b a:1')
  assert.equal(kept('consume x -eb a:1'), ' -b a:1')
  assert.equal(kept('consume --brokers a:1 x'), ' -b a:1')
  assert.equal(
    kept('topics list --command-config my.properties -X client.id=me'),
    ' --command-config my.properties -X client.id=me'
  )
  assert.equal(kept('produce x -k -b'), '')
  assert.equal(kept('topics list -X a=b;c'), " -X 'a=b;c'")
})

suite('hints at a cluster that was named', { skip: unavailable() }, () => {
  let broker: CommandLine
  /** Where nothing is: a hint that does not say where would lead there. */
  let cli: CommandLine
  before(async () => {
    broker = await openCommandLine()
    cli = commandLineAt('localhost:1')
  })
  after(() => broker?.[Symbol.asyncDispose]())

  test('each is told with the cluster', async () => {
    const there = broker.unique('there')
    await broker.text(['topics', 'create', there, '-p', '1'])
    const lines: readonly (readonly string[])[] = [
      ['consume', 'nosuch', '-e'],
      ['topics', 'describe', 'nosuch'],
      ['topics', 'create', there],
      ['topics', 'create', broker.unique('wide'), '-r', '30'],
      ['topics', 'alter', there, '-c', 'retention.m=1'],
      ['groups', 'describe', 'nosuch'],
      ['groups', 'delete', 'nosuch', '--yes'],
      ['produce', there, 'x', '-P', '9'],
      ['brokers', 'describe', '4711'],
      ['topic', 'consume', there],
      ['trace', there, '--offset', '0:99']
    ]
    for (const line of lines) {
      const { code, stderr } = await cli.run([...line, '-b', broker.bootstrap], '')
      assert.notEqual(code, 0, line.join(' '))
      const typed = /try: (.*?)(?= {3}\(|$)/m.exec(stderr)?.[1] ?? ''
      assert.match(typed, /odradek (topics|groups|brokers|consume|trace) /, stderr)
      assert.equal(typed.split(` -b ${broker.bootstrap}`).length, 2, stderr)
    }
  })
})
