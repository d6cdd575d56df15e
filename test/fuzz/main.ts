/** `npm run fuzz`: every fuzzer in turn. Exit code 1 when something was found. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keepFinding } from './findings.ts'
import type { Outcome } from './fuzz.ts'
import type { Target } from './target.ts'
import { targets } from './targets/all.ts'
import { fuzzInThread } from './watch.ts'

const HELP = `npm run fuzz -- [--inputs N] [--target T] [--seed S]

  --inputs N  how many in all, shared among the targets (1000000)
  --target T  only this one: ${targets.map(({ name }) => name).join(', ')}
  --seed S    other inputs than those of seed 1

The same seed makes the same inputs. What is found is made small and kept in a file; in test/fuzz/findings/ it is a test.
`

const largestGrowthBytes = 64 * 1024 * 1024

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    inputs: { type: 'string', default: '1000000' },
    target: { type: 'string' },
    seed: { type: 'string', default: '1' }
  }
})

process.exitCode = await main()

async function main(): Promise<number> {
  const chosen = targets.filter(({ name }) => name === (values.target ?? name))
  const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
  if (values.help || chosen.length === 0 || !Number.isInteger(inputs) || !Number.isInteger(seed)) {
    process.stdout.write(HELP)
    return values.help ? 0 : 2
  }
  const shares = chosen.reduce((sum, { share }) => sum + share, 0)
  let [ran, faults] = [0, 0]
  const startedMs = performance.now()
  for (const target of chosen) {
    const beganMs = performance.now()
    const outcome = await fuzzInThread({
      target: target.name,
      inputs: Math.ceil((inputs * target.share) / shares),
      seed
    })
    ran += outcome.inputs
    faults += tell(target, outcome, performance.now() - beganMs)
  }
  process.stdout.write(`${ran} inputs in ${seconds(performance.now() - startedMs)}, ${faults} faults\n`)
  return faults === 0 ? 0 : 1
}

/** Gives the number of faults. */
function tell({ name }: Target, outcome: Outcome, tookMs: number): number {
  const { inputs, kept, functions, growthBytes, slowestMs, finding } = outcome
  const growth = `${(growthBytes / 1024 / 1024).toFixed(1)} MiB of growth`
  const reached = `${kept} kept, ${functions} functions reached`
  process.stdout.write(
    `${name}: ${inputs} inputs in ${seconds(tookMs)}, ${reached}, ${growth}, slowest ${slowestMs.toFixed(0)} ms\n`
  )
  if (finding !== null) {
    const path = keepFinding(join(tmpdir(), 'odradek-fuzz'), name, finding.inputs)
    process.stdout.write(`  FOUND with ${finding.inputs.length} inputs, in ${path}: ${finding.why}\n`)
  }
  const hasGrown = growthBytes > largestGrowthBytes
  if (hasGrown) process.stdout.write('  GREW by more than 64 MiB\n')
  return (finding === null ? 0 : 1) + (hasGrown ? 1 : 0)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
