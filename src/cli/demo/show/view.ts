/**
 * Draws the demo as lines: a pure function of what there is to see, the size of the screen, and its style. Made for 80 columns and 24
 * lines; more lines show more orders and more news.
 */
import type { Style } from '../../terminal.ts'
import { type ServiceName, services, statuses } from '../services.ts'
import type { DemoState } from '../state.ts'
import { brokersLine } from './brokers-line.ts'
import { lineOf } from './cells.ts'
import { elsewhereLine } from './elsewhere.ts'
import type { Glyphs } from './glyphs.ts'
import { allKeysLines, keysLine } from './keys.ts'
import { orderTable } from './order-table.ts'
import { tooSmall } from './room.ts'
import { clockTime, explanationOf, sentenceOf, type Voice } from './sentences.ts'
import { serviceTable } from './service-table.ts'
import { headline, storyLines, storyRows } from './story-lines.ts'

export interface ViewOptions {
  readonly columns: number
  readonly rows: number
  readonly style: Style
  readonly glyphs: Glyphs
  readonly selected: ServiceName
  readonly voice: Voice
  /** Whether all keys are shown, in the place of what is below the services. */
  readonly help: 'shown' | 'hidden'
}

/** Without orders and news; see `drawDemo`. */
const fixedRows = 20

export function drawDemo(state: DemoState, options: ViewOptions): string[] {
  const { rows } = options
  const lines = [
    ...heading(state, options),
    brokersLine(state, options),
    ...story(state, options),
    '',
    ...serviceTable(state, options),
    ...(options.help === 'shown' ? ['', ...allKeysLines(options)] : details(state, options))
  ]
  const shown = lines.slice(0, rows - 1)
  const filling = Array.from({ length: rows - 1 - shown.length }, () => '')
  return [...shown, ...filling, keysLine(options)]
}

function heading(state: DemoState, { columns, rows, style }: ViewOptions): string[] {
  const minutes = Math.floor(state.elapsedMs / 60_000)
  const seconds = Math.floor((state.elapsedMs % 60_000) / 1000)
  const clock = `${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}`
  const pace = `${Number(state.ratePerSecond.toFixed(2))} orders/s, seed ${state.seed}   ${clock}`
  const title = [
    { text: 'Odradek demo', width: 14, paint: style.bold },
    { text: 'food delivery on Kafka', width: Math.max(24, columns - 14 - pace.length) },
    { text: pace, paint: style.dim }
  ]
  return [
    lineOf(title, columns),
    lineOf([{ text: tooSmall({ columns, rows }) ?? headline(state), paint: style.cyan }], columns)
  ]
}

function story(state: DemoState, options: ViewOptions): string[] {
  const cells = storyLines(state, options)
  return Array.from({ length: storyRows }, (_, index) => {
    const cell = cells[index]
    return cell === undefined ? '' : lineOf([{ text: '  ' }, cell], options.columns)
  })
}

function explanation({ columns, style, selected, voice }: ViewOptions): string {
  return lineOf([{ text: '    ' }, { text: explanationOf(selected, voice), paint: style.dim }], columns)
}

/** What the chosen service did last: in words, or where it stands in the log. */
function lastEvent({ orders }: DemoState, { columns, style, selected, voice }: ViewOptions): string {
  const { says, writes } = services[selected]
  const last = orders.findLast(({ marks }) => marks[says] !== undefined)
  const mark = last?.marks[says]
  if (last === undefined || mark === undefined) return ''
  const { orderId } = last.order
  const text =
    voice === 'guest'
      ? `order ${orderId}: ${sentenceOf({ order: last.order, status: says })}`
      : `${writes} ${mark.partition}:${mark.offset}  {"order_id":${orderId},"status":"${says}", ...}`
  return lineOf([{ text: '    ' }, { text, paint: style.cyan }], columns)
}

const words = {
  guest: { placed: 'placed', paid: 'paid', cooked: 'cooked', notified: 'told', doubled: 'twice' },
  engineer: { placed: 'placed', paid: 'paid', cooked: 'cooked', notified: 'notified', doubled: 'doubled' }
} as const

function totalsLine({ totals }: DemoState, { columns, style, voice }: ViewOptions): string {
  const counted = statuses.map((status) => `${totals[status]} ${words[voice][status]}`).join(', ')
  const verdict = (count: number, word: string) => ({
    text: `${count} ${word}`,
    paint: count > 0 ? style.red : style.green
  })
  return lineOf(
    [
      { text: `  ${voice === 'guest' ? 'Orders: ' : ''}${counted}; `, paint: style.bold },
      verdict(totals.lost, 'lost'),
      { text: ', ' },
      verdict(totals.doubled, words[voice].doubled)
    ],
    columns
  )
}

/** What the services do and have done, and how to see the same from outside. */
function details(state: DemoState, options: ViewOptions): string[] {
  const free = Math.max(2, options.rows - fixedRows)
  const orderRows = Math.ceil(free * 0.6)
  return [
    explanation(options),
    lastEvent(state, options),
    '',
    totalsLine(state, options),
    '',
    ...orderTable(state, options, orderRows),
    ...newsLines(state, options, free - orderRows),
    elsewhereLine({ topic: state.topics.orders, brokers: state.brokers }, options)
  ]
}

function newsLines({ news }: DemoState, { columns, style, voice }: ViewOptions, rows: number): string[] {
  const told = news.filter(({ isTechnical }) => voice === 'engineer' || !isTechnical)
  const shown = rows === 0 ? [] : told.slice(-rows)
  return Array.from({ length: rows }, (_, index) => {
    const one = shown[index]
    if (one === undefined) return ''
    return lineOf([{ text: `  ${clockTime(one.timestampMs)}  `, paint: style.dim }, { text: one.text }], columns)
  })
}
