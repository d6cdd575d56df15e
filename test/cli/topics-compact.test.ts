/** `topics compact` tells what compaction would remove: held against a model, and against a broker. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { CompactionTally, type TalliedRecord } from '../../src/cli/topics/compaction-tally.ts'
import { KeyTable } from '../../src/cli/topics/key-table.ts'
import * as fc from '../harness/properties.ts'
import { type CommandLine, openCommandLine, unavailable } from './command-line.ts'

const nowMs = 1_800_000_000_000
const dayMs = 86_400_000
const rules = { nowMs, deleteRetentionMs: dayMs, minCompactionLagMs: 0 }

interface Written {
  readonly key: string | null
  readonly value: string | null
  readonly ageMs: number
}

const tallied = ({ key, value, ageMs }: Written, offset: number): TalliedRecord => ({
  offset: BigInt(offset),
  timestampMs: nowMs - ageMs,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  headers: [[Buffer.from('h'), null]]
})

const sizeOf = ({ key, value }: Written): number => 1 + (key?.length ?? 0) + (value?.length ?? 0)
const sum = (records: readonly Written[]): number => records.reduce((total, record) => total + sizeOf(record), 0)

const written = fc.record({
  key: fc.option(
    fc.integer({ min: 0, max: 9 }).map((key) => `key ${key}`),
    { freq: 6 }
  ),
  value: fc.option(fc.string({ unit: 'grapheme-ascii', maxLength: 9 }), { freq: 3 }),
  ageMs: fc.integer({ min: 0, max: 3 }).map((days) => days * dayMs + 5000)
})

test('what is counted is what a model says that compaction removes', () => {
  fc.assert(
    fc.property(fc.array(written, { maxLength: 60 }), (records) => {
      const tally = new CompactionTally(rules)
      for (const [offset, record] of records.entries()) tally.add(tallied(record, offset))
      const isLast = ({ key }: Written, at: number): boolean => records.findLastIndex((each) => each.key === key) === at
      const keyed = records.filter(({ key }) => key !== null)
      const last = records.filter((record, at) => record.key !== null && isLast(record, at))
      const due = last.filter(({ value, ageMs }) => value === null && ageMs > dayMs)
      const kept = last.filter((record) => !due.includes(record))
      assert.deepEqual(tally.counts, {
        records: records.length,
        bytes: sum(records),
        keys: last.length,
        superseded: keyed.length - last.length,
        supersededBytes: sum(keyed) - sum(last),
        withoutKey: records.length - keyed.length,
        tombstones: last.filter(({ value }) => value === null).length,
        tombstonesDue: due.length,
        removed: records.length - kept.length,
        removedBytes: sum(records) - sum(kept),
        kept: kept.length,
        keptBytes: sum(kept)
      })
    })
  )
})

test('records that are too young stay, and so does all behind them', () => {
  const tally = new CompactionTally({ ...rules, minCompactionLagMs: dayMs })
  const at = (ageMs: number): Written => ({ key: 'k', value: 'v', ageMs })
  for (const [offset, record] of [at(3 * dayMs), at(2 * dayMs), at(5000), at(2 * dayMs)].entries())
    tally.add(tallied(record, offset))
  assert.deepEqual(tally.end, { offset: 2n, why: 'too young' })
  assert.deepEqual([tally.counts.superseded, tally.counts.kept], [1, 3])
})

test('more keys than there is room for are not counted, and told; none is taken for another', () => {
  const table = new KeyTable(1 << 13)
  const tally = new CompactionTally(rules, table)
  for (let round = 0; round < 2; round++) {
    for (let key = 0; key < 6000; key++)
      tally.add(tallied({ key: `key ${key}`, value: 'v', ageMs: 5000 }, round * 6000 + key))
  }
  assert.deepEqual(tally.end, { offset: 5734n, why: 'too many keys' })
  const { records, keys, superseded, kept } = tally.counts
  assert.deepEqual({ records, keys, superseded, kept }, { records: 12_000, keys: 5734, superseded: 0, kept: 12_000 })
})

suite('topics compact, at a broker', { skip: unavailable() }, () => {
  let cli: CommandLine
  before(async () => {
    cli = await openCommandLine()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
  })

  const lines = (records: readonly object[]): string => records.map((record) => JSON.stringify(record)).join('\n')

  test('of each key all but the last record, tombstones whose time is over, and nothing is changed', async () => {
    const topic = cli.unique('topic')
    await cli.text(['topics', 'create', topic, '-p', '2', '-c', 'cleanup.policy=compact'])
    const old = Date.now() - 3 * dayMs
    const records = [
      { key: 'a', value: 'one', partition: 0 },
      { key: 'b', value: 'two', partition: 0 },
      { key: 'a', value: 'three', partition: 0 },
      { key: 'b', value: null, partition: 0, timestamp: old },
      { key: 'c', value: null, partition: 0 },
      { key: 'a', value: 'elsewhere', partition: 1 }
    ]
    await cli.text(['produce', topic, '-i', 'jsonl', '-z', 'zstd'], lines(records))
    const told = await cli.run(['topics', 'compact', topic])
    const rows = told.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const first = { topic, partition: 0, start: 0, end: 5, records: 5, bytes: 16, keys: 3, withoutKey: 0 }
    const gone = { superseded: 2, supersededBytes: 8, tombstones: 2, tombstonesDue: 1, removed: 3, removedBytes: 9 }
    assert.deepEqual(rows[0], { ...first, ...gone, kept: 2, keptBytes: 7 })
    assert.deepEqual([rows[1].records, rows[1].removed, rows[1].kept], [1, 0, 1])
    assert.match(told.stderr.toString(), /compaction would remove 3 of 6 records, and 9 of 26 bytes/)
    assert.deepEqual(
      (await cli.rows(['topics', 'offsets', topic])).map(({ end }) => end),
      [5, 1]
    )
    assert.equal((await cli.rows(['consume', topic, '-e'])).length, 6)
  })

  test('of a topic that is not compacted what would go if it were, as any format that lists have', async () => {
    const topic = cli.unique('topic')
    await cli.text(['topics', 'create', topic, '-p', '1'])
    await cli.text(
      ['produce', topic, '-i', 'jsonl'],
      lines([{ key: 'a', value: '1' }, { value: '2' }, { key: 'a', value: '3' }])
    )
    const told = await cli.run(['topics', 'compact', topic, '-P', '0', '-o', 'json'])
    const [row] = JSON.parse(told.stdout.toString())
    assert.deepEqual([row.superseded, row.withoutKey, row.kept], [1, 1, 1])
    assert.match(told.stderr.toString(), /is not compacted \(cleanup\.policy=delete\)/)
    const csv = await cli.text(['topics', 'compact', topic, '-o', 'csv'])
    assert.match(
      csv,
      /^partition,records,keys,superseded,withoutKey,tombstones,tombstonesDue,removed,removedBytes,kept,keptBytes\n0,3,1,1,1,0,0,2,/
    )
    assert.equal((await cli.run(['topics', 'compact', `${topic}-not`])).code, 5)
  })
})
