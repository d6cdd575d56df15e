/** What a member dealt with is committed once, and what could not be committed is not lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Commits, type Place } from '../../../src/cli/consume/commits.ts'

const place = (offset: bigint, topicId = 'first'): Place => ({ topic: 't', partition: 0, topicId, offset })

/** Whoever sends waits until the test says how it ends. */
function commitsThatWait() {
  const sent: { readonly offsets: readonly bigint[]; end(error?: Error): void }[] = []
  const state: { topicId: string; hindrance: Error | undefined } = { topicId: 'first', hindrance: undefined }
  const commits = new Commits({
    send: (places) =>
      new Promise((resolve, reject) => {
        const offsets = places.map((one) => one.offset)
        sent.push({ offsets, end: (error) => (error ? reject(error) : resolve()) })
      }),
    isOutdated: (one) => one.topicId !== state.topicId,
    hindrance: () => state.hindrance
  })
  return { commits, sent, state }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('one commit is under way at a time, and the next is for all who asked meanwhile', async () => {
  const { commits, sent } = commitsThatWait()
  commits.note(place(1n))
  const first = commits.commit()
  await turn()
  commits.note(place(2n))
  const others = [commits.commit(), commits.commit()]
  await turn()
  assert.deepEqual(
    sent.map(({ offsets }) => offsets),
    [[1n]]
  )
  sent[0]?.end()
  await turn()
  assert.deepEqual(
    sent.map(({ offsets }) => offsets),
    [[1n], [2n]]
  )
  assert.equal(commits.inGroup.get('t:0'), 1n)
  sent[1]?.end()
  assert.deepEqual(await Promise.all([first, ...others]), [undefined, undefined, undefined])
  assert.equal(commits.inGroup.get('t:0'), 2n)
  assert.equal(commits.areDue, false)
})

test('what was not taken is told, and goes with the next commit', async () => {
  const { commits, sent } = commitsThatWait()
  commits.note(place(1n))
  const refused = commits.commit()
  await turn()
  const reason = new Error('the coordinator moves')
  sent[0]?.end(reason)
  assert.equal(await refused, reason)
  assert.deepEqual([commits.areDue, commits.inGroup.get('t:0')], [true, undefined])
  const taken = commits.commit()
  await turn()
  assert.deepEqual(sent[1]?.offsets, [1n])
  sent[1]?.end()
  assert.equal(await taken, undefined)
})

test('what is hindered stays, and an offset of a topic that was made anew is for nobody', async () => {
  const { commits, sent, state } = commitsThatWait()
  commits.note(place(1n))
  state.hindrance = new Error('given out anew')
  assert.equal(await commits.commit(), state.hindrance)
  assert.equal(commits.areDue, true)
  state.topicId = 'second'
  assert.equal(await commits.commit(), undefined)
  assert.deepEqual([commits.areDue, sent.length], [false, 0])
})
