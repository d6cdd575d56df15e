/** The demo's screen: lines that fit, whatever there is to see, and that say what is the case. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { asciiGlyphs, unicodeGlyphs } from '../../../src/cli/demo/show/glyphs.ts'
import { drawDemo, type ViewOptions } from '../../../src/cli/demo/show/view.ts'
import type { DemoState } from '../../../src/cli/demo/state.ts'
import { createStyle } from '../../../src/cli/terminal.ts'
import { stateWith, team } from './states.ts'

const plain: ViewOptions = {
  columns: 80,
  rows: 24,
  style: createStyle('plain'),
  glyphs: unicodeGlyphs,
  selected: 'kitchen',
  voice: 'guest'
}

const count = fc.nat(2_000_000)
const counts = fc.record({ placed: count, paid: count, cooked: count, notified: count })
const words = fc.string({ unit: 'grapheme-ascii', maxLength: 200, size: 'max' })
const mark = fc.record({ partition: fc.nat(2), offset: fc.nat(), timestampMs: fc.nat(4e12) })
const teams = fc
  .record({
    wanted: fc.integer({ min: 1, max: 3 }),
    paused: fc.boolean(),
    members: fc.array(
      fc.record({
        member: fc.integer({ min: 1, max: 3 }),
        state: fc.constantFrom('starting', 'working', 'leaving', 'restarting', 'dead'),
        pid: fc.nat()
      }),
      { maxLength: 3 }
    ),
    group: fc.record({
      state: fc.constantFrom('Empty', 'Stable', 'PreparingRebalance'),
      owners: fc.array(
        fc.record({ member: fc.constantFrom('kitchen-1', 'demo2-kitchen-2', 'x'), partitions: fc.array(fc.nat(2)) }),
        { maxLength: 3 }
      ),
      lag: count
    })
  })
  .map((one) => team(one as Partial<ReturnType<typeof team>>))
const order = fc.record({
  order: fc.record({
    orderId: fc.integer({ min: 1, max: 9e6 }),
    customer: words,
    dish: words,
    quantity: fc.integer({ min: 1, max: 3 }),
    totalCents: fc.nat()
  }),
  marks: fc.record({ placed: mark, paid: mark, cooked: mark, notified: mark }, { requiredKeys: [] })
})
const states: fc.Arbitrary<DemoState> = fc
  .record({
    phase: fc.constantFrom('opening' as const, 'open' as const, 'closing' as const),
    elapsedMs: fc.nat(),
    brokers: words,
    away: fc.option(words, { nil: undefined }),
    ratePerSecond: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    totals: fc.record({ again: counts, doubled: count, open: count, lost: count }),
    counts,
    perSecond: counts,
    medianMs: fc.option(fc.nat(1e6), { nil: undefined }),
    teams: fc.record({ customers: teams, payments: teams, kitchen: teams, notifications: teams }),
    orders: fc.array(order, { maxLength: 60, size: 'max' }),
    news: fc.array(fc.record({ timestampMs: fc.nat(4e12), text: words }), { maxLength: 60, size: 'max' })
  })
  .map(({ counts: sums, totals, ...rest }) => stateWith({ ...rest, totals: { ...sums, ...totals } }))

test('no line is wider than the screen and the screen is filled, at every size, with and without colour', () => {
  const sizes = fc.record({ columns: fc.integer({ min: 20, max: 200 }), rows: fc.integer({ min: 5, max: 70 }) })
  fc.assert(
    fc.property(
      states,
      fc.oneof(sizes, fc.constantFrom({ columns: 80, rows: 24 }, { columns: 120, rows: 40 })),
      fc.constantFrom('plain' as const, 'colour' as const),
      fc.constantFrom('guest' as const, 'engineer' as const),
      fc.constantFrom(unicodeGlyphs, asciiGlyphs),
      (state, size, colour, voice, glyphs) => {
        const lines = drawDemo(state, { ...plain, ...size, style: createStyle(colour), voice, glyphs })
        assert.ok(lines.length <= size.rows)
        for (const line of lines) {
          const visible = stripVTControlCharacters(line)
          assert.ok(visible.length <= size.columns, `${visible.length} columns: ${visible}`)
          assert.ok(!line.includes('\n'))
          if (colour === 'plain') assert.equal(line, visible)
        }
      }
    )
  )
})

test('an ASCII screen has no other characters', () => {
  fc.assert(
    fc.property(states, (state) => {
      for (const line of drawDemo(state, { ...plain, glyphs: asciiGlyphs })) assert.match(line, /^[\x20-\x7e]*$/)
    })
  )
})

test('80 columns and 24 lines show everything: services, totals, orders, news and every key', () => {
  const order = { orderId: 7, customer: 'alice', dish: 'pad thai', quantity: 2, totalCents: 2480 }
  const placed = { partition: 2, offset: 41, timestampMs: 1000 }
  const state = stateWith({
    elapsedMs: 62_000,
    totals: {
      ...{ placed: 99_999, paid: 99_998, cooked: 99_997, notified: 99_996, doubled: 0, open: 3, lost: 0 },
      again: { placed: 0, paid: 0, cooked: 0, notified: 0 }
    },
    orders: [{ order, marks: { placed, notified: { ...placed, timestampMs: 1420 } } }],
    news: [{ timestampMs: 0, text: 'kitchen-2 killed (kill -9)' }]
  })
  const lines = drawDemo(state, plain)
  const screen = lines.join('\n')
  assert.equal(lines.length, 24)
  assert.match(lines[0] ?? '', /food delivery on Kafka +01:02$/)
  for (const service of ['1 customers', '2 payments', '▶ 3 kitchen', '4 notifications'])
    assert.ok(screen.includes(service))
  assert.match(screen, /placed 99999 {2}paid 99998 {2}cooked 99997 {2}notified 99996 {2}lost 0 {2}doubled 0/)
  assert.match(screen, / 7 {2}alice +2 pad thai +● +· +· +● +420 ms/)
  assert.match(screen, /kitchen-2 killed/)
  assert.match(lines.at(-1) ?? '', /pick.*scale.*pause.*kill.*restart.*pace.*voice.*q quit$/)
  assert.match(drawDemo(state, { ...plain, voice: 'engineer' }).join('\n'), / 7 {2}alice +2 pad thai +2:41 /)
})

test('a dead member is named with the partitions that the group still counts as its own', () => {
  const group = {
    state: 'Stable',
    owners: [
      { member: 'kitchen-1', partitions: [0, 2] },
      { member: 'kitchen-2', partitions: [1] }
    ],
    lag: 12
  }
  const members = [
    { member: 1, state: 'working', pid: 1 },
    { member: 2, state: 'dead', pid: 2 }
  ] as const
  const kitchen = team({ members, group })
  const lines = drawDemo(stateWith({ teams: { ...stateWith().teams, kitchen } }), plain)
  assert.match(lines.find((line) => line.includes('3 kitchen')) ?? '', / 12 ████ +0\.0 {3}1: 0 2 {2}2: 1 dead$/)
})

test('a broker that is away, and closing time, take the second line', () => {
  const second = (changes: Partial<DemoState>) => drawDemo(stateWith(changes), plain)[1] ?? ''
  assert.match(second({}), /^localhost:9092 \(in this process\) {3}3 orders\/s, seed 1$/)
  assert.match(second({ away: 'nothing listens there' }), /the broker is away: nothing listens there; trying again/)
  assert.match(second({ phase: 'closing' }), /closing.*q again ends at once/)
})
