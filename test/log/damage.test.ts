/** What whoever runs the broker is told to do about damage: it can be done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restoreAdvice } from '../../src/log/damage.ts'

test("a topic can be given up without a backup; the groups' offsets with their topic, and the metadata with the directory", () => {
  assert.match(
    restoreAdvice('orders-0/00000000000000000000.log'),
    /or delete the topic to go on without its records\.$/
  )
  const groups = restoreAdvice('__consumer_offsets-3')
  assert.match(groups, /or delete the topic __consumer_offsets, with which all groups lose the offsets/)
  const metadata = restoreAdvice('__cluster_metadata-0/00000000000000000000.log')
  assert.match(
    metadata,
    /restore the whole data directory from a backup, or choose an empty one\. Where a backup of this log alone is all there is, .* remove recovery-point-offset-checkpoint/
  )
  assert.doesNotMatch(metadata, /delete/)
})
