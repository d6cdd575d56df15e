/** What the programs can be told, and what they say when it cannot be understood. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { ExitCode as CommandExitCode } from '../../src/cli/exit-codes.ts'
import { reachable } from '../../withkafka/client/connection.ts'
import { consumerHelp, readConsumerOptions } from '../../withkafka/consume/options.ts'
import { producerHelp, readProducerOptions } from '../../withkafka/produce/options.ts'
import { bootstrapServer, directory, parseBrokers } from '../../withkafka/program/options.ts'
import { ExitCode, Problem } from '../../withkafka/program/problem.ts'
import { type Program, runProgram } from './programs.ts'

function isWrongUsage(error: unknown): boolean {
  return error instanceof Problem && error.exitCode === ExitCode.wrongUsage
}

test('the exit codes are those of the odradek command', () => {
  for (const [name, code] of Object.entries(ExitCode))
    assert.equal(CommandExitCode[name as keyof typeof ExitCode], code, name)
})

test('without options: test_topic, and the group test_group that prints', () => {
  const producer = readProducerOptions(directory, ['hello'])
  assert.deepEqual([producer?.place, producer?.topic], ['./odradek-data', 'test_topic'])
  const consumer = readConsumerOptions(directory, [])
  assert.deepEqual(
    [consumer?.topics, consumer?.group, consumer?.way],
    [['test_topic'], 'test_group', { kind: 'print' }]
  )
})

const wrongForTheProducer: readonly (readonly string[])[] = [
  ['--unknown'],
  ['--topic'],
  ['--format', 'xml', 'a'],
  ['--example', 'pizza'],
  ['--example', 'order', 'a'],
  ['--file', 'x', 'a'],
  ['--file', 'x', '--example', 'order'],
  ['--whole', 'a'],
  ['--key', 'k', '--key-field', 'f', 'a'],
  ['--key-separator', '', 'a'],
  ['--resume', 'a'],
  ['--resume', '--key', 'k', 'a'],
  ['--timeout', 'soon', 'a'],
  ['--timeout', '0', 'a'],
  ['--directory', 'x', 'a']
]

const wrongForTheConsumer: readonly (readonly string[])[] = [
  ['--unknown'],
  ['message'],
  ['--group', ''],
  ['--store', 'x', '--print'],
  ['--store', ''],
  ['--run', ''],
  ['--run', 'a', '--post', 'http://localhost/'],
  ['--post', 'localhost:80'],
  ['--post', 'ftp://localhost/'],
  ['--run', 'a', '--on-failure', 'skip'],
  ['--on-failure', 'dead-letter'],
  ['--store', 'x', '--on-failure', 'stop']
]

test('what the programs cannot understand is wrong usage', () => {
  for (const args of wrongForTheProducer)
    assert.throws(() => readProducerOptions(bootstrapServer, args), isWrongUsage, args.join(' '))
  for (const args of wrongForTheConsumer)
    assert.throws(() => readConsumerOptions(bootstrapServer, args), isWrongUsage, args.join(' '))
  for (const brokers of ['', 'localhost', 'localhost:', 'localhost:0', 'localhost:99999', 'a:1,,b:2', 'http://a:1'])
    assert.throws(() => parseBrokers(brokers), isWrongUsage, brokers)
  assert.deepEqual(parseBrokers('a:1, [::1]:9092'), ['a:1', '[::1]:9092'])
})

test('the help names every option that there is, and no other', () => {
  const named = (help: string) => [...new Set([...help.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option))]
  for (const option of named(producerHelp('x', bootstrapServer)).filter((name) => name !== '--help'))
    assert.doesNotMatch(
      complaintOf(() => readProducerOptions(bootstrapServer, [option])),
      /Unknown option/,
      option
    )
  for (const option of named(consumerHelp('x', bootstrapServer)).filter((name) => name !== '--help'))
    assert.doesNotMatch(
      complaintOf(() => readConsumerOptions(bootstrapServer, [option])),
      /Unknown option/,
      option
    )
})

test('a wrong option or a word too many is answered with the option that is meant', () => {
  const hintOf = (work: () => unknown): unknown => {
    try {
      return work()
    } catch (error) {
      return error instanceof Problem ? error.next : error
    }
  }
  const ofProducer = (...args: string[]) => hintOf(() => readProducerOptions(bootstrapServer, args))
  const ofConsumer = (...args: string[]) => hintOf(() => readConsumerOptions(bootstrapServer, args))
  assert.match(String(ofProducer('--broker', 'localhost:9092')), /^--bootstrap-server /)
  assert.match(String(ofProducer('--topics', 'orders')), /^--topic /)
  assert.equal(ofProducer('--unknown'), '--help lists all options')
  assert.equal(ofConsumer('orders'), '--topic orders')
})

function complaintOf(work: () => unknown): string {
  try {
    work()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const programs: readonly Program[] = [
  'withkafka/kafkaprod.ts',
  'withkafka/kafkacons.ts',
  'withoutkafka/prod.ts',
  'withoutkafka/cons.ts'
]

for (const program of programs)
  test(`${program} explains itself, and ends with 2 when an option is wrong`, async () => {
    const help = await runProgram(program, ['--help'])
    assert.equal(help.code, 0)
    assert.match(help.stdout.toString(), new RegExp(`npx tsx ${program}`))
    for (const line of help.stdout.toString().split('\n')) assert.ok(line.length <= 80, line)
    const wrong = await runProgram(program, ['--unknown'])
    assert.deepEqual([wrong.code, wrong.stdout.toString()], [2, ''])
    assert.match(wrong.stderr, /^error: .*--unknown.*\n.*try: --help/)
  })

for (const program of ['withkafka/kafkaprod.ts', 'withkafka/kafkacons.ts'] as const)
  test(`${program} names the brokers that cannot be reached, and what to try`, async () => {
    const { code, stderr } = await runProgram(program, ['--bootstrap-server', '127.0.0.1:1,127.0.0.1:2'])
    assert.equal(code, 3)
    assert.match(stderr, /^error: cannot reach a Kafka broker at 127\.0\.0\.1:1, 127\.0\.0\.1:2\n/)
    assert.match(stderr, /\n {2}why: .*ECONNREFUSED.*\n {2}try: .*odradek serve/)
  })

test('whoever does not answer is named within two seconds, whether nothing listens there or something that is not Kafka', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  try {
    for (const brokers of [['127.0.0.1:1'], [`127.0.0.1:${port}`], ['127.0.0.1:1', `127.0.0.1:${port}`]]) {
      // The best of three, for a machine that is busy with other things.
      const tookMs: number[] = []
      for (let attempt = 0; attempt < 3 && Math.min(...tookMs) >= 2000; attempt++) {
        const startMs = performance.now()
        await assert.rejects(
          reachable(() => brokers),
          (error) => error instanceof Problem && error.exitCode === ExitCode.unreachable
        )
        tookMs.push(performance.now() - startMs)
      }
      assert.ok(Math.min(...tookMs) < 2000, `${brokers}: ${tookMs} ms`)
    }
  } finally {
    silent.close()
  }
})
