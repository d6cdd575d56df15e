/**
 * Draws the demo as lines: a pure function of what there is to see, the size of the screen, and its style. Made for 80 columns and 24
 * lines; more lines show more orders and more news.
 */
import type { Style } from '../../terminal.ts'
import { type ServiceName, type Status, serviceNames, services, statuses } from '../services.ts'
import type { DemoState, TeamState } from '../state.ts'
import { isRebalancing } from '../watch/group-history.ts'
import type { RecentOrder } from '../watch/recent-orders.ts'
import { type Cell, lineOf } from './cells.ts'
import type { Glyphs } from './glyphs.ts'
import { clockTime, explanationOf, sentenceOf, type Voice } from './sentences.ts'

export interface ViewOptions {
  readonly columns: number
  readonly rows: number
  readonly style: Style
  readonly glyphs: Glyphs
  readonly selected: ServiceName
  readonly voice: Voice
}

/** Without orders and news; see `drawDemo`. */
const fixedRows = 16
const barMax = 9

export function drawDemo(state: DemoState, options: ViewOptions): string[] {
  const { rows } = options
  const free = Math.max(2, rows - fixedRows)
  const orderRows = Math.ceil(free * 0.6)
  const lines = [
    ...heading(state, options),
    '',
    ...serviceTable(state, options),
    explanation(options),
    lastEvent(state, options),
    '',
    totalsLine(state, options),
    '',
    ...orderTable(state, options, orderRows),
    '',
    ...newsLines(state, options, free - orderRows)
  ]
  return [...lines.slice(0, rows - 1), keysLine(options)]
}

function heading(state: DemoState, { columns, style }: ViewOptions): string[] {
  const minutes = Math.floor(state.elapsedMs / 60_000)
  const seconds = Math.floor((state.elapsedMs % 60_000) / 1000)
  const clock = `${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}`
  const title = [
    { text: 'Odradek demo', width: 14, paint: style.bold },
    { text: 'food delivery on Kafka', width: Math.max(0, columns - 14 - clock.length) },
    { text: clock, paint: style.dim }
  ]
  const where = `${state.brokers}${state.isEmbedded ? ' (in this process)' : ''}`
  const pace = `${rounded(state.ratePerSecond)} orders/s, seed ${state.seed}`
  return [lineOf(title, columns), lineOf(secondLine(state, style, where, pace), columns)]
}

function secondLine(state: DemoState, style: Style, where: string, pace: string): Cell[] {
  if (state.away !== undefined) return [{ text: `the broker is away: ${state.away}; trying again`, paint: style.red }]
  if (state.phase === 'closing')
    return [{ text: 'closing: what is there is finished; q again ends at once', paint: style.yellow }]
  return [{ text: where, paint: style.green }, { text: `   ${pace}` }]
}

function serviceTable(state: DemoState, options: ViewOptions): string[] {
  const { columns, style } = options
  const headings = [
    { text: '', width: 4 },
    { text: 'SERVICE', width: 15 },
    { text: 'READS', width: 15 },
    { text: 'LAG', width: 6, align: 'right' },
    { text: '', width: barMax + 2 },
    { text: '/S', width: 5, align: 'right' },
    { text: '   MEMBER: PARTITIONS' }
  ] as const
  return [
    lineOf(
      headings.map((cell) => ({ ...cell, paint: style.dim })),
      columns
    ),
    ...serviceNames.map((service, index) => serviceLine(state, options, service, index + 1))
  ]
}

function serviceLine(state: DemoState, options: ViewOptions, service: ServiceName, number: number): string {
  const { columns, style, glyphs, selected } = options
  const team = state.teams[service]
  const { lag } = team.group
  const isSelected = service === selected
  const lagPaint = lag === 0 ? style.green : lag > 50 ? style.red : style.yellow
  return lineOf(
    [
      { text: isSelected ? glyphs.selected : '', width: 2, paint: style.cyan },
      { text: String(number), width: 2 },
      { text: service, width: 15, ...(isSelected ? { paint: style.bold } : {}) },
      { text: state.topics[services[service].reads], width: 15 },
      { text: String(lag), width: 6, align: 'right', paint: lagPaint },
      { text: ` ${bar(lag, glyphs)}`, width: barMax + 2, paint: lagPaint },
      { text: state.perSecond[services[service].says].toFixed(1), width: 5, align: 'right' },
      { text: '   ' },
      ...memberCells(team, style)
    ],
    columns
  )
}

/** One block for the first, two from 2, three from 4, four from 8 …: a glance tells whether it grows. */
function bar(lag: number, glyphs: Glyphs): string {
  return glyphs.block.repeat(Math.min(barMax, lag === 0 ? 0 : Math.floor(Math.log2(lag)) + 1))
}

/** Who owns what is the cluster's word; who lives is ours. A dead member owns its partitions until the group misses it. */
function memberCells({ members, paused, group }: TeamState, style: Style): Cell[] {
  const owned = new Map(group.owners.map(({ member, partitions }) => [Number(/\d+$/.exec(member)?.[0]), partitions]))
  const cells: Cell[] = paused ? [{ text: 'paused ', paint: style.yellow }] : []
  if (isRebalancing(group)) cells.push({ text: 'rebalancing ', paint: style.yellow })
  for (const { member, state } of members) {
    const partitions = owned.get(member)?.join(' ') ?? ''
    const isAway = state === 'dead' || state === 'restarting'
    const words = [`${member}:`, partitions || (isAway ? '' : '-'), isAway ? state : ''].filter((word) => word !== '')
    cells.push({ text: `${words.join(' ')}  `, ...(isAway ? { paint: style.red } : {}) })
  }
  return cells
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
      : `${writes} ${mark.partition}:${mark.offset}  key ${orderId}  {"order_id":${orderId},"status":"${says}", ...}`
  return lineOf([{ text: '    ' }, { text, paint: style.cyan }], columns)
}

function totalsLine({ totals, medianMs }: DemoState, { columns, style }: ViewOptions): string {
  const verdict = (name: string, count: number) => ({
    text: `${name} ${count}`,
    paint: count > 0 ? style.red : style.green
  })
  const gap = { text: '  ' }
  return lineOf(
    [
      gap,
      ...statuses.flatMap((status) => [{ text: `${status} ${totals[status]}`, paint: style.bold }, gap]),
      verdict('lost', totals.lost),
      gap,
      verdict('doubled', totals.doubled),
      ...(medianMs === undefined ? [] : [gap, { text: duration(medianMs), paint: style.dim }])
    ],
    columns
  )
}

function orderTable(state: DemoState, options: ViewOptions, rows: number): string[] {
  const { columns, style, voice } = options
  const titles: Readonly<Record<Status, string>> =
    voice === 'guest'
      ? { placed: 'ordered', paid: 'paid', cooked: 'cooked', notified: 'told' }
      : { placed: 'orders', paid: 'payments', cooked: 'orders', notified: 'notified' }
  const cells = [
    { text: 'ORDER', width: 7, align: 'right' },
    { text: '', width: 2 },
    { text: 'CUSTOMER', width: 10 },
    { text: 'DISH', width: 13 },
    ...statuses.map((status) => ({ text: titles[status].toUpperCase(), width: 10 })),
    ...(voice === 'guest' ? [{ text: 'TOOK', width: 8, align: 'right' } as const] : [])
  ] as const
  const shown = state.orders.slice(-rows)
  return [
    lineOf(
      cells.map((cell) => ({ ...cell, paint: style.dim })),
      columns
    ),
    ...Array.from({ length: rows }, (_, index) => {
      const order = shown[index]
      return order === undefined ? '' : orderLine(order, options)
    })
  ]
}

function orderLine({ order, marks }: RecentOrder, { columns, style, glyphs, voice }: ViewOptions): string {
  const { placed, notified } = marks
  const took = placed && notified ? duration(notified.timestampMs - placed.timestampMs) : ''
  return lineOf(
    [
      { text: String(order.orderId), width: 7, align: 'right' },
      { text: '', width: 2 },
      { text: order.customer, width: 10 },
      { text: `${order.quantity} ${order.dish}`, width: 13 },
      ...statuses.map((status) => {
        const mark = marks[status]
        if (mark === undefined) return { text: glyphs.open, width: 10, paint: style.dim }
        const text = voice === 'guest' ? glyphs.done : `${mark.partition}:${mark.offset}`
        return { text, width: 10, paint: status === 'notified' ? style.green : style.cyan }
      }),
      ...(voice === 'guest' ? [{ text: took, width: 8, align: 'right', paint: style.dim } as const] : [])
    ],
    columns
  )
}

function newsLines({ news }: DemoState, { columns, style }: ViewOptions, rows: number): string[] {
  const shown = rows === 0 ? [] : news.slice(-rows)
  return Array.from({ length: rows }, (_, index) => {
    const one = shown[index]
    if (one === undefined) return ''
    return lineOf([{ text: `  ${clockTime(one.timestampMs)}  `, paint: style.dim }, { text: one.text }], columns)
  })
}

function keysLine({ columns, style }: ViewOptions): string {
  const keys = [
    ['1-4', 'pick'],
    ['+-', 'scale'],
    ['p', 'pause'],
    ['k', 'kill'],
    ['x', 'one'],
    ['r', 'restart'],
    ['<>', 'pace'],
    ['v', 'voice'],
    ['q', 'quit']
  ] as const
  return lineOf(
    keys.flatMap(([key, meaning]) => [
      { text: key, paint: style.bold },
      { text: ` ${meaning} `, paint: style.dim },
      { text: ' ' }
    ]),
    columns
  )
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
}

function rounded(perSecond: number): string {
  return String(Number(perSecond.toFixed(2)))
}
