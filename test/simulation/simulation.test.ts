/** What a simulation is: the same for the same seed, with clients that get answers, and with faults of every kind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Outcome, simulate } from './simulate.ts'

const steps = 4000

test('the same seed does the same, event by event', async () => {
  const [first, second] = [await simulate(7, steps), await simulate(7, steps)]
  assert.equal(first.digest, second.digest)
  assert.deepEqual(first.log, second.log)
  const other = await simulate(8, steps)
  assert.notEqual(other.digest, first.digest)
})

test('a simulation has clients that get answers, and faults of every kind', async () => {
  const outcomes: Outcome[] = []
  for (const seed of [2, 3, 4, 5, 6, 14]) outcomes.push(await simulate(seed, 15_000))
  const sum = (of: (outcome: Outcome) => object): Record<string, number> => {
    const sums: Record<string, number> = {}
    for (const outcome of outcomes) {
      for (const [name, count] of Object.entries(of(outcome))) sums[name] = (sums[name] ?? 0) + Number(count)
    }
    return sums
  }
  for (const [name, count] of Object.entries({ ...sum(({ faults }) => faults), ...sum(({ counts }) => counts) })) {
    assert.ok(count > 0, `${name}: ${count}`)
  }
})
