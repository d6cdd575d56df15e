/** What many look at is asked of the cluster once, and only as long as somebody looks; who is slow costs no memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { SharedLook } from '../../src/console/http/shared-look.ts'

/** The views that were taken, each after a pause. */
async function watch(look: SharedLook<number>, count: number, pauseMs = 0): Promise<number[]> {
  const seen: number[] = []
  for await (const view of look.views(new AbortController().signal)) {
    seen.push(view)
    if (seen.length === count) break
    if (pauseMs > 0) await setTimeout(pauseMs)
  }
  return seen
}

test('ten who look at the same thing ask for it once', async () => {
  let asked = 0
  const look = new SharedLook(async () => ++asked, 5)
  const all = await Promise.all(Array.from({ length: 10 }, () => watch(look, 3)))
  for (const seen of all) assert.deepEqual(seen, [1, 2, 3])
  assert.ok(asked <= 4, `${asked}`)
})

test('when nobody looks nothing is asked, and who comes later sees what is so then', async () => {
  let asked = 0
  const look = new SharedLook(async () => ++asked, 5)
  await watch(look, 2)
  await setTimeout(50)
  const before = asked
  await setTimeout(50)
  assert.equal(asked, before)
  assert.deepEqual(await watch(look, 1), [before + 1])
})

test('who is slow misses what was in between and gets the newest', async () => {
  let asked = 0
  const look = new SharedLook(async () => ++asked, 1)
  const [slow] = await Promise.all([watch(look, 3, 60), watch(look, 20)])
  assert.ok((slow[1] ?? 0) > 2, String(slow))
})

test('what fails is told to all who look, and is tried again by who looks again', async () => {
  let isDown = true
  const look = new SharedLook(async () => {
    if (isDown) throw new Error('the broker is away')
    return 7
  }, 1)
  await Promise.all([1, 2].map(() => assert.rejects(watch(look, 1), /away/)))
  isDown = false
  await setTimeout(20)
  assert.deepEqual(await watch(look, 1), [7])
})

test('who leaves is not waited for', async () => {
  const look = new SharedLook(() => new Promise<number>(() => {}), 1)
  const left = new AbortController()
  const views = look.views(left.signal)
  const next = views.next()
  left.abort()
  assert.equal((await next).done, true)
})
