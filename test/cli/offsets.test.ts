/** The grammar of --from. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRange } from '../../src/cli/offsets.ts'

const nowMs = Date.UTC(2026, 10, 23, 18, 0, 0)
const read = (text: string) => parseRange(text, nowMs)
const time = (timestampMs: number) => ({ kind: 'time', timestampMs }) as const

test("start and end go by rpk's, Apache's and kcat's words", () => {
  for (const word of ['start', 'beginning', 'earliest', 'oldest'])
    assert.deepEqual(read(word), { from: { kind: 'start' } })
  for (const word of ['end', 'latest', 'NEWEST']) assert.deepEqual(read(word), { from: { kind: 'end' } })
})

test('numbers are offsets, with a sign they count from the start or the end', () => {
  assert.deepEqual(read('42'), { from: { kind: 'offset', offset: 42n } })
  assert.deepEqual(read('+5'), { from: { kind: 'after-start', count: 5n } })
  assert.deepEqual(read('-5'), { from: { kind: 'before-end', count: 5 } })
})

test('a colon makes a range', () => {
  assert.deepEqual(read('10:20'), { from: { kind: 'offset', offset: 10n }, to: { kind: 'offset', offset: 20n } })
  assert.deepEqual(read(':end'), { from: { kind: 'start' }, to: { kind: 'end' } })
  assert.deepEqual(read('10:'), { from: { kind: 'offset', offset: 10n }, to: { kind: 'end' } })
  assert.deepEqual(read(':20'), { from: { kind: 'start' }, to: { kind: 'offset', offset: 20n } })
})

test('times may be ranges although they contain colons themselves', () => {
  assert.deepEqual(read('@-15m'), { from: time(nowMs - 900_000) })
  assert.deepEqual(read('@1h'), { from: time(nowMs - 3_600_000) })
  assert.deepEqual(read('@2026-11-23T18:00:00Z'), { from: time(nowMs) })
  assert.deepEqual(read('@2026-11-23T17:00:00Z:2026-11-23T18:00:00Z'), {
    from: time(nowMs - 3_600_000),
    to: time(nowMs)
  })
  assert.deepEqual(read('@-2h:-1h'), { from: time(nowMs - 7_200_000), to: time(nowMs - 3_600_000) })
  assert.deepEqual(read('@-2h:30m'), { from: time(nowMs - 7_200_000), to: time(nowMs - 5_400_000) })
  assert.deepEqual(read('@-2h:end'), { from: time(nowMs - 7_200_000), to: { kind: 'end' } })
})

test('a time that no offset looks like needs no @', () => {
  const midnightMs = new Date(nowMs).setHours(0, 0, 0, 0)
  const eveMs = new Date(midnightMs - 1).setHours(0, 0, 0, 0)
  assert.deepEqual(read('now'), { from: time(nowMs) })
  assert.deepEqual(read('Yesterday'), { from: time(eveMs) })
  assert.deepEqual(read('yesterday:today'), { from: time(eveMs), to: time(midnightMs) })
  assert.deepEqual(read('yesterday:end'), { from: time(eveMs), to: { kind: 'end' } })
  assert.deepEqual(read(':today'), { from: { kind: 'start' }, to: time(midnightMs) })
  assert.deepEqual(read(':2026-11-23T18:00:00Z'), { from: { kind: 'start' }, to: time(nowMs) })
  assert.deepEqual(read('-15m'), { from: time(nowMs - 900_000) })
  assert.deepEqual(read('15m'), { from: time(nowMs - 900_000) })
  assert.deepEqual(read('-2h:-1h'), { from: time(nowMs - 7_200_000), to: time(nowMs - 3_600_000) })
  for (const wrong of ['yesterdays', 'today5', '15mm', 'tomorrow'])
    assert.throws(() => read(wrong), { message: /not a place to read from/ }, wrong)
})

test('anything else is refused with the grammar', () => {
  for (const wrong of ['', ':', 'soon', '@', '@x:y', '1:2:3', '--5']) {
    assert.throws(() => read(wrong), { message: /not a place to read from/ }, wrong)
  }
})

test('no text whatever breaks the reader other than by its own error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        read(text)
      } catch (error) {
        assert.match(String(error), /not a place to read from/)
      }
    })
  )
})
