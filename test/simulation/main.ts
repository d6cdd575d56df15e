/** `npm run simulate`: a broker, its clients and its faults under one seed, or many. Exit code 1 when a promise was broken. */
import { parseArgs } from 'node:util'
import { type Outcome, simulate } from './simulate.ts'

const HELP = `npm run simulate -- [--seed N | --seeds A..B] [--steps M] [--log]

  --seed N      one simulation, told in full
  --seeds A..B  a simulation for each seed; ends at the first that breaks a promise (1..100)
  --steps M     events of each simulation (20000), before its end is waited for
  --log         with --seed: what the broker's machine went through, with its times

The same seed and steps do the same, event by event: the digest of a run says so.
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    steps: { type: 'string' },
    log: { type: 'boolean' }
  }
})

process.exitCode = values.help ? help() : await main()

function help(): number {
  process.stdout.write(HELP)
  return 0
}

async function main(): Promise<number> {
  const steps = Number(values.steps ?? 20_000)
  const range = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seed ?? values.seeds ?? '1..100')
  if (range === null || !Number.isInteger(steps) || steps < 1) {
    process.stderr.write('--seed and --steps take whole numbers, --seeds two of them: 1..100.\n')
    return 2
  }
  const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])]
  const startedAt = performance.now()
  let simulated = 0
  for (let seed = first; seed <= last; seed += 1) {
    const outcome = await simulate(seed, steps)
    simulated += outcome.simulatedSeconds
    if (values.seed !== undefined || outcome.failure !== null) tell(outcome)
    if (outcome.failure !== null) {
      process.stdout.write(`\nAgain: npm run simulate -- --seed ${seed} --steps ${steps} --log\n`)
      return 1
    }
    if (seed % 100 === 0) process.stderr.write(`seed ${seed}\n`)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const seeds = last - first + 1
  process.stdout.write(
    `${seeds} seeds of ${steps} steps kept every promise: ${(seeds / seconds).toFixed(1)} seeds a second, ` +
      `${(simulated / 3600).toFixed(2)} simulated hours in ${seconds.toFixed(1)} s\n`
  )
  return 0
}

function tell({ seed, digest, steps, simulatedSeconds, failure, faults, counts, log }: Outcome): void {
  const numbers = (of: object): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  if (values.log) process.stdout.write(`${log.join('\n')}\n`)
  process.stdout.write(
    `seed ${seed}: ${steps} steps, ${simulatedSeconds.toFixed(1)} simulated seconds, digest ${digest}\n`
  )
  process.stdout.write(`  faults: ${numbers(faults)}\n  clients: ${numbers(counts)}\n`)
  if (failure !== null) process.stdout.write(`  BROKEN: ${failure}\n`)
}
