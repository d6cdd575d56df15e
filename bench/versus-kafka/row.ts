/**
 * What a row of the bench is: what it measures, of whom, and how one contender is measured once.
 *
 * A row opens a station for each contender; rounds then go from station to station (A B A B), so that what disturbs the
 * machine disturbs all of them. A curve is a row whose samples hold a figure at several sizes.
 */
import type { ContenderName } from './contenders.ts'

/** `quick` only proves that the row runs; its figures mean nothing. */
export type Size = 'full' | 'quick'

export interface Settings {
  readonly size: Size
  /** How much the rows about large logs write. */
  readonly logBytes: number
}

export interface Figure {
  readonly key: string
  readonly what: string
  readonly unit: Unit
  readonly better: 'more' | 'less'
}

export type Unit = 'records/s' | 's/M records' | 'ms' | 'µs' | 'MB' | 'MB/s' | 'KB' | 'per s'

/** Values under the keys of the row's figures; in a curve under `key@x`. What could not be measured is left out. */
export type Sample = Readonly<Record<string, number>>

export interface Station extends AsyncDisposable {
  /** Does the row's work once on a broker that has done nothing yet, then makes the broker warm. Gives the cold figures. */
  cold?(): Promise<Sample>
  round(index: number): Promise<Sample>
}

export interface Row {
  readonly name: string
  readonly family: Family
  readonly what: string
  readonly contenders: readonly ContenderName[]
  /** The first is the one that a reader looks for. */
  readonly figures: readonly Figure[]
  /** What grows along a curve; a row without it has one value for each figure. */
  readonly along?: string
  /** Rounds instead of those asked for: more where one is short and scatters, fewer where one is long and steady. */
  readonly rounds?: (asked: number) => number
  open(contender: ContenderName, settings: Settings): Promise<Station>
}

export type Family = 'throughput' | 'latency' | 'cluster' | 'start and memory' | 'growth' | 'scale'

/** Rounds of a row whose rounds are long. */
export function atMostTwo(asked: number): number {
  return Math.min(asked, 2)
}

export function at(key: string, x: number): string {
  return `${key}@${x}`
}

/** The points of a figure's curve, from small to large. */
export function pointsOf(sample: Sample, key: string): { readonly x: number; readonly y: number }[] {
  return Object.entries(sample)
    .flatMap(([name, y]) => (name.startsWith(`${key}@`) ? [{ x: Number(name.slice(key.length + 1)), y }] : []))
    .sort((one, other) => one.x - other.x)
}
