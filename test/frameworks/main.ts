/** `npm run frameworks`: those that people build on, while what they run on is killed. Exit code 1 when a record is lost, doubled or out of order. */
import { parseArgs } from 'node:util'
import { skipUnless } from '../harness/tools.ts'
import { connect } from './connect/connect.ts'
import type { Framework } from './framework.ts'
import { registry } from './registry/registry.ts'
import { wordCount } from './word-count/word-count.ts'

const frameworks: readonly Framework[] = [wordCount, connect, registry]

const HELP = `npm run frameworks -- [NAME…] [--rounds N] [--target kafka]

  NAME             only these: ${frameworks.map(({ name }) => name).join(', ')}
  --rounds N       rounds of kill -9 in each setting (2)
  --target kafka   on a real Apache Kafka instead of ours, for comparison

It uses dist/ as it is (npm run build), and needs Java and what ODRADEK_INSTALL=1 npm test fetches.
Exit code 0: all is as it must be; 1: something is not, or does not come within minutes; 2: no such framework.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h' },
    rounds: { type: 'string', default: '2' },
    target: { type: 'string' }
  }
})

process.exitCode = await main()

async function main(): Promise<number> {
  const rounds = Number(values.rounds)
  const chosen = frameworks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const isUnderstood = positionals.every((name) => frameworks.some((framework) => framework.name === name))
  if (values.help || !isUnderstood || !Number.isInteger(rounds) || rounds < 1) {
    process.stdout.write(HELP)
    return values.help ? 0 : 2
  }
  // Where the harness looks for it (target.ts).
  if (values.target !== undefined) process.env.ODRADEK_TARGET = values.target
  let faults = 0
  for (const framework of chosen) faults += await proved(framework, rounds)
  process.stdout.write(`${chosen.length} frameworks, ${faults} with a fault\n`)
  return faults === 0 ? 0 : 1
}

/** Gives 1 when it is not as it must be. */
async function proved(framework: Framework, rounds: number): Promise<number> {
  const startedMs = performance.now()
  const tell = (line: string): void => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)
    process.stdout.write(`${seconds} s  ${framework.name}: ${line}\n`)
  }
  const reason = skipUnless(...framework.tools())
  if (reason !== false) {
    tell(`skipped: ${reason}`)
    return 0
  }
  try {
    tell(await framework.prove({ rounds, tell }))
    return 0
  } catch (error) {
    tell(`FAILED: ${error instanceof Error ? error.stack : String(error)}`)
    return 1
  }
}
