/** Which charts a run gives. */
import { type GoalBar, goalBars, ratioBars } from '../charts/bars.ts'
import { curveChart } from '../charts/curves.ts'
import { type ContenderName, titleOf } from './contenders.ts'
import { goals, judge } from './goals.ts'
import { curveOf, medianOf, type Results } from './results.ts'
import type { Row } from './row.ts'
import { measuredText, short, wantedText } from './words.ts'

/** SVG by the name of its file. */
export function drawCharts(rows: readonly Row[], results: Results): Map<string, string> {
  const charts = new Map<string, string>()
  const bars = goalsOf(results)
  if (bars.length > 0) charts.set('goals', goalBars('Goals: the bar must reach the mark', bars))
  const throughput = throughputOf(rows, results)
  if (throughput !== null) charts.set('throughput', throughput)
  for (const row of rows) {
    const chart = curvesOf(row, results)
    if (chart !== null) charts.set(row.name, chart)
  }
  return charts
}

function goalsOf(results: Results): GoalBar[] {
  return goals.flatMap((aim) => {
    const verdict = judge(aim, results)
    if (verdict === null) return []
    const words = `${measuredText(aim.rule, verdict.measured)} (wanted ${wantedText(aim.rule)})`
    return [{ label: aim.name, words, margin: verdict.margin, isReached: verdict.isReached }]
  })
}

function throughputOf(rows: readonly Row[], results: Results): string | null {
  const shown: readonly ContenderName[] = ['odradek', 'odradek-os', 'odradek-memory', 'null', 'kfake']
  const groups = rows
    .filter((row) => row.family === 'throughput' && results.has(row.name))
    .map((row) => {
      const result = results.get(row.name)
      const reference = medianOf(result, 'kafka', 'rate')
      const ratios = shown.map((name) => {
        const rate = medianOf(result, name, 'rate')
        return rate === null || reference === null ? null : rate / reference
      })
      return { label: row.name, ratios }
    })
    .filter(({ ratios }) => ratios.some((ratio) => ratio !== null))
  if (groups.length === 0) return null
  return ratioBars('Throughput, Apache Kafka = 1', shown.map(titleOf), groups)
}

function curvesOf(row: Row, results: Results): string | null {
  const result = results.get(row.name)
  if (row.along === undefined || result === undefined) return null
  const names = row.contenders.filter((name) => (result.samples[name]?.length ?? 0) > 0)
  const panels = row.figures.flatMap(({ key, what, unit, better }) => {
    const curves = names.flatMap((name, index) => {
      const points = curveOf(result, name, key)
      return points.length < 2 ? [] : [{ series: names.length > 1 ? index : 1, points }]
    })
    return curves.length === 0 ? [] : [{ title: what, unit, better, curves }]
  })
  if (panels.length === 0) return null
  return curveChart({ title: row.name, along: row.along, series: names.map(titleOf), panels, axisText: short })
}
