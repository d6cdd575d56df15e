/** docs/guides/from-other-tools.md, line by line: what it says works, and another tool's line works as well or is answered with ours. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CommanderError } from 'commander'
import { CliError } from '../../src/cli/cli-error.ts'
import { type CommandDefinition, Flags } from '../../src/cli/command.ts'
import { consume } from '../../src/cli/consume/command.ts'
import { readPlan as readConsumePlan } from '../../src/cli/consume/plan.ts'
import { parseConfigs, parseCount } from '../../src/cli/human-values.ts'
import { parsePlace } from '../../src/cli/offsets.ts'
import { ourLineFor } from '../../src/cli/other-tools.ts'
import { asHelpOption, fromParser } from '../../src/cli/parser-errors.ts'
import { produce } from '../../src/cli/produce/command.ts'
import { readPlan as readProducePlan } from '../../src/cli/produce/plan.ts'
import { buildProgram, replaceSynonyms } from '../../src/cli/program.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { projectDirectory } from '../harness/paths.ts'
import * as fc from '../harness/properties.ts'
import { quietOptions } from './quiet-options.ts'

const page = readFileSync(join(projectDirectory, 'docs', 'guides', 'from-other-tools.md'), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => /^\| .*`/.test(line))
  .map((line) => line.split(' | ').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)))

/** As a shell takes a line apart. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'([^']*)'|"([^"]*)"|(\S+))/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

/** Undefined: it is a command of ours, and its values can be read if they are looked at. */
async function refusalOf(
  line: string,
  looked: 'with its values' | 'without' = 'with its values'
): Promise<CliError | undefined> {
  const words = wordsOf(line)
  let isRun = false
  const program = buildProgram(words, async (definition, args, values) => {
    isRun = true
    if (looked === 'with its values' && !hasPlaceholder.test(line)) readValues(definition, args, new Flags(values))
  })
  try {
    await program.parseAsync(replaceSynonyms(asHelpOption(words)), { from: 'user' })
    assert.ok(isRun, line)
    return undefined
  } catch (error) {
    if (error instanceof CliError) return error
    assert.ok(error instanceof CommanderError, `${line}: ${error}`)
    return fromParser(error, words)
  }
}

const hasPlaceholder = /[ =:](TOPIC|GROUP|ID|PLACE|PARTITIONS|TIME|NAME|VALUE|OFFSET)\b/

function readValues(definition: CommandDefinition, args: readonly string[], flags: Flags): void {
  const global = { ...quietOptions('localhost'), output: flags.text('output') }
  const terminal = processTerminal({ quiet: true, noColour: true })
  const invocation = { args, flags, global, terminal, interrupted: new AbortController().signal }
  if (definition === consume) readConsumePlan(invocation, Date.now())
  if (definition === produce) readProducePlan(invocation, Date.now())
  flags.parsed('before', (text) => parsePlace(text, Date.now(), '--before', 'a place'))
  if (definition.name === 'reset')
    flags.parsed('to', (text) => text === 'current' || parsePlace(text, Date.now(), '--to', 'a place'))
  if (definition.name === 'create' || definition.name === 'alter') {
    parseConfigs(flags.list('config'))
    flags.parsed('partitions', parseCount)
  }
}

async function assertAnswered(line: string): Promise<void> {
  const refusal = await refusalOf(line, 'without')
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

test("each line of another tool's is answered with the page's: the same command, with all that both lines say", () => {
  for (const [theirs = [], [said = ''] = []] of rows) {
    for (const line of theirs.filter((one) => !one.startsWith('--'))) {
      const [ours = ''] = ourLineFor(wordsOf(line))?.split('   ') ?? []
      const [answered, promised] = [wordsOf(ours), wordsOf(said)]
      assert.deepEqual(commandOf(answered), commandOf(promised), `${line}: ${ours}`)
      const both = promised.filter((word) => wordsOf(line).includes(word))
      for (const word of both) assert.ok(answered.includes(word), `${line}: ${ours} has no ${word}`)
    }
  }
})

function commandOf([, noun = '', verb = '']: readonly string[]): readonly string[] {
  return ['topics', 'groups', 'transactions', 'brokers'].includes(noun) ? [noun, verb] : [noun]
}

test('what removes all is answered only to who said so', () => {
  const harmless: ReadonlyArray<readonly [string, string]> = [
    ['kafka-delete-records.sh --offset-json-file f.json', 'topics trim TOPIC --before PLACE'],
    ['kafkactl delete records orders', 'topics trim orders --before PLACE'],
    ['topics delete-records orders', 'topics trim orders --before PLACE'],
    ['kafka-consumer-groups.sh --delete-offsets --group g --topic orders', 'groups reset g --to PLACE --topic orders'],
    ['kafka-consumer-groups.sh --delete --group g --topic orders', 'groups reset g --to PLACE --topic orders'],
    ['kafkactl delete consumer-group-offset g --topic orders', 'groups reset g --to PLACE --topic orders'],
    ['rpk group offset-delete g', 'groups reset g --to PLACE'],
    ['topics alter orders --delete retention.ms', 'topics alter orders --delete-config retention.ms'],
    [
      'kafka-configs.sh --alter --topic orders --delete-config retention.ms',
      'topics alter orders --delete-config retention.ms'
    ],
    ['kafka-get-offsets.sh --topic orders', 'topics offsets orders'],
    ['get-offsets --topic orders', 'topics offsets orders']
  ]
  for (const [line, ours] of harmless) assert.equal(ourLineFor(wordsOf(line))?.split('   ')[0], `odradek ${ours}`, line)
  for (const line of ['kafkactl delete acl orders', 'delete user x', 'consume orders -P 0 --bogus', 'serve --list'])
    assert.equal(ourLineFor(wordsOf(line)), undefined, line)
})

test('whatever is typed, the answer can be typed as it stands, and removes nothing that was not to be removed', async () => {
  const begin = fc.constantFrom(
    ...[
      'kcat',
      'kcat -C',
      'kcat -P',
      'kcat -Q',
      'kcat -L',
      'kcat -G g',
      '-C',
      'rpk topic consume',
      'rpk topic produce'
    ],
    ...[
      'rpk topic create',
      'rpk topic alter-config',
      'rpk topic trim-prefix',
      'rpk group seek',
      'kafkactl create topic'
    ],
    ...[
      'kafkactl alter topic',
      'kafkactl produce',
      'kafkactl consume',
      'kafkactl reset offset',
      'kafkactl delete records'
    ],
    ...['kaf consume', 'kaf topics', 'kafka-topics.sh --create', 'kafka-topics.sh --alter', 'kafka-configs.sh --alter'],
    ...[
      'kafka-consumer-groups.sh --reset-offsets',
      'kafka-consumer-groups.sh --delete-offsets',
      'kafka-get-offsets.sh'
    ],
    ...['kafka-console-consumer.sh', 'kafka-console-producer.sh', 'kafka-delete-records.sh', 'kafka-dump-log.sh']
  )
  const option = fc.constantFrom(
    ...[
      'orders',
      '-t orders',
      '--topic orders',
      '--group g',
      '-p 0',
      '-p -1',
      '-P',
      '-c 5',
      '-n 5',
      '-o s@1763920800000'
    ],
    ...[
      '-o end',
      '-o -5',
      '-o json',
      '-o stored',
      '-o e@1763920800000',
      '--offset 0=5',
      '--offset 7',
      '-k key',
      '-K :'
    ],
    ...['-Z', '-J', '-e', '-q', "-f '%k %v'", '-H a=b', '-H a:b', '--set a=b', '--add-config a=[b,c],d=e', '-r'],
    ...['--to-earliest', '--to start', '--oldest', '--execute', '--unknown value', '--yes', '-y', '-z zstd', '-z none'],
    ...['--property key.separator=,', '--from-beginning', '--partitions 3', '--value v', '-X a', '-b host', '-torders']
  )
  await fc.assert(
    fc.asyncProperty(begin, fc.uniqueArray(option, { maxLength: 4 }), async (first, options) => {
      const line = [first, ...options].join(' ')
      const [ours] = ourLineFor(wordsOf(line))?.split('   ') ?? []
      if (ours === undefined) return
      assert.doesNotMatch(ours, / (delete|rm)( |$)| (--yes|-y)( |$)/, line)
      const refusal = await refusalOf(ours.replace('odradek ', ''))
      // What contradicts itself there does so here: two options, a value and what it was said to look like, an end and a beginning, or
      // a topic's name where partitions belong.
      const contradicts =
        /exclude each other|say one of|^VALUE (does not look like|has no) |^nothing lies in the range|"orders" is not a (list of )?partition/
      if (refusal !== undefined) assert.match(refusal.message, contradicts, `${line}: ${ours}`)
    }),
    { numRuns: 400 }
  )
})

test('a place behind -o is answered with one that can be read from, or with what it stands for', async () => {
  for (const place of [
    's@1763920800000',
    'e@1763920800000',
    'beginning',
    'end',
    '-5',
    '42',
    '@-15m:end',
    ':end',
    '+5'
  ]) {
    const refusal = await refusalOf(`consume orders -o ${place}`)
    assert.equal(await refusalOf(`consume orders ${refusal?.next}`), undefined, `${place}: ${refusal?.next}`)
  }
  assert.equal((await refusalOf('consume orders -o stored'))?.next, '--group NAME')
  for (const text of ['s@nonsense', '5x', 'xml'])
    assert.doesNotMatch((await refusalOf(`consume orders -o ${text}`))?.next ?? '', /--from/)
  const range = ourLineFor(wordsOf('kcat -C -t orders -o s@1763920800000 -o e@1763924400000'))
  assert.equal(range, 'odradek consume orders --from @1763920800000:@1763924400000')
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
  assert.equal(ours('topics --create --topic orders --partitions 3'), 'odradek topics create orders --partitions 3')
  assert.equal(ours('kafka-consumer-groups.sh --describe --group payments'), 'odradek groups describe payments')
  assert.equal(ours('topics trim-prefix orders -o 100'), 'odradek topics trim orders --before 100')
  assert.equal(ours('rpk topic list'), 'odradek topics list')
  assert.equal(ours('topic consume orders'), 'odradek consume orders')
  assert.equal(ours('topic consume'), 'odradek consume TOPIC')
  assert.equal(ours('list topics'), 'odradek topics list')
  assert.equal(ours('version'), 'odradek --version')
  assert.equal(ours('kafkactl delete topic orders'), 'odradek topics delete orders')
  assert.equal(ours('kafkactl create topic orders'), 'odradek topics create orders')
  assert.equal(ours('rpk topic produce orders -k key'), 'odradek produce orders -k key')
  assert.equal(ours('kcat -P -t orders -K : -Z'), 'odradek produce orders -K : -Z')
  assert.equal(ours('consumer-groups --describe --group payments'), 'odradek groups describe payments')
  assert.equal(ours('consumer-groups describe payments'), 'odradek groups describe payments')
  assert.equal(ours('consumer-groups list'), 'odradek groups list')
  assert.equal(ours('kafka-topics.sh delete orders'), 'odradek topics delete orders')
})

test('help for a command that does not exist is an error, with the command that was probably meant', () => {
  assert.deepEqual(asHelpOption(['help', 'topics', 'list']), ['topics', 'list', '--help'])
  assert.deepEqual(asHelpOption(['consume', '-h']), ['consume', '-h'])
  assert.deepEqual(asHelpOption(['help']), ['--help'])
  assert.deepEqual(asHelpOption(['topics', 'list', 'help']), ['topics', 'list', '--help'])
  assert.deepEqual(asHelpOption(['topic', 'ls', '-o', 'json', 'help']), ['topic', 'ls', '--help'])
  assert.deepEqual(asHelpOption(['consume', 'help']), ['consume', '--help'])
  for (const words of [
    ['consume', '--', 'help'],
    ['produce', 'help-desk', 'help'],
    ['consume', 'orders', '-g', 'help']
  ])
    assert.deepEqual(asHelpOption(words), words)
  assert.throws(() => asHelpOption(['help', 'consme']), { next: 'odradek consume --help' })
  assert.throws(() => asHelpOption(['consme', '--help']), /unknown command 'consme'/)
  assert.throws(() => asHelpOption(['help', 'topics', 'lst']), { next: 'odradek topics list --help' })
  assert.throws(() => asHelpOption(['help', 'nonsense']), { next: 'odradek --help' })
})

test('who lists topics is not told of groups, and who may mean either is told of both', () => {
  const answered = (line: string) => ourLineFor(line.split(' '))
  for (const line of ['topics --list', 'kafka-topics --list', 'topics --unknown --list']) {
    assert.match(answered(line) ?? '', /^odradek topics list/, line)
    assert.doesNotMatch(answered(line) ?? '', /groups/, line)
  }
  assert.equal(answered('--list'), 'odradek topics list   (or: odradek groups list)')
})

test('a topic that is named twice is one topic', () => {
  const answered = (line: string) => ourLineFor(line.split(' '))?.split('   ')[0]
  assert.equal(answered('kafkactl consume orders -t orders'), 'odradek consume orders')
  assert.equal(answered('kafkactl produce orders -t orders --property key.separator=,'), 'odradek produce orders -K ,')
})
