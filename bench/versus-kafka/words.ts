/** How figures, ratios and goals are written. */
import { titleOf } from './contenders.ts'
import type { Rule } from './goals.ts'

/** Three or four digits that matter, thousands apart. */
export function number(value: number): string {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  return value.toFixed(2)
}

/** On an axis: 10,000,000 is 10M. */
export function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`
  return value >= 1000 ? value.toLocaleString('en') : String(Number(value.toPrecision(3)))
}

export function wantedText(rule: Rule): string {
  switch (rule.kind) {
    case 'at least':
      return `≥ ${rule.times} × ${titleOf(rule.to)}`
    case 'at most':
      return `≤ ${rule.times} × ${titleOf(rule.to)}`
    case 'no more than':
      return `≤ ${rule.times} × ${rule.what}`
    case 'below':
      return `≤ ${rule.value} ${rule.unit}`
    case 'above by at most':
      return `≤ ${rule.value} ${rule.unit} above ${titleOf(rule.to)}`
    case 'flat':
      return `slowest ≥ ${1 - rule.within} × fastest`
  }
}

export function measuredText(rule: Rule, measured: number): string {
  if (rule.kind === 'below' || rule.kind === 'above by at most') return `${number(measured)} ${rule.unit}`
  return `${measured < 0.1 ? measured.toFixed(3) : measured.toFixed(2)} ×`
}

/** Lines of a Markdown table, padded so that the source can be read as well. */
export function markdownTable(headings: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...lines.map((line) => line[column]?.length ?? 0))
  )
  const render = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => {
      const cell = cells[column] ?? ''
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `| ${padded.join(' | ')} |\n`
  }
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${column === 0 ? '-' : ':'}`).join('|')}|\n`
  return render(headings) + rule + lines.map(render).join('')
}
