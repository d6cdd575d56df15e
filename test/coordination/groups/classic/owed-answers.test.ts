import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwedAnswers } from '../../../../src/coordination/groups/classic/owed-answers.ts'

test('a request that fails while it is asked is owed nothing', async () => {
  const answers = new OwedAnswers<string>('refused')
  let failed = 0
  const asking = answers.owe((waiter) => {
    failed = waiter
    throw new Error('cannot be written')
  })
  await assert.rejects(asking, /cannot be written/)
  assert.throws(() => answers.take([{ waiter: failed, response: 'late' }]), /answered twice/)
})

test('an answer that was taken is sent, whoever is refused meanwhile', async () => {
  const answers = new OwedAnswers<string>('refused')
  const waiters: number[] = []
  const asked = [0, 1].map(() => answers.owe((waiter) => waiters.push(waiter)))
  const taken = answers.take([{ waiter: waiters[0] ?? 0, response: 'yes' }])
  answers.refuseAll()
  taken.send()
  assert.deepEqual(await Promise.all(asked), ['yes', 'refused'])
})
