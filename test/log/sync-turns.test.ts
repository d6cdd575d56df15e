/** Which logs are synced first, and how many at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { SyncGroup } from '../../src/log/sync-group.ts'
import { SyncTurns } from '../../src/log/sync-turns.ts'

/** A log that has so many records, and whose syncs end when the test says so. */
function logIn(turns: SyncTurns, begun: string[], name: string) {
  const log = { endOffset: 1, finish: () => {}, fail: (_error: Error) => {} }
  const group = new SyncGroup(
    {
      logEndOffset: () => log.endOffset,
      write: () => log.endOffset,
      prepare: () => null,
      sync: () => {
        begun.push(name)
        return new Promise<void>((resolve, reject) => Object.assign(log, { finish: resolve, fail: reject }))
      },
      synced: () => {},
      refused: () => {},
      failed: () => {}
    },
    0,
    { turns, clock: new ManualClock() }
  )
  return Object.assign(log, { group })
}

async function full() {
  const turns = new SyncTurns()
  const begun: string[] = []
  const logs = Array.from({ length: limits.backgroundSyncs + 2 }, (_, index) => logIn(turns, begun, `log ${index}`))
  for (const { group, endOffset } of logs) group.want(endOffset)
  await setImmediate()
  const [first] = logs
  const [beforeLast, last] = logs.slice(-2)
  assert.ok(first && beforeLast && last)
  return { begun, first, beforeLast, last, atOnce: limits.backgroundSyncs }
}

test('no more logs are synced at a time than the limit, and the next begins when one ends', async () => {
  const { begun, first, atOnce, beforeLast } = await full()
  assert.equal(begun.length, atOnce)
  first.finish()
  await setImmediate()
  assert.equal(begun.at(-1), `log ${atOnce}`)
  assert.equal(begun.length, atOnce + 1)
  assert.equal(beforeLast.group.syncedOffset, 0)
})

test('a log that somebody waits for is synced at once, before those in line', async () => {
  const { begun, last, atOnce } = await full()
  const synced = last.group.wait(1)
  await setImmediate()
  assert.deepEqual(begun.slice(atOnce), [`log ${atOnce + 1}`])
  last.finish()
  await synced
  await setImmediate()
  assert.equal(begun.length, atOnce + 1, 'its turn was beyond the limit: nobody takes it over')
})

test('one sync serves all that came while the log stood in line', async () => {
  const { begun, first, beforeLast, atOnce } = await full()
  beforeLast.endOffset = 5
  beforeLast.group.want(5)
  first.finish()
  await setImmediate()
  beforeLast.finish()
  await setImmediate()
  assert.equal(beforeLast.group.syncedOffset, 5)
  assert.equal(begun.filter((name) => name === `log ${atOnce}`).length, 1)
})

test('a log that gets records all the time lines up again behind the others', async () => {
  const { begun, first, atOnce } = await full()
  first.endOffset = 2
  first.group.want(2)
  first.finish()
  await setImmediate()
  assert.deepEqual(begun.slice(atOnce), [`log ${atOnce}`])
})

test('a sync that fails gives its turn to the next, and its log is synced no more', async () => {
  const { begun, first, atOnce } = await full()
  first.fail(new Error('the disk is gone'))
  await setImmediate()
  assert.deepEqual(begun.slice(atOnce), [`log ${atOnce}`])
  await assert.rejects(first.group.wait(1), /the disk is gone/)
})

test('logs that somebody waits for take no turns: however busy they are, one that nobody waits for comes to its own', async () => {
  const turns = new SyncTurns()
  const begun: string[] = []
  const busy = Array.from({ length: limits.backgroundSyncs + 1 }, (_, index) => logIn(turns, begun, `busy ${index}`))
  for (const { group } of busy) void group.wait(1)
  const quiet = logIn(turns, begun, 'quiet')
  quiet.group.want(1)
  await setImmediate()
  assert.equal(begun.at(-1), 'quiet')
})
