/** Lists in every format; errors in three lines; the exit codes. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CliError, wrongUsage } from '../../src/cli/cli-error.ts'
import { ExitCode, exitCodeMeanings } from '../../src/cli/exit-codes.ts'
import { formatOffsetsCsv, parseOffsetsCsv } from '../../src/cli/groups/offsets-csv.ts'
import { formatRows, formatTable } from '../../src/cli/output.ts'
import { findOwnName } from '../../src/cli/own-name.ts'
import { asHelpOption } from '../../src/cli/parser-errors.ts'
import { presentError } from '../../src/cli/present-error.ts'
import { replaceSynonyms } from '../../src/cli/program.ts'
import { createStyle, wantsColour } from '../../src/cli/terminal.ts'
import { lagCell } from '../../src/cli/topics/list.ts'
import { readLine } from '../../src/cli/typed-line.ts'
import { temporaryDirectory } from '../harness/paths.ts'

const rows = [
  { topic: 'orders', partitions: 3, replicas: [1, 2], note: null },
  { topic: 'a,"b"', partitions: 12, replicas: [1], note: 'yes' }
]
const columns = ['topic', 'partitions', 'replicas']

test('rows are written as JSON, JSON lines, CSV, YAML, raw and a table', () => {
  assert.deepEqual(JSON.parse(formatRows('json', columns, rows)), rows)
  assert.deepEqual(
    formatRows('jsonl', columns, rows)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    rows
  )
  assert.equal(formatRows('csv', columns, rows), 'topic,partitions,replicas\norders,3,"1,2"\n"a,""b""",12,1\n')
  assert.equal(formatRows('raw', columns, rows), 'orders\t3\t1,2\na,"b"\t12\t1\n')
  assert.equal(
    formatRows('yaml', columns, rows),
    '- topic: orders\n  partitions: 3\n  replicas:\n    - 1\n    - 2\n  note: null\n' +
      '- topic: "a,\\"b\\""\n  partitions: 12\n  replicas:\n    - 1\n  note: "yes"\n'
  )
  assert.equal(
    formatTable(columns, rows),
    'TOPIC   PARTITIONS  REPLICAS\norders           3  1,2\na,"b"           12  1\n'
  )
})

function presented(error: unknown): { text: string; code: number } {
  let text = ''
  const write = (part: string): void => {
    text += part
  }
  const code = presentError(error, { style: createStyle('plain'), verbose: false, write })
  return { text, code }
}

test('an error says what happened, why, and what to do', () => {
  const error = new CliError({
    what: 'it broke',
    why: 'REASON (1)',
    next: 'the same again',
    exitCode: ExitCode.notFound
  })
  assert.deepEqual(presented(error), { text: 'error: it broke\n  why: REASON (1)\n  try: the same again\n', code: 5 })
  assert.equal(presented(wrongUsage('no')).code, ExitCode.wrongUsage)
})

test('a line to type is named as it works here, wherever in an error it stands', () => {
  const name = findOwnName(process.env)
  const error = new CliError({
    what: 'it runs already',
    why: 'perhaps an "odradek serve --brokers N" elsewhere',
    next: 'odradek demo'
  })
  assert.match(presented(error).text, new RegExp(`perhaps an "${name} serve --brokers N"[\\s\\S]* try: ${name} demo`))
})

test("Kafka's error inside the client library's is found, with the exit code it deserves", () => {
  const refused = Object.assign(new Error('denied'), {
    apiId: 'TOPIC_AUTHORIZATION_FAILED',
    apiCode: 29,
    serverErrorMessage: null
  })
  const { text, code } = presented(new AggregateError([refused], 'produce failed'))
  assert.match(text, /TOPIC_AUTHORIZATION_FAILED \(29\): denied/)
  assert.equal(code, ExitCode.notAllowed)
})

test('every exit code is explained once', () => {
  assert.deepEqual(
    exitCodeMeanings.map(([code]) => code),
    Object.values(ExitCode)
  )
})

test("other tools' names for options are understood, but not behind --", () => {
  assert.deepEqual(replaceSynonyms(['consume', 't', '--from-beginning', '--max-messages', '5']), [
    'consume',
    't',
    '--from',
    'start',
    '--count',
    '5'
  ])
  assert.deepEqual(replaceSynonyms(['consume', 't', '--max-messages=5']), ['consume', 't', '--count=5'])
  assert.deepEqual(replaceSynonyms(['produce', 't', '--', '--brokers']), ['produce', 't', '--', '--brokers'])
})

test("a command's name for an option is not taken for another command's", () => {
  for (const words of [
    ['trace', 't', '--offset', '0:1'],
    ['produce', 't', '--partition', '1'],
    ['topics', 'trim', 't', '--offset', '1']
  ])
    assert.deepEqual(replaceSynonyms(words), words)
  assert.deepEqual(replaceSynonyms(['consume', 't', '--offset', '1']), ['consume', 't', '--from', '1'])
  assert.deepEqual(replaceSynonyms(['--brokers', 'b:1', 'trace', 't']), ['--bootstrap-server', 'b:1', 'trace', 't'])
})

test('the value of an option may look like an option, or like a command', () => {
  assert.deepEqual(replaceSynonyms(['produce', 't', 'v', '-k', '-p']), ['produce', 't', 'v', '--key=-p'])
  assert.deepEqual(replaceSynonyms(['produce', 't', '-qk', '-V']), ['produce', 't', '-q', '--key=-V'])
  assert.deepEqual(replaceSynonyms(['consume', 't', '-X', '-v']), ['consume', 't', '-X-v'])
  assert.deepEqual(replaceSynonyms(['-b', 'broker', 'consume', 't', '--from-beginning']).slice(3), [
    't',
    '--from',
    'start'
  ])
  assert.deepEqual(asHelpOption(['produce', 't', 'v', '-k', '-h']), ['produce', 't', 'v', '-k', '-h'])
  assert.deepEqual(asHelpOption(['-b', 'topics', 'help', 'consume']), ['consume', '--help'])
  assert.equal(readLine(['-b', 'topics', 'consume', '-g', 'groups', 't']).command?.name, 'consume')
  assert.deepEqual(readLine(['-b', 'topics', 'consume', '-g', 'groups', 't', '--', '-x']).plain, ['consume', 't', '-x'])
})

test('colours are left out for NO_COLOR, for --no-color and on a terminal that has none', () => {
  assert.ok(wantsColour({ noColour: false }, { TERM: 'xterm', NO_COLOR: '' }))
  assert.ok(!wantsColour({ noColour: true }, {}))
  assert.ok(!wantsColour({ noColour: false }, { NO_COLOR: '1' }))
  assert.ok(!wantsColour({ noColour: false }, { TERM: 'dumb' }))
})

test("Apache's file of offsets is read and written", () => {
  const text = 'orders,0,15\norders,1,0\n'
  assert.equal(formatOffsetsCsv(parseOffsetsCsv(text, 'f')), text)
  assert.throws(() => parseOffsetsCsv('orders,0\n', 'f'), /f, line 1/)
})

test('what is to be typed is said as it works here: through npx unless the command is on the path', () => {
  using directory = temporaryDirectory('path')
  const inProject = join(directory.path, 'node_modules', '.bin')
  mkdirSync(inProject, { recursive: true })
  for (const place of [directory.path, inProject]) writeFileSync(join(place, 'odradek'), '')
  assert.equal(findOwnName({ PATH: directory.path }), 'odradek')
  assert.equal(findOwnName({ PATH: inProject }), 'npx odradek')
  assert.equal(findOwnName({}), 'npx odradek')
})

test('the lag of each group is words in a table, and an object elsewhere', () => {
  const lags = new Map([
    ['readers', 0n],
    ['writers', 3n]
  ])
  assert.equal(lagCell(lags, 'table'), 'readers 0, writers 3')
  assert.equal(lagCell(new Map(), 'table'), '-')
  assert.deepEqual(lagCell(lags, 'jsonl'), { readers: 0n, writers: 3n })
})

test('a table that is too wide for the terminal goes on below, behind what tells its rows apart', () => {
  const columns = [
    ...['topic', 'partition', 'records', 'keys', 'superseded', 'withoutKey', 'tombstones'],
    ...['tombstonesDue', 'removed', 'removedBytes', 'kept', 'keptBytes']
  ]
  const counts = Object.fromEntries(columns.slice(2).map((name, index) => [name, 100 + index]))
  const wide = [0, 1].map((partition) => ({ ...counts, topic: 'orders', partition }))
  const table = formatTable(columns, wide, undefined, 80)
  for (const line of table.split('\n')) assert.ok(line.length <= 80, line)
  assert.equal(
    table,
    [
      'TOPIC   PARTITION  RECORDS  KEYS  SUPERSEDED  WITHOUTKEY  TOMBSTONES',
      'orders          0      100   101         102         103         104',
      'orders          1      100   101         102         103         104',
      '',
      'TOPIC   PARTITION  TOMBSTONESDUE  REMOVED  REMOVEDBYTES  KEPT  KEPTBYTES',
      'orders          0            105      106           107   108        109',
      'orders          1            105      106           107   108        109',
      ''
    ].join('\n')
  )
  assert.equal(formatTable(columns, wide).split('\n').length, 4, 'where nobody says how wide it may be, it is one')
})
