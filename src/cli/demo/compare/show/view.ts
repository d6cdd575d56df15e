/**
 * Draws the comparison as lines: direct calls on the left, the log on the right, and the same things counted by the same names. A pure
 * function of what there is to see, the size of the screen, and its style. Made for 80 columns and 24 lines.
 */
import type { Style } from '../../../terminal.ts'
import { type Cell, lineOf, type Paint } from '../../show/cells.ts'
import { elsewhereLine } from '../../show/elsewhere.ts'
import type { Glyphs } from '../../show/glyphs.ts'
import { tooSmall } from '../../show/room.ts'
import { clockTime } from '../../show/sentences.ts'
import type { CallState } from '../calls/protocol.ts'
import type { AllFigures, Figures } from '../ledger.ts'
import type { ComparisonState } from '../state.ts'
import { phaseSentences } from './sentences.ts'

export interface ViewOptions {
  readonly columns: number
  readonly rows: number
  readonly style: Style
  readonly glyphs: Glyphs
}

const leftWidth = 41
const nameWidth = 24
const countWidth = 8
const barMax = nameWidth + countWidth
/** Without news. */
const fixedRows = 21

export function drawComparison(state: ComparisonState, options: ViewOptions): string[] {
  const { rows } = options
  const lines = [
    ...heading(state, options),
    '',
    ...worlds(state, options),
    '',
    ...story(state, options),
    '',
    ...newsLines(state, options, Math.max(0, rows - fixedRows))
  ]
  const shown = lines.slice(0, rows - 2)
  const filling = Array.from({ length: rows - 2 - shown.length }, () => '')
  const elsewhere = elsewhereLine({ topic: state.topics[0] ?? '', brokers: state.brokers }, options)
  return [...shown, ...filling, elsewhere, keysLine(state, options)]
}

function heading(state: ComparisonState, { columns, rows, style }: ViewOptions): string[] {
  const minutes = Math.floor(state.elapsedMs / 60_000)
  const seconds = Math.floor((state.elapsedMs % 60_000) / 1000)
  const clock = `${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}`
  const pace = `${Number(state.ratePerSecond.toFixed(2))} orders/s, seed ${state.seed}   ${clock}`
  const title = [
    { text: 'Odradek demo', width: 14, paint: style.bold },
    { text: 'with Kafka and without', width: Math.max(24, columns - 14 - pace.length) },
    { text: pace, paint: style.dim }
  ]
  const opening =
    tooSmall({ columns, rows }) ?? 'The same customers order in two worlds. What does a crash cost in each?'
  return [lineOf(title, columns), lineOf([{ text: opening, paint: style.cyan }], columns)]
}

function worlds(state: ComparisonState, options: ViewOptions): string[] {
  const { columns, style } = options
  const { calls, log } = state
  const beside = (left: readonly Cell[], right: readonly Cell[]) =>
    lineOf([...padded(left, leftWidth), ...right], columns)
  const dim = (text: string): Cell => ({ text, paint: style.dim })
  const [left, right] = [calls.figures.notifications, log.figures.notifications]
  const scale = Math.max(barMax, left.missing, right.missing)
  const rows = (figures: AllFigures) => [
    countCells('customers who ordered', figures.orders.sent),
    countCells('meals that were cooked', figures.notifications.sent),
    countCells('customers told of it', figures.notifications.arrived)
  ]
  const rightRows = rows(log.figures)
  return [
    beside([{ text: 'WITHOUT: DIRECT CALLS', paint: style.bold }], [{ text: 'WITH KAFKA: A LOG', paint: style.bold }]),
    beside([dim('each service calls the next one')], [dim('each service writes to it and reads it')]),
    '',
    ...rows(calls.figures).map((cells, index) => beside(cells, rightRows[index] ?? [])),
    beside(
      countCells('customers not told', left.missing, missingPaint(left, style)),
      countCells('customers not told', right.missing, missingPaint(right, style))
    ),
    beside(
      barCells(left.missing, scale, missingPaint(left, style), options),
      barCells(right.missing, scale, missingPaint(right, style), options)
    ),
    '',
    beside(aliveCells(calls.services.notifications, style), aliveCells(log.notifications, style))
  ]
}

/** Lost for good is red; on its way is yellow. */
function missingPaint({ lost, missing }: Figures, style: Style): Paint {
  if (lost > 0) return style.red
  return missing > 0 ? style.yellow : style.green
}

function padded(cells: readonly Cell[], columns: number): Cell[] {
  const width = cells.reduce((sum, { text, width = text.length }) => sum + width, 0)
  return [...cells, { text: '', width: Math.max(0, columns - width) }]
}

function countCells(name: string, count: number, paint?: Paint): Cell[] {
  const look = paint === undefined ? {} : { paint }
  return [
    { text: name, width: nameWidth, ...look },
    { text: String(count), width: countWidth, align: 'right', ...look }
  ]
}

/** A block for each customer while all fit; then both bars shrink alike. */
function barCells(count: number, scale: number, paint: Paint, { glyphs }: ViewOptions): Cell[] {
  const length = count === 0 ? 0 : Math.max(1, Math.round((count * barMax) / scale))
  return [{ text: glyphs.block.repeat(length), paint }]
}

function aliveCells(state: CallState, style: Style): Cell[] {
  const paints = { working: style.green, starting: style.yellow, dead: style.red }
  const words = { working: 'work', starting: 'are starting', dead: 'are dead (crashed)' }
  return [{ text: 'notifications ' }, { text: words[state], paint: paints[state] }]
}

function story(state: ComparisonState, { columns, style }: ViewOptions): string[] {
  if (state.away !== undefined) {
    const text = `  the broker is away: ${state.away}; trying again`
    return [lineOf([{ text, paint: style.red }], columns), '', '']
  }
  const [said, measured, next] = phaseSentences(state)
  return [
    lineOf([{ text: `  ${said}` }], columns),
    lineOf([{ text: `  ${measured}`, paint: style.yellow }], columns),
    lineOf([{ text: `  ${next}`, paint: style.bold }], columns)
  ]
}

function newsLines({ news }: ComparisonState, { columns, style }: ViewOptions, rows: number): string[] {
  const shown = rows === 0 ? [] : news.filter(({ isTechnical }) => !isTechnical).slice(-rows)
  return shown.map(({ timestampMs, text }) =>
    lineOf([{ text: `  ${clockTime(timestampMs)}  `, paint: style.dim }, { text }], columns)
  )
}

/** `k` is offered as soon as it does something. */
function keysLine({ phase }: ComparisonState, { columns, style }: ViewOptions): string {
  const kill: Cell[] = [
    { text: 'k', paint: style.bold },
    { text: ' kill the notifications in both worlds   ', paint: style.dim }
  ]
  return lineOf(
    [
      ...(phase === 'opening' || phase === 'closing' ? [] : kill),
      { text: 'q', paint: style.bold },
      { text: ' finish and count', paint: style.dim }
    ],
    columns
  )
}
