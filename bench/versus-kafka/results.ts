/** What was measured, one file for each row, so that a run that was interrupted goes on where it was. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from '../../test/harness/paths.ts'
import { median } from '../raw-client/probes.ts'
import type { ContenderName } from './contenders.ts'
import type { Machine } from './machine.ts'
import { pointsOf, type Sample, type Size } from './row.ts'

export interface RowResult {
  readonly row: string
  readonly size: Size
  readonly rounds: number
  readonly machine: Machine
  readonly startedAt: string
  readonly tookSeconds: number
  /** Load average before the row began: what others did on the machine. */
  readonly busyness: number
  readonly samples: Partial<Record<ContenderName, readonly Sample[]>>
  /** Of a broker that had done nothing yet, in rows whose rounds are of warm brokers. */
  readonly cold?: Partial<Record<ContenderName, Sample>>
  /** Why a contender has no samples, or fewer. */
  readonly failures: Partial<Record<ContenderName, string>>
}

export type Results = ReadonlyMap<string, RowResult>

export function resultsDirectory(kind: Size | 'before'): string {
  return join(cacheDirectory, 'bench', 'results', kind)
}

export function saveResult(directory: string, result: RowResult): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${result.row}.json`), `${JSON.stringify(result, null, 1)}\n`)
}

/** The last result of a row; undefined when there is none. */
export function loadResult(directory: string, row: string): RowResult | undefined {
  const path = join(directory, `${row}.json`)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RowResult) : undefined
}

export function loadResults(directory: string, rows: readonly { readonly name: string }[]): Results {
  const found = new Map<string, RowResult>()
  for (const { name } of rows) {
    const result = loadResult(directory, name)
    if (result !== undefined) found.set(name, result)
  }
  return found
}

/** Every value that was measured under a key. */
export function valuesOf(result: RowResult | undefined, contender: ContenderName, key: string): number[] {
  return (result?.samples[contender] ?? []).flatMap((sample) => {
    const value = sample[key]
    return value === undefined || Number.isNaN(value) ? [] : [value]
  })
}

export function medianOf(result: RowResult | undefined, contender: ContenderName, key: string): number | null {
  const values = valuesOf(result, contender, key)
  return values.length === 0 ? null : median(values)
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** The curve of a figure: the median of all rounds at each point. */
export function curveOf(result: RowResult | undefined, contender: ContenderName, key: string): Point[] {
  const [first] = result?.samples[contender] ?? []
  if (first === undefined) return []
  return pointsOf(first, key).flatMap(({ x }) => {
    const y = medianOf(result, contender, `${key}@${x}`)
    return y === null ? [] : [{ x, y }]
  })
}

/** How a curve grows: the exponent e of n^e from its first to its last point; 1 is linear, 0 flat. */
export function exponentOf(points: readonly Point[]): number | null {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || first.x === last.x || first.y <= 0 || last.y <= 0) return null
  return Math.log(last.y / first.y) / Math.log(last.x / first.x)
}

/** What one more costs: the slope from the first point to the last. */
export function slopeOf(points: readonly Point[]): number | null {
  const [first, last] = [points[0], points.at(-1)]
  return first === undefined || last === undefined || first.x === last.x
    ? null
    : (last.y - first.y) / (last.x - first.x)
}
