/** `docs/performance.md` and its charts, made from the results of a run and the notes written by hand. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory } from '../../test/harness/paths.ts'
import { drawCharts } from './drawings.ts'
import { goals, judge } from './goals.ts'
import { memoryOfThings } from './memory-of-things.ts'
import { goalNotes, rowNotes } from './notes.ts'
import type { Results, RowResult } from './results.ts'
import type { Family, Row } from './row.ts'
import { curveTable, figureTable, goalTable } from './table.ts'
import { measuredText, number, wantedText } from './words.ts'

const documents = join(projectDirectory, 'docs')
const chartFolder = 'performance'
/** Written by whoever profiles the hot path; taken in as it is. */
const profile = join(documents, 'performance-profile.md')

export function writeDocument(rows: readonly Row[], results: Results): string {
  const charts = drawCharts(rows, results)
  const folder = join(documents, chartFolder)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of charts) writeFileSync(join(folder, `${name}.svg`), content)
  const path = join(documents, 'performance.md')
  writeFileSync(path, documentOf(rows, results, [...charts.keys()]))
  return path
}

export function documentOf(rows: readonly Row[], results: Results, charts: readonly string[]): string {
  const image = (name: string, what: string): string =>
    charts.includes(name) ? `![${what}](${chartFolder}/${name}.svg)\n` : ''
  const sections = [
    '# Performance\n',
    measuredHow(results),
    '## Goals\n',
    image('goals', 'How far each goal was reached'),
    goalTable(results),
    missed(results),
    '## Throughput\n',
    image('throughput', 'Throughput as a ratio to Apache Kafka'),
    family(rows, results, 'throughput', (key) => key === 'rate'),
    '### CPU\n',
    'CPU seconds for a million records, of the broker and of the client beside it (starting Java included).\n',
    family(rows, results, 'throughput', (key) => key !== 'rate', 'no notes'),
    '## Latency\n',
    family(rows, results, 'latency', () => true),
    '## Three brokers\n',
    family(rows, results, 'cluster', () => true),
    '## Start and memory\n',
    family(rows, results, 'start and memory', () => true),
    '## Growth\n',
    ...curves(rows, results, 'growth', image),
    '## Scale of the state\n',
    'Dashed lines show what growth with n log n from the first point on would be.\n',
    ...curves(rows, results, 'scale', image),
    memoryOfThings(results),
    profileText(),
    '## Run it\n',
    'See `bench/README.md`. This page is written by `npm run bench -- --write`; what is said of a goal or a row stands in\n`bench/versus-kafka/notes.ts`.\n'
  ]
  return `${sections.filter((section) => section !== '').join('\n')}`
}

function measuredHow(results: Results): string {
  const all = [...results.values()]
  const [first] = all
  if (first === undefined) return 'Nothing has been measured yet.\n'
  const { machine } = first
  const commits = [...new Set(all.map((result) => result.machine.commit))].join(', ')
  const days = [...new Set(all.map(({ startedAt }) => startedAt.slice(0, 10)))].sort()
  const busy = Math.max(...all.map(({ busyness }) => busyness))
  const rounds = [...new Set(all.map((result) => result.rounds))].sort((one, other) => one - other).join(', ')
  return `\`npm run bench\` measures Odradek and Apache Kafka ${machine.kafka} (JVM, 1 GB heap, its own defaults) in turns (A B C, B C A, …), on one
machine and disk, with the same client and the same data. Machines are shared and noisy: what counts is the **ratio within one run**. Figures
are medians of several rounds (${rounds}, by row); ± is half the way from the lowest to the highest. The **null broker** reads whole requests, answers at once
and stores nothing: no broker can look faster to that client. Odradek is measured as it is by default (synced before an acks=all
acknowledgement), with \`--durability os\` (the promise that Kafka makes by default) and in memory; kfake is franz-go's broker for tests, in memory.

A user's broker has run for hours. In the rows of throughput, latency and growth each broker is **warm**: before the first round that counts it has done the row's work
once, taken five million records, and done the row's work twice more. The line "cold" shows the first time. Each round begins with another of them. The JVM compiles its code while it works, so that a new Kafka is slower than one that has
run for a while, and a Java client too: latency is also measured with franz-go, which does not compile.

- ${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}; fdatasync of a growing file ${number(machine.syncMicros)} µs; a bare \`node -e 0\` ${number(machine.bareNodeMs)} ms
- Node ${machine.node}, Java ${machine.java}, Apache Kafka ${machine.kafka}; Odradek at ${commits}
- ${days.join(' to ')}; load average of the machine before a row began at most ${number(busy)}
`
}

function newestDayOf(results: Results): string {
  return [...results.values()]
    .map(({ startedAt }) => startedAt.slice(0, 10))
    .reduce((one, other) => (one > other ? one : other), '')
}

function missed(results: Results): string {
  const lines = goals.flatMap((aim) => {
    const verdict = judge(aim, results)
    if (verdict === null || verdict.isReached) return []
    const why = goalNotes[aim.name] ?? 'No explanation has been written yet.'
    return [`- **${aim.name}**: ${measuredText(aim.rule, verdict.measured)}, wanted ${wantedText(aim.rule)}. ${why}\n`]
  })
  return lines.length === 0 ? 'Every goal was reached.\n' : `### Not reached\n\n${lines.join('')}`
}

function family(
  rows: readonly Row[],
  results: Results,
  name: Family,
  isWanted: (key: string) => boolean,
  notes: 'notes' | 'no notes' = 'notes'
): string {
  const own = rows.filter((row) => row.family === name && results.has(row.name))
  const table = figureTable(own, results, isWanted)
  return notes === 'notes'
    ? `${table}\n${own.map((row) => rowText(row, results.get(row.name), newestDayOf(results))).join('')}`
    : table
}

/** Rows are measured at different times: those of the newest day need not say so. */
function measuredWhen(result: RowResult | undefined, newestDay: string): string {
  const day = result?.startedAt.slice(0, 10)
  return result === undefined || day === newestDay ? '' : ` Measured on ${day}, at ${result.machine.commit}.`
}

function rowText(row: Row, result: RowResult | undefined, newestDay: string): string {
  const note = rowNotes[row.name]
  const failures = Object.entries(result?.failures ?? {}).map(
    ([name, why]) => ` ${name} failed: ${why.split('\n')[0]}.`
  )
  return `- **${row.name}**: ${row.what}.${note === undefined ? '' : ` ${note}`}${failures.join('')}${measuredWhen(result, newestDay)}\n`
}

function curves(
  rows: readonly Row[],
  results: Results,
  name: Family,
  image: (chart: string, what: string) => string
): string[] {
  return rows
    .filter((row) => row.family === name && results.has(row.name))
    .flatMap((row) => [
      `### ${row.name}\n`,
      `${rowText(row, results.get(row.name), newestDayOf(results)).slice(2)}`,
      image(row.name, row.what),
      curveTable(row, results)
    ])
}

function profileText(): string {
  return existsSync(profile) ? `## Where the time goes\n\n${withoutTitle(readFileSync(profile, 'utf8'))}` : ''
}

/** One level deeper, without a title of its own. */
function withoutTitle(markdown: string): string {
  return markdown.replace(/^# .*\n+/, '').replace(/^#/gm, '##')
}
