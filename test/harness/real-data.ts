/**
 * The data that round trips carry: flights and earthquakes of the npm package vega-datasets, one record per row.
 * A flight is keyed by where it starts (few keys, many rows), an earthquake by its id (a key per row).
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface DataRecord {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

const require = createRequire(import.meta.url)
const directory = join(dirname(require.resolve('vega-datasets')), '..', 'data')

function rows(file: string): unknown[] {
  const parsed: unknown = JSON.parse(readFileSync(join(directory, file), 'utf8'))
  if (Array.isArray(parsed)) return parsed
  if (typeof parsed === 'object' && parsed !== null && 'features' in parsed && Array.isArray(parsed.features)) {
    return parsed.features
  }
  throw new Error(`${file} has no rows`)
}

function field(row: unknown, name: string): string {
  if (typeof row !== 'object' || row === null) throw new Error('a row is not an object')
  return String(Object.entries(row).find(([key]) => key === name)?.[1])
}

function records(file: string, dataset: string, keyField: string): DataRecord[] {
  return rows(file).map((row, index) => ({
    key: field(row, keyField),
    value: JSON.stringify(row),
    headers: { source: 'vega-datasets', dataset, row: String(index) }
  }))
}

export type FlightRows = '2k' | '10k' | '20k' | '200k'

export function flights(size: FlightRows = '2k'): DataRecord[] {
  return records(`flights-${size}.json`, 'flights', 'origin')
}

export function earthquakes(): DataRecord[] {
  return records('earthquakes.json', 'earthquakes', 'id')
}
