/**
 * `npm run bench`: Odradek beside a real Apache Kafka and the null broker, in one run, in turns, with the same client.
 * A figure counts as a ratio within one run, because machines are shared and noisy; nothing here is a timed test.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { kafkaJars } from '../../test/harness/tools.ts'
import { earlierBuild } from '../earlier-build.ts'
import { franzGo } from '../franz-go/latency.ts'
import { kfake } from '../kfake/process.ts'
import { type ContenderName, presentContenders } from './contenders.ts'
import { writeDocument } from './document.ts'
import { describeMachine } from './machine.ts'
import { contendersOf, measureRow, type Run, roundsOf } from './measuring.ts'
import { loadResult, loadResults, type RowResult, resultsDirectory, saveResult } from './results.ts'
import type { Row, Settings } from './row.ts'
import { rows } from './rows/all.ts'
import { curveTable, figureTable, goalTable } from './table.ts'
import { openWorkshop } from './workshop.ts'

const HELP = `npm run bench -- [NAME…] [--quick] [--rounds N] [--log-gb N] [--resume] [--write] [--json FILE]
                            [--before COMMIT [--alone]]

  NAME          runs only the rows whose name or family contains NAME (produce, latency, scale, …)
  --quick       small sizes, one round: proves that every row runs; its figures mean nothing
  --rounds N    how often each contender is measured, in turns (3)
  --log-gb N    how much the rows about large logs write (10); twice as much must be free on the disk
  --resume      leaves out rows that an earlier run has measured completely, in as many rounds
  --results DIR keeps results there instead of .cache/bench/results
  --write       writes docs/performance.md and its charts, from all full results that there are
  --before COMMIT  puts Odradek as it was at that commit beside it, in the rows of throughput, latency, start and memory (in results of their own)
  --alone       leaves out everybody but Odradek as it is and as it was
  --json FILE   also writes every single figure to FILE

Results are kept in .cache/bench/results, a file for each row.

Rows
${rows.map((row) => `  ${row.name.padEnd(18)} ${row.what}`).join('\n')}
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h' },
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    'log-gb': { type: 'string' },
    resume: { type: 'boolean' },
    results: { type: 'string' },
    before: { type: 'string' },
    alone: { type: 'boolean' },
    write: { type: 'boolean' },
    json: { type: 'string' }
  }
})

process.exitCode = await main()

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [rounds, logGb] = [Number(values.rounds ?? 3), Number(values['log-gb'] ?? 10)]
  if (!Number.isInteger(rounds) || rounds < 1 || !(logGb > 0)) {
    process.stderr.write('--rounds takes a whole number from 1, --log-gb a number above 0.\n')
    return 2
  }
  if (values.quick && values.write) {
    process.stderr.write('--write needs figures that mean something; those of --quick do not.\n')
    return 2
  }
  if (values.before !== undefined && values.write) {
    process.stderr.write('--write is for Odradek as it is; --before is for those who change it.\n')
    return 2
  }
  if (values.alone && values.before === undefined) {
    process.stderr.write('--alone is for Odradek beside itself as it was: name the commit with --before.\n')
    return 2
  }
  const chosen = rows.filter(isChosen)
  if (chosen.length === 0) {
    process.stderr.write(`No row has ${positionals.join(' or ')} in its name. See: npm run bench -- --help\n`)
    return 2
  }
  const tools = kafkaJars('tools')
  if ('missing' in tools) {
    process.stderr.write(`The benches measure with Apache Kafka's own tools: ${tools.missing}\n`)
    return 1
  }
  return await runAll(chosen, rounds, { size: values.quick ? 'quick' : 'full', logBytes: logGb * 1e9 })
}

function isChosen({ name, family }: Row): boolean {
  return positionals.length === 0 || positionals.some((asked) => name.includes(asked) || family.includes(asked))
}

/** Rows, one after the other; what one has measured is kept before the next begins. */
async function runAll(chosen: readonly Row[], rounds: number, settings: Settings): Promise<number> {
  openWorkshop()
  const startedAt = performance.now()
  const report = (line: string): void => {
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1).padStart(5)
    process.stderr.write(`${minutes} min  ${line}\n`)
  }
  // Small sizes end before the optimizing compiler would pay.
  if (settings.size === 'quick') process.env.JAVA_TOOL_OPTIONS = '-XX:TieredStopAtLevel=1'
  if (values.before !== undefined) earlierBuild.build(values.before)
  if (settings.size === 'full') {
    for (const program of [kfake, franzGo]) {
      const problem = program.build()
      if (problem !== null) report(problem)
    }
  }
  const present = values.alone ? new Set<ContenderName>(['odradek', 'odradek-before']) : presentContenders(report)
  const run: Run = { present, settings, rounds, machine: describeMachine(), report }
  const directory = values.results ?? resultsDirectory(values.before === undefined ? settings.size : 'before')
  const measured = new Map<string, RowResult>()
  for (const [index, row] of chosen.entries()) {
    const known = values.resume ? loadResult(directory, row.name) : undefined
    report(`${index + 1}/${chosen.length} ${row.name}: ${row.what}${isWhole(known, row, run) ? ' (known)' : ''}`)
    const result = known !== undefined && isWhole(known, row, run) ? known : await measureRow(row, run)
    if (result !== known) saveResult(directory, result)
    measured.set(row.name, result)
  }
  tell(chosen, measured, settings)
  if (values.json) writeFileSync(values.json, `${JSON.stringify([...measured.values()], null, 2)}\n`)
  if (values.write) report(`written: ${writeDocument(rows, loadResults(directory, rows))}`)
  return [...measured.values()].some(({ failures }) => Object.keys(failures).length > 0) ? 1 : 0
}

/** Whether an earlier run has measured all that this one would. */
function isWhole(known: RowResult | undefined, row: Row, run: Run): boolean {
  if (known === undefined) return false
  const wanted = roundsOf(row, run.rounds, run.settings)
  return contendersOf(row, run).every((name) => (known.samples[name]?.length ?? 0) >= wanted)
}

function tell(chosen: readonly Row[], measured: ReadonlyMap<string, RowResult>, { size }: Settings): void {
  const tables = [
    figureTable(chosen, measured, () => true),
    ...chosen.flatMap((row) => (row.along === undefined ? [] : [`${row.name}\n${curveTable(row, measured)}`])),
    goalTable(measured)
  ]
  process.stdout.write(`\n${tables.filter((table) => table !== '').join('\n')}`)
  if (size === 'quick')
    process.stdout.write('\nSizes were small (--quick): these figures only show that the rows run.\n')
}
