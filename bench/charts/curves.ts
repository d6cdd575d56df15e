/** Small charts of curves side by side, one for each figure, each with what n log n would be, so that worse growth shows. */
import { legend } from './bars.ts'
import { dot, line, path, svg, text } from './svg.ts'

export interface Curve {
  /** The place of its contender in the legend. */
  readonly series: number
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface CurvePanel {
  readonly title: string
  readonly unit: string
  readonly curves: readonly Curve[]
  /** A rate should stay; a cost may grow with n log n. */
  readonly better: 'more' | 'less'
}

export interface CurveChart {
  readonly title: string
  readonly along: string
  readonly series: readonly string[]
  readonly panels: readonly CurvePanel[]
  readonly axisText: (value: number) => string
}

const PANEL = { width: 286, height: 190, left: 52, right: 14, top: 34, bottom: 38 }
const COLUMNS = 3

export function curveChart({ title, along, series, panels, axisText }: CurveChart): string {
  const top = series.length > 1 ? 48 : 26
  const columns = Math.min(COLUMNS, panels.length)
  const rows = Math.ceil(panels.length / columns)
  const parts = [text(0, 16, title, 'title'), ...(series.length > 1 ? legend(series, 38, 0) : [])]
  panels.forEach((panel, index) => {
    const x = (index % columns) * PANEL.width
    const y = top + Math.floor(index / columns) * PANEL.height
    parts.push(`<g transform="translate(${x} ${y})">`, ...drawPanel(panel, along, axisText), '</g>')
  })
  return svg(columns * PANEL.width, top + rows * PANEL.height, title, parts)
}

function drawPanel({ title, unit, curves, better }: CurvePanel, along: string, axisText: (value: number) => string) {
  const all = curves.flatMap(({ points }) => points)
  const mostX = Math.max(...all.map(({ x }) => x))
  const mostY = niceAbove(Math.max(...all.map(({ y }) => y)))
  const leastX = Math.min(...all.map(({ x }) => x))
  // Points that lie tens of times apart would all be at the left edge.
  const isLogarithmic = mostX / leastX > 20
  const share = (x: number): number => (isLogarithmic ? Math.log(x / leastX) / Math.log(mostX / leastX) : x / mostX)
  const toX = (x: number): number => PANEL.left + share(x) * (PANEL.width - PANEL.left - PANEL.right)
  const toY = (y: number): number =>
    PANEL.height - PANEL.bottom - (y / mostY) * (PANEL.height - PANEL.top - PANEL.bottom)
  const parts = [text(4, 20, `${title}, ${unit}`)]
  for (const part of [0, 0.5, 1]) {
    parts.push(
      line(PANEL.left, toY(mostY * part), PANEL.width - PANEL.right, toY(mostY * part), part === 0 ? 'axis' : 'grid')
    )
    parts.push(text(PANEL.left - 6, toY(mostY * part) + 4, axisText(mostY * part), 'quiet end'))
  }
  for (const x of new Set(all.map(({ x }) => x))) {
    if (share(x) > 0.15 || x === leastX)
      parts.push(text(toX(x), PANEL.height - PANEL.bottom + 16, axisText(x), 'quiet middle'))
  }
  parts.push(text(PANEL.width - PANEL.right, PANEL.height - 6, along, 'quiet end'))
  for (const { series, points } of curves) {
    if (better === 'less') parts.push(...reference(points, mostY, toX, toY))
    parts.push(
      path(
        points.map(({ x, y }) => [toX(x), toY(y)]),
        `line s${series}`
      )
    )
    for (const { x, y } of points) parts.push(dot(toX(x), toY(y), `c${series}`))
  }
  return parts
}

/** Where the points would lie if they grew with n log n from the first one on. */
function reference(
  points: Curve['points'],
  mostY: number,
  toX: (x: number) => number,
  toY: (y: number) => number
): string[] {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || first.x < 2) return []
  const steps = Array.from({ length: 33 }, (_, step) => first.x + ((last.x - first.x) * step) / 32)
  const grown = steps.map((x) => [x, (first.y * x * Math.log(x)) / (first.x * Math.log(first.x))] as const)
  const inside = grown.filter(([, y]) => y <= mostY)
  return inside.length < 2
    ? []
    : [
        path(
          inside.map(([x, y]) => [toX(x), toY(y)]),
          'reference'
        )
      ]
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, Number.MIN_VALUE)))
  return power * ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10)
}
