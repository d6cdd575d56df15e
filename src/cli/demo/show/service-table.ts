/**
 * The four services, a line each: to a guest how many orders wait for it and who works there; to an engineer its group's lag and which
 * member has which partitions.
 */
import type { Style } from '../../terminal.ts'
import { type ServiceName, serviceNames, services } from '../services.ts'
import type { DemoState, TeamState } from '../state.ts'
import { isRebalancing } from '../watch/group-history.ts'
import { type Cell, lineOf } from './cells.ts'
import type { Glyphs } from './glyphs.ts'
import type { Voice } from './sentences.ts'

export interface ServiceTableOptions {
  readonly columns: number
  readonly style: Style
  readonly glyphs: Glyphs
  readonly selected: ServiceName
  readonly voice: Voice
}

const nameWidth = 14
const countWidth = 6
const rateWidth = 8
/** What waits, its bar, and who works, as wide in both voices together. */
const looks = {
  guest: { unit: ' orders', bar: 16, perBlock: 3, waits: 'WAITING', works: 'PROCESSES' },
  engineer: { unit: ' records', bar: 5, perBlock: 20, waits: 'LAG', works: 'MEMBER:PARTITIONS' }
} as const

export function serviceTable(state: DemoState, options: ServiceTableOptions): string[] {
  const { columns, style, voice } = options
  const { unit, bar, waits, works } = looks[voice]
  const headings: Cell[] = [
    { text: '', width: 4 },
    { text: 'SERVICE', width: nameWidth },
    { text: waits, width: countWidth + unit.length, align: 'right' },
    { text: '', width: bar + 1 },
    { text: 'ORDERS/S', width: rateWidth, align: 'right' },
    { text: `  ${works}` }
  ]
  return [
    lineOf(
      headings.map((cell) => ({ ...cell, paint: style.dim })),
      columns
    ),
    ...serviceNames.map((service, index) => serviceLine(state, options, service, index + 1))
  ]
}

function serviceLine(state: DemoState, options: ServiceTableOptions, service: ServiceName, number: number): string {
  const { columns, style, glyphs, selected, voice } = options
  const team = state.teams[service]
  const { unit, bar } = looks[voice]
  const count = voice === 'guest' ? team.waiting : team.group.lag
  const isSelected = service === selected
  const paint = count === 0 ? style.green : count > 50 ? style.red : style.yellow
  return lineOf(
    [
      { text: isSelected ? glyphs.selected : '', width: 2, paint: style.cyan },
      { text: String(number), width: 2 },
      { text: service, width: nameWidth, ...(isSelected ? { paint: style.bold } : {}) },
      { text: String(count), width: countWidth, align: 'right', paint },
      { text: count === 1 ? unit.slice(0, -1) : unit, width: unit.length },
      { text: ` ${barOf(count, options)}`, width: bar + 1, paint },
      { text: state.perSecond[services[service].says].toFixed(1), width: rateWidth, align: 'right' },
      { text: '  ' },
      ...(voice === 'guest' ? [workersCell(team, style)] : memberCells(team, style))
    ],
    columns
  )
}

/** Grows by a block at a time until it is full; the number beside it goes on. */
function barOf(count: number, { glyphs, voice }: ServiceTableOptions): string {
  const { bar, perBlock } = looks[voice]
  return glyphs.block.repeat(Math.min(bar, Math.ceil(count / perBlock)))
}

/** How many of its processes work. */
function workersCell({ members, paused }: TeamState, style: Style): Cell {
  const working = members.filter(({ state }) => state === 'working').length
  if (paused) return { text: 'paused', paint: style.yellow }
  if (members.length > 0 && working === members.length) return { text: working === 1 ? 'works' : `${working} work` }
  if (working > 0)
    return { text: `${working} of ${members.length} work${working === 1 ? 's' : ''}`, paint: style.yellow }
  const isDead = members.length > 0 && members.every(({ state }) => state === 'dead')
  return isDead ? { text: 'dead', paint: style.red } : { text: 'starting', paint: style.yellow }
}

/** Who owns what is the cluster's word; who lives is ours. A dead member owns its partitions until the group misses it. */
function memberCells({ members, paused, group }: TeamState, style: Style): Cell[] {
  const owned = new Map(group.owners.map(({ member, partitions }) => [Number(/\d+$/.exec(member)?.[0]), partitions]))
  const isDown = (state: string) => state === 'dead' || state === 'restarting'
  const someLive = !members.every(({ state }) => isDown(state))
  const cells: Cell[] = paused && someLive ? [{ text: 'paused ', paint: style.yellow }] : []
  if (someLive && isRebalancing(group)) return [...cells, { text: 'rebalancing', paint: style.yellow }]
  for (const { member, state } of members) {
    const partitions = owned.get(member)?.join(',') || '-'
    const text = `${member}:${partitions}${isDown(state) ? (state === 'dead' ? ' dead' : ' down') : ''} `
    cells.push({ text, ...(isDown(state) ? { paint: style.red } : {}) })
  }
  return cells
}
