/** Counts in sentences. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summaryLine } from '../../src/cli/check/lines.ts'
import { counted, firstOf } from '../../src/cli/counted.ts'
import { murmur2Steps } from '../../src/cli/learn/murmur2-steps.ts'
import { createStyle } from '../../src/cli/terminal.ts'

test('one is one, and all else are many', () => {
  assert.equal(counted(1, 'batch', 'batches'), '1 batch')
  assert.equal(counted(1n, 'record'), '1 record')
  assert.equal(counted(0n, 'broker'), '0 brokers')
  assert.equal(counted(200_000, 'record'), '200,000 records')
})

test('of many names three are told', () => {
  assert.equal(firstOf(['a', 'b', 'c']), 'a, b, c')
  assert.equal(firstOf(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more')
})

test('a directory with one of each, and a key of one byte', () => {
  const summary = { partitionCount: 1, batchCount: 1, recordCount: 1, shutdown: 'clean', image: null } as const
  const line = summaryLine({ directory: 'd', summary, findings: [] }, createStyle('plain'))
  assert.equal(line, 'd  1 partition, 1 batch, 1 record; stopped cleanly; healthy\n')
  assert.match(murmur2Steps('x').lines[0] ?? '', /is 1 byte: 78$/)
})
