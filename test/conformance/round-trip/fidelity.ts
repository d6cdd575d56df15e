/** Whether what was read is what was written: every record once, in order, byte for byte. */
import assert from 'node:assert/strict'
import type { DataRecord } from '../../harness/real-data.ts'
import { type Client, CONSTANT_HEADER, type ConsumedRecord } from '../clients/client.ts'

export function assertSameRecords(
  written: readonly DataRecord[],
  writer: Client,
  read: readonly ConsumedRecord[]
): void {
  assert.equal(read.length, written.length, 'as many records were read as were written')
  const rowOf = new Map(written.map((record, row) => [record.value, row]))
  assert.equal(rowOf.size, written.length, 'the rows differ from one another')
  const seen = new Set<number>()
  for (const record of read) {
    const row = rowOf.get(record.value?.toString() ?? '')
    const original = row === undefined ? undefined : written[row]
    assert.ok(row !== undefined && original, `a value that nobody wrote: ${record.value}`)
    assert.ok(!seen.has(row), `row ${row} came twice`)
    seen.add(row)
    assert.equal(record.key?.toString(), original.key, `the key of row ${row}`)
    if (record.headers)
      assert.deepEqual(sorted(record.headers), sorted(headersOf(original, writer)), `headers of row ${row}`)
  }
  assertOrder(read, rowOf)
}

function headersOf(record: DataRecord, writer: Client): Readonly<Record<string, string>> {
  return writer.headers === 'each' ? record.headers : { [CONSTANT_HEADER]: record.headers[CONSTANT_HEADER] ?? '' }
}

function sorted(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** In each partition offsets run on from 0 and rows keep the order they were written in; a key stays in one partition. */
function assertOrder(read: readonly ConsumedRecord[], rowOf: ReadonlyMap<string, number>): void {
  const partitionOfKey = new Map<string, number>()
  const last = new Map<number, { offset: number; row: number }>()
  for (const record of read) {
    const row = rowOf.get(record.value?.toString() ?? '') ?? -1
    const before = last.get(record.partition) ?? { offset: -1, row: -1 }
    assert.equal(record.offset, before.offset + 1, `offsets of partition ${record.partition} run on`)
    assert.ok(row > before.row, `partition ${record.partition} has row ${row} after row ${before.row}`)
    last.set(record.partition, { offset: record.offset, row })
    const key = record.key?.toString() ?? ''
    const partition = partitionOfKey.get(key) ?? record.partition
    assert.equal(record.partition, partition, `key ${key} is in one partition`)
    partitionOfKey.set(key, partition)
  }
  assert.ok(last.size > 1, 'the records are spread over partitions')
}
