/**
 * The checkers bite: mistakes of `tools/mutations/` that lose, double, reorder or bring back what was promised, have two members own the
 * same, or serve what has rotted, are found by the simulation, each within so many seeds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MutatedCopy } from '../../tools/mutations/apply.ts'
import { mutations } from '../../tools/mutations/list.ts'
import { projectDirectory } from '../harness/paths.ts'

/** In which each is found; most are in the first ten. */
const seeds = 100
/** What `npm run simulate` says when a promise was broken; a mistake that does not even compile ends with another code. */
const broken = 7

const planted = [
  'acks=all is answered as acks=1 is',
  'consumers read what is not synced',
  'acks=all is answered without a sync',
  'the names of new files are not synced',
  'a coordinator answers before its records are safe',
  'a batch that is sent again is stored again',
  'acks=all is answered before the followers have it',
  'the high watermark is what the leader alone has',
  'the high watermark is what one of the others has',
  'a follower joins the in-sync set without having caught up',
  'a follower keeps what its leader does not have',
  'a leader goes on in the epoch that it had',
  'a follower does not remember the producers of what it takes',
  'any replica is elected, whether or not it is in sync',
  'a broker that follows now goes on as the leader that it was',
  'a follower that has more than its leader is cut back to its high watermark instead of by epoch',
  'after a start a partition with followers is led in its old epoch',
  'after a start a broker that has not heard of its new epochs leads in the old ones',
  'a leader takes who lags out of its in-sync set without the controller, whether or not it is replaced',
  'a member of an old generation commits offsets',
  'a member of an old generation goes on as if nothing had happened',
  'who asks for its assignment later is given that of another member',
  'who takes over a group begins its generations anew',
  'a reassignment waits for nobody',
  'what was there at the start is served without a look at its checksum'
]

test('the simulation finds each mistake that was planted', async () => {
  using copy = new MutatedCopy(projectDirectory)
  for (const what of planted) {
    const mutation = mutations.find((each) => each.what === what)
    assert.ok(mutation !== undefined, `there is no mistake called "${what}"`)
    const exitCode = await copy.exitCodeWith(mutation, 'test/simulation/main.ts', ['--seeds', `1..${seeds}`, '--brief'])
    assert.equal(exitCode, broken, `not found in ${seeds} seeds: ${what}`)
  }
})
