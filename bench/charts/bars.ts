/** Charts of bars: goals with the mark to reach, and ratios of several contenders beside each other. */
import { bar, line, svg, text } from './svg.ts'

export interface GoalBar {
  readonly label: string
  /** What was wanted and what was measured, in words. */
  readonly words: string
  /** How many times better than wanted; 1 is the mark. */
  readonly margin: number
  readonly isReached: boolean
}

const WIDTH = 860
const LEFT = 220
const RIGHT = 330

/** Each bar ends right of the mark when its goal is reached. The scale is logarithmic, from a quarter to four times. */
export function goalBars(title: string, bars: readonly GoalBar[]): string {
  const rowHeight = 24
  const top = 44
  const spanPx = WIDTH - LEFT - RIGHT
  const place = (margin: number): number => LEFT + ((Math.log2(Math.min(4, Math.max(0.25, margin))) + 2) / 4) * spanPx
  const height = top + bars.length * rowHeight + 30
  const parts = [text(0, 16, title, 'title')]
  for (const [margin, label] of [
    [0.25, '¼'],
    [0.5, '½'],
    [1, 'goal'],
    [2, '2 ×'],
    [4, '4 ×']
  ] as const) {
    parts.push(line(place(margin), top - 8, place(margin), height - 26, margin === 1 ? 'mark' : 'grid'))
    parts.push(text(place(margin), top - 14, label, 'quiet middle'))
  }
  for (const [index, { label, words, margin, isReached }] of bars.entries()) {
    const y = top + index * rowHeight
    parts.push(text(LEFT - 10, y + 13, label, 'end'))
    parts.push(bar(LEFT, y + 2, place(margin) - LEFT, rowHeight - 9, isReached ? 'good' : 'bad'))
    parts.push(text(WIDTH - RIGHT + 12, y + 13, words, 'quiet'))
  }
  parts.push(
    text(
      LEFT,
      height - 8,
      'How many times better than wanted; the scale is logarithmic and ends at four times.',
      'quiet'
    )
  )
  return svg(WIDTH, height, title, parts)
}

export interface RatioGroup {
  readonly label: string
  /** In the order of the series; null where there is nothing. */
  readonly ratios: readonly (number | null)[]
}

/** Bars of ratios to a reference, which is the line at 1. */
export function ratioBars(title: string, series: readonly string[], groups: readonly RatioGroup[]): string {
  const barHeight = 14
  const gap = 16
  const top = 66
  const left = 130
  const most = Math.max(1.2, ...groups.flatMap(({ ratios }) => ratios.map((ratio) => ratio ?? 0)))
  const spanPx = WIDTH - left - 70
  const place = (ratio: number): number => left + (ratio / most) * spanPx
  const heights = groups.map(({ ratios }) => ratios.filter((ratio) => ratio !== null).length * barHeight + gap)
  const height = top + heights.reduce((sum, each) => sum + each, 0) + 10
  const parts = [text(0, 16, title, 'title'), ...legend(series, 36)]
  for (let ratio = 0; ratio <= most; ratio += most > 4 ? 1 : 0.5) {
    parts.push(line(place(ratio), top - 8, place(ratio), height - 10, ratio === 1 ? 'mark' : 'grid'))
    parts.push(text(place(ratio), top - 12, String(ratio), 'quiet middle'))
  }
  let y = top
  for (const [index, { label, ratios }] of groups.entries()) {
    parts.push(text(left - 10, y + ((heights[index] ?? gap) - gap) / 2 + 5, label, 'end'))
    let row = y
    for (const [which, ratio] of ratios.entries()) {
      if (ratio === null) continue
      parts.push(bar(left, row + 1, place(ratio) - left, barHeight - 3, `c${which + 1}`))
      parts.push(text(place(ratio) + 6, row + 11, ratio.toFixed(2), 'quiet'))
      row += barHeight
    }
    y += heights[index] ?? gap
  }
  return svg(WIDTH, height, title, parts)
}

export function legend(series: readonly string[], y: number, first = 1): string[] {
  let x = 0
  return series.flatMap((name, index) => {
    const at = x
    x += 28 + name.length * 7
    return [bar(at, y - 9, 10, 10, `c${index + first}`), text(at + 15, y, name, 'quiet')]
  })
}
