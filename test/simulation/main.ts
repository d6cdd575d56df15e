/** `npm run simulate`: a cluster, its clients and its faults under one seed, or many. Exit code 7 when a promise was broken, 2 for a wrong option. */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Result, runSeeds } from './pool.ts'
import { type Outcome, simulate } from './simulate.ts'

const HELP = `npm run simulate -- [--seed N | --seeds A..B] [--steps M] [--jobs J] [--log] [--all] [--brief]

  --seed N      one simulation, told in full
  --seeds A..B  a simulation for each seed; ends at the first that breaks a promise (1..100)
  --steps M     events of each simulation (4000), before its end is waited for
  --jobs J      so many processes share the seeds (one for each processor)
  --log         with --seed: what the cluster's machines went through, with their times
  --all         with --seeds: goes on after a promise was broken
  --brief       looks for no shorter run that breaks it as well

The same seed and steps do the same, event by event: the digest of a run says so.
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    steps: { type: 'string', default: '4000' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    log: { type: 'boolean' },
    all: { type: 'boolean' },
    brief: { type: 'boolean' }
  }
})

const [kept, broken] = [0, 7]

process.exitCode = values.help ? help() : await main()

function help(): number {
  process.stdout.write(HELP)
  return 0
}

async function main(): Promise<number> {
  const [steps, jobs] = [Number(values.steps), Number(values.jobs)]
  const range = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seed ?? values.seeds ?? '1..100')
  if (range === null || !Number.isInteger(steps) || steps < 1 || !Number.isInteger(jobs) || jobs < 1) {
    process.stderr.write('--seed, --steps and --jobs take whole numbers, --seeds two of them: 1..100.\n')
    return 2
  }
  const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])]
  if (values.seed === undefined) return await many({ first, last, steps, jobs })
  const outcome = await simulate(first, steps)
  if (values.log) process.stdout.write(`${outcome.log.join('\n')}\n`)
  tell(outcome)
  return outcome.failure === null ? kept : broken
}

async function many(seeds: { first: number; last: number; steps: number; jobs: number }): Promise<number> {
  const startedAt = performance.now()
  let [clean, simulated, failures] = [0, 0, 0]
  const results: Result[] = []
  await runSeeds(seeds, (result) => {
    simulated += result.outcome?.simulatedSeconds ?? 0
    if (result.outcome?.failure === null) {
      clean += 1
      return 'go on'
    }
    failures += 1
    results.push(result)
    if (result.outcome !== null) tell(result.outcome)
    else process.stdout.write(`seed ${result.seed}: does not end\n`)
    return values.all ? 'go on' : 'stop'
  })
  for (const { seed, outcome } of results) {
    const steps = outcome === null || values.brief ? seeds.steps : await fewestSteps(seed, seeds.steps)
    process.stdout.write(`\nAgain: npm run simulate -- --seed ${seed} --steps ${steps} --log\n`)
  }
  const seconds = (performance.now() - startedAt) / 1000
  process.stdout.write(
    `${clean} seeds of ${seeds.steps} steps kept every promise, ${failures} did not: ${(clean / seconds).toFixed(1)} seeds a second, ` +
      `${(simulated / 3600).toFixed(2)} simulated hours in ${seconds.toFixed(1)} s\n`
  )
  return failures === 0 ? kept : broken
}

/** A shorter run begins as the longer does, and may break its promise as well. */
async function fewestSteps(seed: number, steps: number): Promise<number> {
  for (let fewer = 250; fewer < steps; fewer *= 2) {
    const { failure } = await simulate(seed, fewer)
    if (failure !== null) return fewer
  }
  return steps
}

function tell({ seed, brokers, digest, steps, simulatedSeconds, failure, faults, counts }: Outcome): void {
  const numbers = (of: object): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  process.stdout.write(
    `seed ${seed}: brokers ${brokers}, ${steps} steps, ${simulatedSeconds.toFixed(1)} simulated seconds, digest ${digest}\n`
  )
  process.stdout.write(`  faults: ${numbers(faults)}\n  clients: ${numbers(counts)}\n`)
  if (failure !== null) process.stdout.write(`  BROKEN: ${failure}\n`)
}
