/**
 * Draws the comparison as lines: direct calls on the left, the log on the right. A pure function of what there is to see, the size of
 * the screen, and its style. Made for 80 columns and 24 lines.
 */
import type { Style } from '../../../terminal.ts'
import { type Cell, lineOf, type Paint } from '../../show/cells.ts'
import type { Glyphs } from '../../show/glyphs.ts'
import { clockTime } from '../../show/sentences.ts'
import type { CallState } from '../calls/protocol.ts'
import { type Figures, messages } from '../ledger.ts'
import type { ComparisonState } from '../state.ts'

export interface ViewOptions {
  readonly columns: number
  readonly rows: number
  readonly style: Style
  readonly glyphs: Glyphs
}

const leftWidth = 41
/** Without news. */
const fixedRows = 17
const barMax = 24

export function drawComparison(state: ComparisonState, options: ViewOptions): string[] {
  const { rows } = options
  const lines = [
    ...heading(state, options),
    '',
    ...worlds(state, options),
    '',
    phaseLine(state, options),
    '',
    ...newsLines(state, options, Math.max(0, rows - fixedRows))
  ]
  const shown = lines.slice(0, rows - 1)
  const filling = Array.from({ length: rows - 1 - shown.length }, () => '')
  return [...shown, ...filling, keysLine(options)]
}

function heading(state: ComparisonState, { columns, style }: ViewOptions): string[] {
  const minutes = Math.floor(state.elapsedMs / 60_000)
  const seconds = Math.floor((state.elapsedMs % 60_000) / 1000)
  const clock = `${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}`
  const title = [
    { text: 'Odradek demo', width: 14, paint: style.bold },
    { text: 'two worlds, the same orders', width: Math.max(0, columns - 14 - clock.length) },
    { text: clock, paint: style.dim }
  ]
  const pace = `${Number(state.ratePerSecond.toFixed(2))} orders/s, seed ${state.seed}`
  const where = `${state.brokers}${state.isEmbedded ? ' (in this process)' : ''}`
  const away = { text: `the broker is away: ${state.away}; trying again`, paint: style.red }
  const second =
    state.away === undefined
      ? [
          { text: pace, width: leftWidth },
          { text: where, paint: style.green }
        ]
      : [away]
  return [lineOf(title, columns), lineOf(second, columns)]
}

function worlds(state: ComparisonState, options: ViewOptions): string[] {
  const { columns, style } = options
  const { calls, log, outages } = state
  const beside = (left: readonly Cell[], right: readonly Cell[]) =>
    lineOf([...padded(left, leftWidth), ...right], columns)
  const dim = (text: string): Cell => ({ text, paint: style.dim })
  const { lost } = calls.figures.notifications
  const scale = Math.max(barMax, lost, log.lag, ...outages.map((outage) => outage.peakLag))
  return [
    beside([{ text: 'DIRECT CALLS', paint: style.bold }], [{ text: 'THROUGH THE LOG', paint: style.bold }]),
    beside([dim('services that call each other')], [dim(`topics ${state.topics.join(', ')}`)]),
    '',
    beside(columnNames('LOST', style), columnNames('WAITING', style)),
    ...messages.map((message) =>
      beside(
        figureCells(message, calls.figures[message], calls.figures[message].lost, (count) =>
          count > 0 ? style.red : style.green
        ),
        figureCells(message, log.figures[message], log.figures[message].missing, (count) =>
          count > 0 ? style.yellow : style.green
        )
      )
    ),
    '',
    beside(aliveCells(calls.services.notifications, style), aliveCells(log.notifications, style)),
    beside(barCells('lost', lost, scale, style.red, options), barCells('lag', log.lag, scale, style.yellow, options))
  ]
}

function padded(cells: readonly Cell[], columns: number): Cell[] {
  const width = cells.reduce((sum, { text, width = text.length }) => sum + width, 0)
  return [...cells, { text: '', width: Math.max(0, columns - width) }]
}

function columnNames(last: string, style: Style): Cell[] {
  const cells: Cell[] = [
    { text: '', width: 13 },
    { text: 'SENT', width: 8, align: 'right' },
    { text: 'ARRIVED', width: 9, align: 'right' },
    { text: last, width: 9, align: 'right' }
  ]
  return cells.map((cell) => ({ ...cell, paint: style.dim }))
}

function figureCells(name: string, { sent, arrived }: Figures, last: number, paint: (count: number) => Paint): Cell[] {
  return [
    { text: name, width: 13 },
    { text: String(sent), width: 8, align: 'right' },
    { text: String(arrived), width: 9, align: 'right' },
    { text: String(last), width: 9, align: 'right', paint: paint(last) }
  ]
}

function aliveCells(state: CallState, style: Style): Cell[] {
  const paints = { working: style.green, starting: style.yellow, dead: style.red }
  const words = { working: 'works', starting: 'is starting', dead: 'is dead (kill -9)' }
  return [{ text: 'notifications ' }, { text: words[state], paint: paints[state] }]
}

/** A block for each message while all fit; then both bars shrink alike. */
function barCells(name: string, count: number, scale: number, paint: Paint, { glyphs }: ViewOptions): Cell[] {
  const length = count === 0 ? 0 : Math.max(1, Math.round((Math.min(count, scale) * barMax) / scale))
  const bar = length === 0 ? [] : [{ text: `${glyphs.block.repeat(length)} `, paint }]
  return [{ text: name, width: 5 }, ...bar, { text: String(count) }]
}

function phaseLine(state: ComparisonState, { columns, style }: ViewOptions): string {
  return lineOf([{ text: phaseSentence(state), paint: style.bold }], columns)
}

export function phaseSentence({ phase, leftMs, calls, log }: ComparisonState): string {
  const seconds = leftMs === undefined ? '' : ` in ${Math.ceil(leftMs / 1000)} s`
  const { lost } = calls.figures.notifications
  const { missing } = log.figures.notifications
  switch (phase) {
    case 'opening':
      return 'both worlds are opening'
    case 'flowing':
      return `orders flow in both worlds; notifications is killed${seconds}`
    case 'out':
      return `left they are lost, right they wait; notifications is started again${seconds}`
    case 'draining':
      return `notifications is back: left nobody sends ${lost} again, right ${missing} are caught up`
    case 'calm':
    case 'over':
      return `right all have arrived; left ${lost} customers wait for ever`
    case 'closing':
      return 'closing: no more orders, what is there is finished; q again ends at once'
  }
}

function newsLines({ news }: ComparisonState, { columns, style }: ViewOptions, rows: number): string[] {
  const shown = rows === 0 ? [] : news.slice(-rows)
  return shown.map(({ timestampMs, text }) =>
    lineOf([{ text: `${clockTime(timestampMs)}  `, paint: style.dim }, { text }], columns)
  )
}

function keysLine({ columns, style }: ViewOptions): string {
  return lineOf(
    [
      { text: 'k', paint: style.bold },
      { text: ' kill notifications in both worlds   ', paint: style.dim },
      { text: 'q', paint: style.bold },
      { text: ' finish and count', paint: style.dim }
    ],
    columns
  )
}
