/**
 * The checkers bite: mistakes of `tools/mutations/list.ts` that lose, double, reorder or bring back what was promised are found
 * by the simulation, within the seeds that it runs each time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MutatedCopy } from '../../tools/mutations/apply.ts'
import { mutations } from '../../tools/mutations/list.ts'
import { projectDirectory } from '../harness/paths.ts'

const simulation = ['test/simulation/seeds.test.ts']

const planted = [
  'acks=all is answered as acks=1 is',
  'consumers read what is not synced',
  'deleted records are back after a crash',
  'acks=all is answered without a sync',
  'acks=all is answered before its sync',
  'the names of new files are not synced',
  'a write that failed leaves its producers as if it had not',
  'a coordinator answers before its records are safe',
  'a batch that is sent again is stored again'
]

test('the simulation keeps its promises without a mistake, and finds each that was planted', async () => {
  using copy = new MutatedCopy(projectDirectory)
  assert.ok(await copy.isSound(simulation))
  for (const what of planted) {
    const mutation = mutations.find((each) => each.what === what)
    assert.ok(mutation !== undefined, `there is no mistake called "${what}"`)
    assert.ok(await copy.notices({ ...mutation, tests: simulation }), `not found: ${what}`)
  }
})
