/** A topic that was deleted under a group is told as such, and ends who has no other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { GoneTopics } from '../../../src/cli/consume/gone-topics.ts'
import { PretendBroker } from './pretend-broker.ts'

const waitMs = 20

function looking(broker: PretendBroker) {
  const lines: string[] = []
  return { lines, topics: new GoneTopics(broker.cluster, (line) => lines.push(line), waitMs) }
}

test('a topic that is gone beside others is named once', async () => {
  const broker = new PretendBroker()
  broker.create('there', 1)
  const { lines, topics } = looking(broker)
  for (let looks = 0; looks < 2; looks++) {
    assert.equal((await topics.look(['there', 'deleted'])).left, 'some are there')
  }
  await pause(2 * waitMs)
  await topics.endIfForGood(['there', 'deleted'])
  assert.deepEqual(lines, ['topic "deleted" is gone; reading the others'])
})

test('when all are gone for long it ends, and not before', async () => {
  const { lines, topics } = looking(new PretendBroker())
  assert.equal((await topics.look(['deleted'])).left, 'all are gone')
  await topics.endIfForGood(['deleted'])
  await pause(2 * waitMs)
  await assert.rejects(topics.endIfForGood(['deleted']), { message: /there is no topic "deleted"/ })
  assert.deepEqual(lines, ['topic "deleted" is gone; waiting 1 s for a new one'])
})

test('a topic that is made anew meanwhile is waited for no longer, and told again when it goes', async () => {
  const broker = new PretendBroker()
  const { lines, topics } = looking(broker)
  await topics.look(['a'])
  broker.create('a', 1)
  await pause(2 * waitMs)
  await topics.endIfForGood(['a'])
  broker.topics.delete('a')
  await topics.endIfForGood(['a'])
  await topics.look(['a'])
  assert.equal(lines.length, 2)
})
