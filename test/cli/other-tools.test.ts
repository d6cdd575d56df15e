/** docs/guides/from-other-tools.md, line by line: what it says works, and another tool's line works as well or is answered with ours. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CommanderError } from 'commander'
import type { CliError } from '../../src/cli/cli-error.ts'
import { ourLineFor } from '../../src/cli/other-tools.ts'
import { asHelpOption, fromParser } from '../../src/cli/parser-errors.ts'
import { buildProgram, replaceSynonyms } from '../../src/cli/program.ts'
import { projectDirectory } from '../harness/paths.ts'

const page = readFileSync(join(projectDirectory, 'docs', 'guides', 'from-other-tools.md'), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => /^\| .*`/.test(line))
  .map((line) => line.split(' | ').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)))

/** As a shell takes a line apart. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'([^']*)'|"([^"]*)"|(\S+))/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

/** Undefined: it is a command of ours. */
async function refusalOf(line: string): Promise<CliError | undefined> {
  const words = wordsOf(line)
  let isRun = false
  const program = buildProgram(words, async () => {
    isRun = true
  })
  try {
    await program.parseAsync(replaceSynonyms(asHelpOption(words)), { from: 'user' })
    assert.ok(isRun, line)
    return undefined
  } catch (error) {
    assert.ok(error instanceof CommanderError, `${line}: ${error}`)
    return fromParser(error, words)
  }
}

async function assertAnswered(line: string): Promise<void> {
  const refusal = await refusalOf(line)
  if (refusal === undefined) return
  const next = refusal.next ?? ''
  assert.doesNotMatch(next, /--help$/, `${line}: ${refusal.message}`)
  const ours = /^odradek (.*?)( {3}.*)?$/.exec(next)?.[1]
  if (ours === '--version') return
  assert.equal(await refusalOf(ours ?? ''), undefined, `${line} is answered with ${next}`)
}

test('the page has lines of each tool', () => {
  for (const tool of ['kcat -', 'rpk ', 'kafkactl ', 'kaf ', 'kafka-topics.sh ', 'kafka-console-consumer.sh ']) {
    assert.ok(
      rows.some(([theirs]) => theirs?.some((line) => line.startsWith(tool))),
      tool
    )
  }
})

test('each line of ours on the page is a command that runs', async () => {
  const ours = rows.flatMap(([, cells]) => cells ?? []).filter((line) => line.startsWith('odradek '))
  assert.ok(ours.length > 40)
  for (const line of ours) assert.equal(await refusalOf(line.replace('odradek ', '')), undefined, line)
})

test("each line of another tool's runs, or is answered with a line of ours that runs; also with the tool's name", async () => {
  const theirs = rows.flatMap(([cells]) => cells ?? []).filter((line) => !line.startsWith('--'))
  assert.ok(theirs.length > 40)
  for (const line of theirs) {
    await assertAnswered(line)
    await assertAnswered(line.replace(/^(rpk|kcat|kafkactl|kaf) /, ''))
  }
})

test('what people type by habit runs, or is answered with a line of ours that runs', async () => {
  const habits = [
    'topics --list',
    'topics --create --topic orders --partitions 3',
    'topics --describe --topic orders',
    'topics --delete --topic orders',
    'topics --bootstrap-server localhost:9092 --list',
    'groups --list',
    'groups --describe --group payments',
    'groups --delete --group payments',
    'groups reset-offsets payments',
    'kafka-topics --bootstrap-server localhost:9092 --list',
    '/opt/kafka/bin/kafka-topics.sh --bootstrap-server localhost:9092 --describe --topic orders',
    'kafka-console-consumer --bootstrap-server localhost:9092 --topic orders',
    'kafka-console-consumer.sh --topic orders --from-beginning --property print.key=true',
    'kafka-console-producer --topic orders --property parse.key=true',
    'kafka-configs.sh --describe --topic orders',
    'consume orders --property print.key=true',
    'consume -t orders --property print.key=true',
    'produce orders --property parse.key=true',
    'topics alter orders --add-config retention.ms=1000',
    'topics alter orders --set retention.ms=1000',
    'topics alter-config orders --set retention.ms=1000',
    "consume -r 'order.*'",
    'topics trim-prefix orders -o 1',
    'topics trim orders -o 1',
    'version',
    'list topics',
    'list groups',
    'create orders',
    'create topic orders -p 3',
    'delete orders',
    'describe orders',
    'produce orders --value v',
    'consume orders --print-keys',
    'consume orders -f',
    'produce orders -k key -Z',
    'produce orders --producer.config client.properties',
    'consume orders -t orders -p 0 -G group -c 5 -J -Z --from-beginning',
    'consume orders --max-messages 5 --offset 3 --group payments',
    'groups reset --group payments --to-earliest --dry-run',
    'groups reset payments --shift-by -1',
    'topics ls',
    'topics desc orders',
    'topics rm orders'
  ]
  for (const line of habits) await assertAnswered(line)
})

test('an answer names the topic, the group and the place that were typed', () => {
  const ours = (line: string) => ourLineFor(line.split(' '))
  assert.equal(ours('topics --create --topic orders --partitions 3'), 'odradek topics create orders')
  assert.equal(ours('kafka-consumer-groups.sh --describe --group payments'), 'odradek groups describe payments')
  assert.equal(ours('topics trim-prefix orders -o 100'), 'odradek topics trim orders --before 100')
  assert.equal(ours('rpk topic list'), 'odradek topic list')
  assert.equal(ours('topic consume orders'), 'odradek consume orders')
  assert.equal(ours('topic consume'), 'odradek consume TOPIC')
  assert.equal(ours('list topics'), 'odradek topics list')
  assert.equal(ours('version'), 'odradek --version')
})

test('help for a command that does not exist is an error, with the command that was probably meant', () => {
  assert.deepEqual(asHelpOption(['help', 'topics', 'list']), ['topics', 'list', '--help'])
  assert.deepEqual(asHelpOption(['consume', '-h']), ['consume', '-h'])
  assert.deepEqual(asHelpOption(['help']), ['--help'])
  assert.throws(() => asHelpOption(['help', 'consme']), { next: 'odradek consume --help' })
  assert.throws(() => asHelpOption(['consme', '--help']), /unknown command 'consme'/)
  assert.throws(() => asHelpOption(['help', 'topics', 'lst']), { next: 'odradek topics list --help' })
  assert.throws(() => asHelpOption(['help', 'nonsense']), { next: 'odradek --help' })
})
