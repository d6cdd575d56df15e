/**
 * The checkers bite: mistakes of `tools/mutations/` that lose, double, reorder or bring back what was promised, have two members own the
 * same, or serve what has rotted, are found by the simulation, each within so many seeds.
 */
import assert from 'node:assert/strict'
import { MutatedCopy } from '../../../tools/mutations/apply.ts'
import { mutations } from '../../../tools/mutations/list.ts'
import { projectDirectory } from '../../harness/paths.ts'

/** In which each is found; most are in the first ten. */
const seeds = 100
/** What `npm run simulate` says when a promise was broken; a mistake that does not even compile ends with another code. */
const broken = 7

/** The simulation finds each of these within a hundred seeds from the first one on; all that it does not find are told. */
export async function assertFound(planted: readonly string[], firstSeed = 1): Promise<void> {
  const range = `${firstSeed}..${firstSeed + seeds - 1}`
  using copy = new MutatedCopy(projectDirectory)
  const missed: string[] = []
  for (const what of planted) {
    const mutation = mutations.find((each) => each.what === what)
    assert.ok(mutation !== undefined, `there is no mistake called "${what}"`)
    const exitCode = await copy.exitCodeWith(mutation, 'test/simulation/main.ts', ['--seeds', range, '--brief'])
    if (exitCode !== broken) missed.push(`${what} (exit code ${exitCode})`)
  }
  assert.deepEqual(missed, [], `not found in the seeds ${range}`)
}
