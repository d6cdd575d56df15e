/**
 * A whole broker with its clients, under faults, for many seeds. SEEDS=N runs more of them (60), FIRST_SEED=N others;
 * `npm run simulate` has more to say about a single one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from './simulate.ts'

const seeds = Number(process.env.SEEDS ?? 60)
const firstSeed = Number(process.env.FIRST_SEED ?? 1)
const steps = 4000

test(`nothing that was acknowledged is lost, doubled or reordered, and nobody reads what later vanishes: ${seeds} seeds`, async () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const { failure } = await simulate(seed, steps)
    assert.equal(failure, null, `seed ${seed}; again: npm run simulate -- --seed ${seed} --steps ${steps} --log`)
  }
})
