/**
 * A whole cluster with its clients, under faults, for many seeds. SEEDS=N runs more of them (60), FIRST_SEED=N others;
 * `npm run simulate` has more to say about a single one.
 */
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { type Result, runSeeds } from './pool.ts'

const seeds = Number(process.env.SEEDS ?? 60)
const firstSeed = Number(process.env.FIRST_SEED ?? 1)
const steps = 4000

test(`nothing that was acknowledged is lost, doubled or reordered, and nobody reads what later vanishes: ${seeds} seeds`, async () => {
  const range = { first: firstSeed, last: firstSeed + seeds - 1, steps, jobs: availableParallelism() }
  let broken: Result | null = null
  await runSeeds(range, (result) => {
    if (result.outcome?.failure === null) return 'go on'
    broken ??= result
    return 'stop'
  })
  assert.deepEqual(broken, null, 'again: npm run simulate -- --seed N --log')
})
