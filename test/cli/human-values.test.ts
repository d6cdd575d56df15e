/** Times, durations, sizes and lists as people write them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configValue,
  durationMs,
  parseConfigs,
  parseCount,
  parseDurationMs,
  parsePartitions,
  parsePort,
  parseRatePerSecond,
  parseTimestampMs,
  sizeBytes,
  timestampMs
} from '../../src/cli/human-values.ts'
import * as fc from '../harness/properties.ts'

const nowMs = Date.UTC(2026, 10, 23, 18, 0, 0)

test('a duration is read in its units, alone or joined, and as Java writes it', () => {
  assert.equal(durationMs('500ms'), 500)
  assert.equal(durationMs('5s'), 5000)
  assert.equal(durationMs('1h30m'), 5_400_000)
  assert.equal(durationMs('7d'), 604_800_000)
  assert.equal(durationMs('PT1H'), 3_600_000)
  assert.equal(durationMs('P1DT2H3M4S'), 93_784_000)
  for (const wrong of ['', '5', 'h', '5x', 'P', 'PT', '-5s']) assert.equal(durationMs(wrong), undefined, wrong)
  assert.throws(() => parseDurationMs('soon'), /not a duration/)
})

test('a time is absolute, a number, a word, or relative to now', () => {
  assert.equal(timestampMs('-15m', nowMs), nowMs - 900_000)
  assert.equal(timestampMs('now', nowMs), nowMs)
  assert.equal(timestampMs('1763920800', nowMs), 1763920800000)
  assert.equal(timestampMs('1763920800123', nowMs), 1763920800123)
  assert.equal(timestampMs('2026-11-23T18:00:00Z', nowMs), nowMs)
  assert.equal(timestampMs('2026-11-23T18:00', nowMs), new Date(2026, 10, 23, 18).getTime())
  assert.equal(timestampMs('2026-11-23', nowMs), new Date(2026, 10, 23).getTime())
  for (const wrong of ['', '12', '2026-13-99', 'yesterdays']) assert.equal(timestampMs(wrong, nowMs), undefined, wrong)
  assert.throws(() => parseTimestampMs('later', nowMs), /not a time/)
})

test('a day that no calendar has is no time', () => {
  for (const day of ['2026-02-30', '2026-02-29', '2026-04-31', '2026-13-01', '2026-00-10', '2026-01-00'])
    for (const text of [day, `${day}T12:00`, `${day} 12:00:00 +02:00`])
      assert.equal(timestampMs(text, nowMs), undefined, text)
  assert.equal(timestampMs('2028-02-29T00:00:00Z', nowMs), Date.UTC(2028, 1, 29))
})

test('every time that JavaScript prints in ISO form is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (timeMs) => {
      assert.equal(timestampMs(new Date(timeMs).toISOString(), nowMs), timeMs)
    })
  )
})

test('sizes know decimal and binary units', () => {
  assert.equal(sizeBytes('1MiB'), 1_048_576)
  assert.equal(sizeBytes('10m'), 10_000_000)
  assert.equal(sizeBytes('1.5k'), 1500)
  assert.equal(sizeBytes('42'), 42)
  assert.equal(sizeBytes('big'), undefined)
})

test('settings in time and bytes take human words, others stay as they are', () => {
  assert.deepEqual(parseConfigs(['retention.ms=7d', 'segment.bytes=1MiB', 'cleanup.policy=compact,delete']), {
    'retention.ms': '604800000',
    'segment.bytes': '1048576',
    'cleanup.policy': 'compact,delete'
  })
  assert.equal(configValue('retention.ms', '-1'), '-1')
  assert.throws(() => parseConfigs(['=x']), /not a setting/)
})

test('partitions are a list with ranges, each once', () => {
  assert.deepEqual(parsePartitions('0,2-4,2'), [0, 2, 3, 4])
  for (const wrong of ['', '4-2', 'a', '0-999999']) assert.throws(() => parsePartitions(wrong), /partitions/, wrong)
})

test('counts and rates are checked', () => {
  assert.equal(parseCount('10_000'), 10_000)
  assert.equal(parseCount('1,234,567'), 1_234_567)
  for (const text of ['-1', '', ',', '_', '1,5', '1_5', '1,', ',100', '1,2345', '1,000_000'])
    assert.throws(() => parseCount(text), /not a count/, text)
  assert.equal(parseRatePerSecond('5/s'), 5)
  assert.equal(parseRatePerSecond('300/m'), 5)
  assert.throws(() => parseRatePerSecond('0'), /not a rate/)
})

test('what is no port is told as such, not as a count', () => {
  assert.deepEqual(['0', '9092', '65535'].map(parsePort), [0, 9092, 65_535])
  for (const text of ['abc', '', '-1', '65536', '9_092', '9092/tcp']) {
    assert.throws(() => parsePort(text), { message: `"${text}" is not a port` }, text)
  }
})
