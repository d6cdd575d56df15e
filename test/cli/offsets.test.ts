/** The grammar of --from. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlace, parseRange, perhapsATimeOfDay } from '../../src/cli/offsets.ts'
import * as fc from '../harness/properties.ts'

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
  assert.deepEqual(read('0:10'), { from: { kind: 'offset', offset: 0n }, to: { kind: 'offset', offset: 10n } })
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

test("a time of day is today's, and has its @ where it could be a range of offsets", () => {
  const today = (hours: number, minutes: number, seconds = 0) =>
    time(new Date(nowMs).setHours(hours, minutes, seconds, 0))
  assert.deepEqual(read('@09:30'), { from: today(9, 30) })
  assert.deepEqual(read('@09:30:15'), { from: today(9, 30, 15) })
  assert.deepEqual(read('@09:30:11:00'), { from: today(9, 30), to: today(11, 0) })
  assert.deepEqual(read(':@11:00'), { from: { kind: 'start' }, to: today(11, 0) })
  assert.deepEqual(parsePlace('09:30', nowMs, '--before', 'end'), today(9, 30))
  for (const either of ['09:30', '12:00', '10:05', '23:15', '12:00:00', '09:30:11:00'])
    assert.throws(() => read(either), { why: new RegExp(`^the time is written @${either}`) }, either)
  assert.throws(() => read('09:30'), { why: /, the offsets 9:30$/ })
  // What a program writes is read, whatever its numbers.
  for (let from = 0; from < 120; from++)
    assert.deepEqual(read(`${from}:${from + 1}`), {
      from: { kind: 'offset', offset: BigInt(from) },
      to: { kind: 'offset', offset: BigInt(from + 1) }
    })
  assert.throws(() => read('@25:00'), { message: /not a place to read from/ })
})

test('of a range that reads as a time of day too it is told how the time is written, and of no other', () => {
  for (const text of ['10:20', '17:31', '23:59'])
    assert.equal(perhapsATimeOfDay(read(text)), `for the time of day: --from @${text}`)
  for (const text of ['24:30', '17:60', '9:30', '17:310', '0:59', '10:', ':20', '17', '-20:-10', '@-2h:-1h'])
    assert.equal(perhapsATimeOfDay(read(text)), undefined, text)
})

test('a range in which nothing can lie is refused', () => {
  for (const empty of ['200:100', '7:7', '@-1h:-2h', 'end:', 'end:start', ':start', '+5:+5', '-5:-5', '-5:-9'])
    assert.throws(() => read(empty), { message: `nothing lies in the range ${empty}` }, empty)
  for (const some of ['-9:-5', '+4:+5', '7:', ':7', '-5:end', '100:-5']) assert.ok(read(some).to, some)
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
