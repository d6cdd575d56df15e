/** The figures of a run as tables: medians, how far they lie apart, the ratio that counts, and the goals. */
import { type ContenderName, titleOf } from './contenders.ts'
import { goals, judge } from './goals.ts'
import { curveOf, exponentOf, medianOf, type Results, valuesOf } from './results.ts'
import type { Row } from './row.ts'
import { markdownTable, measuredText, number, short, wantedText } from './words.ts'

/** The median, and half the way from the lowest to the highest, in percent of it. */
export function figureText(values: readonly number[]): string {
  if (values.length === 0) return '–'
  const sorted = [...values].sort((one, other) => one - other)
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 0]
  const middle = medianOfSorted(sorted)
  if (values.length < 2 || middle === 0) return number(middle)
  return `${number(middle)} ±${Math.round(((high - low) / 2 / middle) * 100)}%`
}

function medianOfSorted(sorted: readonly number[]): number {
  const upper = sorted[sorted.length >> 1] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? upper)) / 2
}

/** One line for each figure of each row, one column for each contender that any of them has. */
export function figureTable(rows: readonly Row[], results: Results, isWanted: (key: string) => boolean): string {
  const present = rows.filter(({ name, along }) => results.has(name) && along === undefined)
  const columns = columnsOf(present, results)
  const lines = present.flatMap((row) =>
    row.figures
      .filter(({ key }) => isWanted(key))
      .flatMap(({ key, what, unit }) => {
        const result = results.get(row.name)
        const label = row.figures.length > 1 && what !== 'rate' ? `${row.name}: ${what}` : row.name
        const cells = columns.map((name) => figureText(valuesOf(result, name, key)))
        const ratio = ratioText(medianOf(result, 'odradek', key), medianOf(result, 'kafka', key))
        const warmLine = [label, unit, ...cells, ratio]
        if (key !== row.figures[0]?.key || result?.cold === undefined) return [warmLine]
        const cold = (name: ContenderName): number | null => result.cold?.[name]?.[key] ?? null
        const coldCells = columns.map((name) => figureText([cold(name)].filter((value) => value !== null)))
        return [warmLine, [`${label}, cold`, unit, ...coldCells, ratioText(cold('odradek'), cold('kafka'))]]
      })
  )
  if (lines.length === 0) return ''
  return markdownTable(['row', 'unit', ...columns.map(titleOf), 'Odradek / Kafka'], lines)
}

function ratioText(own: number | null, other: number | null): string {
  return own === null || other === null || other === 0 ? '–' : (own / other).toFixed(2)
}

function columnsOf(rows: readonly Row[], results: Results): ContenderName[] {
  const names: ContenderName[] = [
    'kafka',
    'odradek',
    'odradek-before',
    'odradek-os',
    'odradek-memory',
    'null',
    'kfake',
    'node'
  ]
  return names.filter((name) => rows.some((row) => (results.get(row.name)?.samples[name]?.length ?? 0) > 0))
}

/** A curve row: one line for each figure and contender, one column for each point, and how it grows. */
export function curveTable(row: Row, results: Results): string {
  const result = results.get(row.name)
  if (result === undefined || row.along === undefined) return ''
  const names = row.contenders.filter((name) => (result.samples[name]?.length ?? 0) > 0)
  const lines: string[][] = []
  let xs: readonly number[] = []
  for (const { key, what, unit } of row.figures) {
    for (const name of names) {
      const points = curveOf(result, name, key)
      if (points.length > xs.length) xs = points.map(({ x }) => x)
      const exponent = exponentOf(points)
      const label = names.length > 1 ? `${what}, ${titleOf(name)}` : what
      lines.push([
        label,
        unit,
        ...points.map(({ y }) => number(y)),
        exponent === null ? '–' : `n^${exponent.toFixed(2)}`
      ])
    }
  }
  return markdownTable([row.along, '', ...xs.map(short), 'grows as'], lines)
}

/** Goals that the results say something about; `noteOf` tells of a goal that was missed. */
export function goalTable(results: Results): string {
  const lines = goals.flatMap((aim) => {
    const verdict = judge(aim, results)
    if (verdict === null) return []
    const { measured, isReached } = verdict
    return [[aim.name, wantedText(aim.rule), measuredText(aim.rule, measured), isReached ? 'reached' : 'not reached']]
  })
  return lines.length === 0 ? '' : markdownTable(['goal', 'wanted', 'measured', ''], lines)
}
