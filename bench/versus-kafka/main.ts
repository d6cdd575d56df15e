/**
 * `npm run bench`: Odradek beside a real Apache Kafka and the null broker, in one run, in turns, with the same client.
 * A figure counts as a ratio within one run, because machines are shared and noisy; nothing here is a timed test.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { kafkaJars } from '../../test/harness/tools.ts'
import { type Contender, contenders } from './contenders.ts'
import { type Row, rows, type Size } from './rows.ts'
import { type Figures, tableOf } from './table.ts'

const HELP = `npm run bench -- [NAME…] [--quick] [--rounds N] [--json FILE]

  NAME         runs only the rows whose name contains NAME
  --quick      small sizes, one round: proves that every row runs; its figures mean nothing
  --rounds N   how often each contender is measured, in turns (3)
  --json FILE  also writes every single figure to FILE

Rows
${rows.map((row) => `  ${row.name.padEnd(18)} ${row.what}`).join('\n')}
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h' },
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    json: { type: 'string' }
  }
})

process.exitCode = await main()

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const chosen = rows.filter((row) => positionals.length === 0 || positionals.some((name) => row.name.includes(name)))
  if (chosen.length === 0) {
    process.stderr.write(`No row has ${positionals.join(' or ')} in its name. See: npm run bench -- --help\n`)
    return 2
  }
  const tools = kafkaJars('tools')
  if ('missing' in tools) {
    process.stderr.write(`The benches measure with Apache Kafka's own tools: ${tools.missing}\n`)
    return 1
  }
  const present = contenders.filter(isPresent)
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  const results: Figures[] = []
  for (const row of chosen) {
    process.stderr.write(`${row.name}: ${row.what}\n`)
    results.push(await measureRow(row, present, rounds, values.quick ? 'quick' : 'full'))
  }
  process.stdout.write(`\n${tableOf(results)}`)
  if (values.quick) process.stdout.write('\nSizes were small (--quick): these figures only show that the rows run.\n')
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
  return 0
}

function isPresent(contender: Contender): boolean {
  const tool = contender.tool()
  if ('missing' in tool) process.stderr.write(`${contender.name} is left out: ${tool.missing}\n`)
  return 'found' in tool
}

/** A B A B: each round measures every contender once, so that what disturbs the machine disturbs all of them. */
async function measureRow(row: Row, present: readonly Contender[], rounds: number, size: Size): Promise<Figures> {
  const measured: Figures['measured'] = { kafka: [], odradek: [], null: [] }
  const running = new Map<Contender, BrokerProcess>()
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of present.filter(({ name }) => row.contenders.includes(name))) {
        const broker = running.get(contender) ?? (await contender.start(row.durability, row.recordBytes))
        running.set(contender, broker)
        const figure = await row.measure(broker, `${row.name}-${round}`, size)
        measured[contender.name].push(figure)
        process.stderr.write(`  ${contender.name.padEnd(8)} ${figure.toFixed(1)} ${row.unit}\n`)
        if (row.start === 'once') continue
        running.delete(contender)
        await broker.stop()
      }
    }
  } finally {
    for (const broker of running.values()) await broker.stop()
  }
  return { name: row.name, what: row.what, unit: row.unit, better: row.better, measured }
}
