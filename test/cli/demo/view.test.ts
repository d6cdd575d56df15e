/** The demo's screen: lines that fit, whatever there is to see, and that say what is the case. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { presenceNews } from '../../../src/cli/demo/broker-presence.ts'
import { commandOfKey } from '../../../src/cli/demo/commands.ts'
import { serviceNames } from '../../../src/cli/demo/services.ts'
import { asciiGlyphs, unicodeGlyphs } from '../../../src/cli/demo/show/glyphs.ts'
import { allKeys } from '../../../src/cli/demo/show/keys.ts'
import { drawDemo, type ViewOptions } from '../../../src/cli/demo/show/view.ts'
import type { DemoState, TeamState } from '../../../src/cli/demo/state.ts'
import type { Chapter } from '../../../src/cli/demo/story.ts'
import { createStyle } from '../../../src/cli/terminal.ts'
import * as fc from '../../harness/properties.ts'
import { stateWith, team } from './states.ts'

const plain: ViewOptions = {
  columns: 80,
  rows: 24,
  style: createStyle('plain'),
  glyphs: unicodeGlyphs,
  selected: 'kitchen',
  voice: 'guest',
  help: 'hidden'
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
    }),
    waiting: count
  })
  .map((one) => team(one as Partial<TeamState>))
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
const chapters = (count: fc.Arbitrary<number>): fc.Arbitrary<Chapter> => {
  const service = fc.constantFrom(...serviceNames)
  return fc.oneof(
    fc.constant({ kind: 'opening' as const }),
    fc.constant({ kind: 'flowing' as const }),
    fc.record({ kind: fc.constant('dead' as const), service, hasGrown: fc.boolean() }),
    fc.record({ kind: fc.constant('back' as const), service }),
    fc.record({ kind: fc.constant('served' as const), outage: fc.record({ service, deadMs: count, waited: count }) })
  )
}
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
    news: fc.array(fc.record({ timestampMs: fc.nat(4e12), text: words }), { maxLength: 60, size: 'max' }),
    chapter: chapters(fc.nat(2_000_000))
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
      fc.constantFrom('shown' as const, 'hidden' as const),
      (state, size, colour, voice, glyphs, help) => {
        const lines = drawDemo(state, { ...plain, ...size, style: createStyle(colour), voice, glyphs, help })
        assert.equal(lines.length, size.rows)
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

test('80 columns and 24 lines show everything: the story, services, totals, orders, news, the keys and where to look', () => {
  const order = { orderId: 7, customer: 'alice', dish: 'pad thai', quantity: 2, totalCents: 2480 }
  const placed = { partition: 2, offset: 41, timestampMs: 1000 }
  const state = stateWith({
    elapsedMs: 62_000,
    chapter: { kind: 'flowing' },
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
  assert.match(lines[0] ?? '', /food delivery on Kafka +3 orders\/s, seed 1 {3}01:02$/)
  assert.match(screen, /99996 customers have been told so far\.\n {2}Now press k: the kitchen dies, as in a crash\./)
  for (const service of ['1 customers', '2 payments', '▶ 3 kitchen', '4 notifications'])
    assert.ok(screen.includes(service))
  assert.match(screen, /Orders: 99999 placed, 99998 paid, 99997 cooked, 99996 told; 0 lost, 0 twice$/m)
  assert.match(screen, / 7 {2}alice +2 pad thai +● +· +· +● +420 ms/)
  assert.match(screen, /kitchen-2 killed/)
  assert.match(lines.at(-2) ?? '', /^In another terminal: .*odradek consume orders -b localhost:9092$/)
  assert.match(lines.at(-1) ?? '', /k kill.*r start again.*choose.*Space pause.*voice.*\? all keys.*q quit$/)
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
  const kitchen = team({ members, group, waiting: 7 })
  const kitchenLine = (voice: 'guest' | 'engineer') =>
    drawDemo(stateWith({ teams: { ...stateWith().teams, kitchen } }), { ...plain, voice }).find((line) =>
      line.includes('3 kitchen')
    ) ?? ''
  assert.match(kitchenLine('engineer'), / 12 records █ +0\.0 {2}1:0,2 2:1 dead$/)
  assert.match(kitchenLine('guest'), / 7 orders ███ +0\.0 {2}1 of 2 works$/)
})

test('a broker that is away, and closing time, take the place of the story', () => {
  const story = (changes: Partial<DemoState>) => drawDemo(stateWith(changes), plain)[3] ?? ''
  assert.match(story({}), /Four services are starting/)
  assert.match(story({ away: 'nothing listens there' }), /the broker is away: nothing listens there; trying again/)
  assert.match(story({ phase: 'closing' }), /closing.*q again ends at once/)
})

/** As the broker and the crew can make it: each of three partitions has one owner at most. */
const plausibleTeams = fc
  .record({
    states: fc.array(fc.constantFrom('starting', 'working', 'leaving', 'restarting', 'dead'), {
      minLength: 1,
      maxLength: 3
    }),
    owners: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
    paused: fc.boolean(),
    state: fc.constantFrom('Empty', 'Stable', 'PreparingRebalance'),
    lag: fc.nat(99_999),
    waiting: fc.nat(99_999)
  })
  .map(({ states: all, owners, paused, state, lag, waiting }) => {
    const members = all.map((one, index) => ({ member: index + 1, state: one, pid: index }))
    const owned = members.map(({ member }) => ({
      member: `kitchen-${member}`,
      partitions: [0, 1, 2].filter((partition) => owners[partition] === member)
    }))
    return team({ members, paused, group: { state, owners: owned, lag }, waiting } as Partial<TeamState>)
  })

test('in 80 columns nothing is cut off: more room shows no more words', () => {
  const wordsOf = (lines: readonly string[]) => lines.join(' ').split(/\s+/)
  const news = [{ timestampMs: 0, text: 'kitchen-2 took over partitions 0, 1, 2 from kitchen-1' }]
  const order = { orderId: 99_999, customer: 'grace', dish: 'pad thai', quantity: 3, totalCents: 3720 }
  const at = (offset: number) => ({ partition: 2, offset, timestampMs: offset })
  const marks = { placed: at(100_000), paid: at(100_000), cooked: at(100_001), notified: at(132_000) }
  const options = fc.record({
    voice: fc.constantFrom('guest' as const, 'engineer' as const),
    help: fc.constantFrom('shown' as const, 'hidden' as const),
    selected: fc.constantFrom(...serviceNames),
    lost: fc.nat(99)
  })
  const members = fc.array(plausibleTeams, { minLength: 4, maxLength: 4 })
  fc.assert(
    fc.property(chapters(fc.nat(99_999)), options, members, (chapter, { lost, ...look }, [one, two, three, four]) => {
      assert.ok(one && two && three && four)
      const counts = { placed: 99_999, paid: 99_999, cooked: 99_999, notified: 99_999 }
      const state = stateWith({
        chapter,
        brokers: '127.0.0.1:65535',
        totals: { ...counts, again: counts, doubled: lost, open: lost, lost },
        perSecond: { placed: 999.9, paid: 999.9, cooked: 999.9, notified: 999.9 },
        teams: { customers: one, payments: two, kitchen: three, notifications: four },
        orders: [{ order, marks }],
        news
      })
      const narrow = drawDemo(state, { ...plain, ...look })
      const titles =
        look.voice === 'guest' ? / WAITING .*ORDERS\/S {2}PROCESSES$/m : / LAG .*ORDERS\/S {2}MEMBER:PARTITIONS$/m
      assert.match(narrow.join('\n'), titles)
      const wide = drawDemo(state, { ...plain, ...look, columns: 200 })
      assert.deepEqual(wordsOf(narrow), wordsOf(wide))
    })
  )
})

test('the keys that the story names start the service that it speaks of, whichever is chosen', () => {
  for (const voice of ['guest', 'engineer'] as const)
    for (const chosen of serviceNames)
      for (const service of serviceNames) {
        const state = stateWith({ chapter: { kind: 'dead', service, hasGrown: true } })
        const text = drawDemo(state, { ...plain, voice, selected: chosen }).join('\n')
        const [, named = ''] = /Now press (.*?):/.exec(text) ?? []
        let selected = chosen
        let started: string | undefined
        for (const key of named.split(', then ')) {
          const command = commandOfKey(key, { selected, wanted: 1, paused: false, brokers: [], ratePerSecond: 1 })
          if (command?.kind === 'select') selected = command.service
          if (command?.kind === 'restart') started = command.service
        }
        assert.equal(started, service, `${voice}, ${chosen} is chosen: ${named}`)
      }
})

test('where the customers are dead as well, nobody is said to order', () => {
  const customers = team({ members: [{ member: 1, state: 'dead', pid: 1 }] })
  const chapter = { kind: 'dead', service: 'payments', hasGrown: true } as const
  const text = drawDemo(stateWith({ chapter, teams: { ...stateWith().teams, customers } }), plain).join('\n')
  assert.match(text, /The payments are dead, and nobody orders\./)
})

test('who has seen a service come back is not told again what will be seen, whatever dies next', () => {
  const longestOutage = { service: 'notifications', deadMs: 1, waited: 1 } as const
  const dead = { kind: 'dead', service: 'payments', hasGrown: false } as const
  const [, headline] = drawDemo(stateWith({ chapter: dead, longestOutage }), plain)
  assert.match(headline ?? '', /^Your turn: /)
})

test('a screen that is too small is told, and how large it is to be', () => {
  const second = (columns: number, rows: number) => drawDemo(stateWith(), { ...plain, columns, rows })[1]
  assert.equal(second(60, 24), '60x24 is too small: make it 80x24 to see all.')
  assert.equal(second(80, 20), '80x20 is too small: make it 80x24 to see all.')
  assert.match(second(80, 24) ?? '', /^You will see/)
})

test('of three brokers the command for another terminal names one where all have no room', () => {
  const brokers = '127.0.0.1:10001, 127.0.0.1:10002, 127.0.0.1:10003'
  const line = (columns: number) => drawDemo(stateWith({ brokers }), { ...plain, columns }).at(-2) ?? ''
  assert.match(line(80), /^In another terminal: .*odradek consume orders -b 127\.0\.0\.1:10001$/)
  assert.match(line(120), /^In another terminal: .* -b 127\.0\.0\.1:10001,127\.0\.0\.1:10002,127\.0\.0\.1:10003$/)
})

test('what is news of partitions and groups is told to engineers alone', () => {
  const news = [{ timestampMs: 0, text: 'kitchen-2 took over partition 2 from kitchen-1', isTechnical: true }] as const
  assert.doesNotMatch(drawDemo(stateWith({ news }), plain).join('\n'), /partition/)
  assert.match(drawDemo(stateWith({ news }), { ...plain, voice: 'engineer' }).join('\n'), /took over partition 2/)
})

test('where one of several brokers is dead, nothing says that "the broker" is away or back', () => {
  assert.equal(presenceNews(undefined, 'one'), 'the broker is back')
  assert.equal(presenceNews('gone', 'one'), 'the broker is away: gone')
  for (const away of [undefined, 'gone']) assert.doesNotMatch(presenceNews(away, 'several'), /\bthe broker\b/)
})

test('? shows every key that does something, and what it does, on a screen of 24 lines', () => {
  const text = drawDemo(stateWith(), { ...plain, help: 'shown' }).join('\n')
  for (const [keys, meaning] of allKeys) assert.ok(text.includes(keys) && text.includes(meaning), keys)
  const named = allKeys.flatMap(([keys, meaning]) => [...keys.split(' '), ...meaning.split(' ')])
  const isNamed = (key: string) => named.includes(key === ' ' ? 'Space' : key)
  const context = { selected: 'kitchen', wanted: 2, paused: false, brokers: [], ratePerSecond: 4 } as const
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
  // Shifted and unshifted, the same key of many keyboards.
  const doing = printable.filter((key) => commandOfKey(key, context) !== undefined && !'=_'.includes(key))
  assert.ok(doing.length >= 15)
  for (const key of doing) assert.ok(isNamed(key), `"${key}" is not told`)
})

test('brokers of its own are a line: buildings to a guest, and what b does to them', () => {
  const ownBrokers = [1, 2, 3].map((id) => ({ id, isRunning: id !== 2 }))
  const line = (state: Partial<DemoState>, voice: 'guest' | 'engineer') =>
    drawDemo(stateWith(state), { ...plain, voice })[2]
  assert.equal(line({ ownBrokers }, 'guest'), '  Buildings:  1 open  2 closed  3 open   b starts it again')
  assert.equal(line({ ownBrokers }, 'engineer'), '  Brokers:  1 running  2 killed  3 running   b starts it again')
  assert.match(line({ ownBrokers: [{ id: 1, isRunning: true }] }, 'guest') ?? '', /b kills one of them$/)
  assert.equal(line({}, 'guest'), '')
})
