/** Times as they are shown, and read again. */

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { clockTime } from '../../src/cli/demo/show/sentences.ts'
import { lineOf } from '../../src/cli/dump/lines.ts'
import { parseTimestampMs, timestampMs } from '../../src/cli/human-values.ts'
import { parseRange } from '../../src/cli/offsets.ts'
import { strftime } from '../../src/cli/strftime.ts'
import { createStyle } from '../../src/cli/terminal.ts'
import { chooseZone, shownTime } from '../../src/cli/zone.ts'
import * as fc from '../harness/properties.ts'

const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Kiritimati']
const original = process.env.TZ
const nowMs = Date.UTC(2026, 10, 23, 18)

afterEach(() => {
  if (original === undefined) delete process.env.TZ
  else process.env.TZ = original
})

test('what is shown names its zone and is read back as the same time, in every zone', () => {
  for (const zone of zones) {
    process.env.TZ = zone
    // From 1972 on, when zones had whole minutes, to the year 9998.
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1972, 0), max: Date.UTC(9998, 0) }), (timeMs) => {
        const shown = shownTime(timeMs)
        assert.match(shown, /(Z|[+-]\d\d:\d\d)$/)
        assert.equal(timestampMs(shown, nowMs), timeMs, `${zone} ${shown}`)
        assert.deepEqual(parseRange(`@${shown}`, nowMs).from, { kind: 'time', timestampMs: timeMs })
        assert.equal(timestampMs(strftime('%F %T.%L%z', timeMs), nowMs), timeMs)
        assert.equal(timestampMs(strftime('%F %T.%L %Z', timeMs), nowMs), timeMs)
        assert.deepEqual(parseRange(shown, nowMs).from, { kind: 'time', timestampMs: timeMs })
        assert.equal(parseTimestampMs(`@${shown}`, nowMs), timeMs)
      })
    )
  }
})

test('--utc rules what is read and what is shown', () => {
  process.env.TZ = 'Europe/Berlin'
  assert.equal(shownTime(nowMs), '2026-11-23T19:00:00.000+01:00')
  assert.equal(timestampMs('2026-11-23T19:00', nowMs), nowMs)
  chooseZone('utc', process.env)
  assert.equal(shownTime(nowMs), '2026-11-23T18:00:00.000Z')
  assert.equal(timestampMs('2026-11-23T18:00', nowMs), nowMs)
})

test("the demo's events show the time of the day and its zone", () => {
  process.env.TZ = 'Europe/Berlin'
  assert.equal(clockTime(nowMs), '19:00:00+01:00')
  chooseZone('utc', process.env)
  assert.equal(clockTime(nowMs), '18:00:00Z')
})

test('a dump shows the times of records as other commands do', () => {
  const record = { what: 'record', offset: 0, timestamp: nowMs, key: null, value: 'a', headers: [] } as const
  process.env.TZ = 'Europe/Berlin'
  assert.match(lineOf(record, createStyle('plain')), / 2026-11-23T19:00:00\.000\+01:00 /)
  chooseZone('utc', process.env)
  assert.match(lineOf(record, createStyle('plain')), / 2026-11-23T18:00:00\.000Z /)
})

test('a time that no calendar reaches is shown as its number', () => {
  assert.equal(shownTime(2 ** 62), String(2 ** 62))
  assert.equal(strftime('%F', 2 ** 62), String(2 ** 62))
})
