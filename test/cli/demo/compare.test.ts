/** The two worlds side by side: what is counted, when notifications dies, what is shown. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Flags, type GlobalOptions, type Invocation } from '../../../src/cli/command.ts'
import { callFailure, listen, post } from '../../../src/cli/demo/compare/calls/http.ts'
import { freePorts } from '../../../src/cli/demo/compare/calls/ports.ts'
import type { CallReport, CallTask } from '../../../src/cli/demo/compare/calls/protocol.ts'
import {
  Customers,
  openDesk,
  serveKitchen,
  serveNotifications,
  servePayments
} from '../../../src/cli/demo/compare/calls/services.ts'
import { type AllFigures, type Figures, Ledger, messages } from '../../../src/cli/demo/compare/ledger.ts'
import { Outage } from '../../../src/cli/demo/compare/outage.ts'
import { readPlan } from '../../../src/cli/demo/compare/plan.ts'
import { drawComparison } from '../../../src/cli/demo/compare/show/view.ts'
import type { ComparisonState, OutageRecord } from '../../../src/cli/demo/compare/state.ts'
import { conclusions, keptEverything } from '../../../src/cli/demo/compare/summary.ts'
import { ordersOf } from '../../../src/cli/demo/orders.ts'
import { asciiGlyphs, unicodeGlyphs } from '../../../src/cli/demo/show/glyphs.ts'
import { createStyle, processTerminal } from '../../../src/cli/terminal.ts'
import * as fc from '../../harness/properties.ts'

const figures = (changes: Partial<Figures> = {}): Figures => ({
  sent: 0,
  arrived: 0,
  missing: 0,
  lost: 0,
  doubled: 0,
  longestWaitMs: 0,
  ...changes
})
const all = (one: Figures): AllFigures => ({ orders: one, payments: one, notifications: one })

const quiet: ComparisonState = {
  elapsedMs: 0,
  phase: 'flowing',
  leftMs: 3000,
  brokers: 'localhost:9092',
  isEmbedded: true,
  away: undefined,
  topics: ['orders', 'payments', 'notifications'],
  seed: 1,
  ratePerSecond: 3,
  calls: {
    figures: all(figures()),
    services: { customers: 'working', payments: 'working', kitchen: 'working', notifications: 'working' }
  },
  log: { figures: all(figures()), notifications: 'working', lag: 0 },
  outages: [],
  news: []
}

suite('odradek demo --compare', () => {
  suite('the ledger', () => {
    type Step = readonly ['send' | 'arrive' | 'give up', number]
    const steps = fc.array(fc.tuple(fc.constantFrom('send', 'arrive', 'give up'), fc.integer({ min: 1, max: 12 })))

    test('whatever happens in whatever order, it says what a plain count says', () => {
      fc.assert(
        fc.property(steps, (taken) => {
          const ledger = new Ledger()
          for (const [what, order] of taken) {
            if (what === 'send') ledger.send('payments', order, 0)
            else if (what === 'arrive') ledger.arrive('payments', order, 0)
            else ledger.giveUp('payments', order)
          }
          const ordersOf = (kind: Step[0]) => taken.filter(([what]) => what === kind).map(([, order]) => order)
          const [sent, arrived, given] = [ordersOf('send'), ordersOf('arrive'), ordersOf('give up')].map(
            (list) => new Set(list)
          )
          assert.ok(sent && arrived && given)
          const { longestWaitMs, ...counts } = ledger.figures.payments
          assert.deepEqual(counts, {
            sent: sent.size,
            arrived: arrived.size,
            missing: [...sent].filter((order) => !arrived.has(order)).length,
            lost: [...given].filter((order) => !arrived.has(order)).length,
            doubled: ordersOf('arrive').length - arrived.size
          })
          assert.deepEqual(ledger.figures.orders, figures())
        })
      )
    })

    test('the longest wait is from sent to first arrived, whichever side is heard first', () => {
      const ledger = new Ledger()
      ledger.send('orders', 1, 1000)
      ledger.arrive('orders', 1, 1700)
      ledger.arrive('orders', 1, 9000)
      ledger.arrive('orders', 2, 5000)
      ledger.send('orders', 2, 4000)
      ledger.send('orders', 3, 0)
      assert.equal(ledger.figures.orders.longestWaitMs, 1000)
    })

    test('all are told up to the first who is not', () => {
      const ledger = new Ledger()
      for (const order of [2, 1, 4]) ledger.arrive('notifications', order, 0)
      assert.equal(ledger.toldUpTo, 2)
      ledger.arrive('notifications', 3, 0)
      assert.equal(ledger.toldUpTo, 4)
    })
  })

  suite('the outage', () => {
    const times = { warmUpMs: 3000, outageMs: 10_000, calmMs: 2000 }
    const open = { flows: true, isDrained: false }
    const drained = { flows: true, isDrained: true }

    test('it waits for the first order, kills, restarts, waits for the log, and ends', () => {
      const outage = new Outage(times)
      assert.equal(outage.advance(50_000, { flows: false, isDrained: false }), undefined)
      assert.equal(outage.leftMs(50_000), undefined)
      assert.equal(outage.advance(60_000, open), undefined)
      assert.equal(outage.leftMs(61_000), 2000)
      assert.equal(outage.advance(63_000, open), 'kill')
      assert.equal(outage.advance(72_999, drained), undefined)
      assert.equal(outage.advance(73_000, open), 'restart')
      assert.equal(outage.advance(200_000, open), undefined)
      assert.equal(outage.advance(200_001, drained), undefined)
      assert.equal(outage.phase, 'calm')
      assert.equal(outage.advance(202_001, drained), 'end')
      assert.equal(outage.advance(300_000, drained), undefined)
    })

    test('a kill before anything flows is none: no order would meet it, and the one crash would be spent', () => {
      const outage = new Outage(times)
      assert.equal(outage.kill(0), undefined)
      assert.equal(outage.advance(9000, { flows: false, isDrained: true }), undefined)
      assert.equal(outage.hasBegun, false)
      assert.equal(outage.kill(9000), undefined)
      assert.equal(outage.advance(10_000, open), undefined)
      assert.equal(outage.hasBegun, true)
      assert.equal(outage.kill(10_001), 'kill')
    })

    test('who watches may kill earlier and again, but not what is dead', () => {
      const outage = new Outage(times)
      assert.equal(outage.advance(0, open), undefined)
      assert.equal(outage.kill(0), 'kill')
      assert.equal(outage.kill(1), undefined)
      assert.equal(outage.advance(10_000, open), 'restart')
      assert.equal(outage.kill(11_000), 'kill')
      assert.equal(outage.advance(21_000, open), 'restart')
      assert.equal(outage.advance(21_001, drained), undefined)
      assert.equal(outage.kill(22_000), 'kill')
      assert.equal(outage.advance(32_000, open), 'restart')
      assert.equal(outage.advance(32_000, drained), undefined)
      assert.equal(outage.advance(34_000, drained), 'end')
      assert.equal(outage.kill(35_000), undefined)
    })

    test('kills and restarts take turns, whatever the clock and the watcher do', () => {
      const step = fc.record({ passMs: fc.nat(6000), kill: fc.boolean(), flows: fc.boolean(), isDrained: fc.boolean() })
      fc.assert(
        fc.property(fc.array(step), (taken) => {
          const outage = new Outage(times)
          let nowMs = 0
          let isDead = false
          for (const { passMs, kill, ...seen } of taken) {
            nowMs += passMs
            for (const action of [kill ? outage.kill(nowMs) : undefined, outage.advance(nowMs, seen)]) {
              if (action === 'kill') assert.equal(isDead, false)
              if (action === 'restart') assert.equal(isDead, true)
              if (action === 'end') assert.equal(isDead, false)
              if (action !== undefined) isDead = action === 'kill'
            }
          }
        })
      )
    })
  })

  suite('what was asked for', () => {
    const planOf = (values: Record<string, unknown>) => {
      const terminal = processTerminal({ quiet: true, noColour: true })
      const global = { output: undefined } as GlobalOptions
      const interrupted = new AbortController().signal
      return readPlan({ terminal, global, args: [], flags: new Flags(values), interrupted } satisfies Invocation)
    }

    test('an outage lasts ten seconds, or as long as is said', () => {
      assert.equal(planOf({ compare: true }).outageMs, 10_000)
      assert.equal(planOf({ compare: true, outage: '1m' }).outageMs, 60_000)
    })

    test('what cannot be meant is wrong usage', () => {
      for (const values of [{ outage: '1ms' }, { outage: 'long' }, { count: '5' }, { duration: '5s' }])
        assert.throws(() => planOf({ compare: true, ...values }), { exitCode: 2 }, JSON.stringify(values))
      assert.throws(() => planOf({ outage: '5s' }), { exitCode: 2 })
    })
  })

  suite('the direct calls', () => {
    const [order] = [ordersOf(7).next().value]

    async function open(servers: readonly ('kitchen' | 'notifications')[]) {
      const [payments = 0, kitchen = 0, notifications = 0] = await freePorts(3)
      const task: CallTask = {
        service: 'payments',
        ports: { payments, kitchen, notifications },
        seed: 7,
        placed: 0,
        workMs: 0
      }
      const reports: CallReport[] = []
      const desk = openDesk((report) => reports.push(report))
      const closing = [await servePayments(task, desk)]
      if (servers.includes('kitchen')) closing.push(await serveKitchen(task, desk))
      if (servers.includes('notifications')) closing.push(await serveNotifications(task, desk))
      const close = () => {
        for (const server of closing) server.close()
      }
      return { task, desk, reports, [Symbol.dispose]: close }
    }
    const told = (reports: readonly CallReport[]) =>
      reports.flatMap((report) => ('message' in report ? [`${report.message} ${report.event}`] : []))

    test('an order goes from the customer to payments, the kitchen and notifications', async () => {
      using app = await open(['kitchen', 'notifications'])
      await post(app.task.ports.payments, order, 5000)
      assert.deepEqual(told(app.reports), [
        'orders arrived',
        'payments sent',
        'payments arrived',
        'notifications sent',
        'notifications arrived'
      ])
    })

    test('when nobody listens the message is given up, and the order goes on', async () => {
      using app = await open(['kitchen'])
      await post(app.task.ports.payments, order, 5000)
      assert.deepEqual(told(app.reports).slice(-2), ['notifications sent', 'notifications failed'])
      const failed = app.reports.find((report) => report.event === 'failed')
      assert.equal(failed?.event === 'failed' && failed.reason, 'ECONNREFUSED')
    })

    test('a service closes no connection by itself: a call that meets such a close would be lost without a crash', async () => {
      const [port = 0] = await freePorts(1)
      const server = await listen(port, async () => ({}))
      try {
        const { headers } = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '{}' })
        assert.equal(headers.get('keep-alive'), null, 'it announces when it closes what is idle')
      } finally {
        server.closeAllConnections()
        server.close()
      }
    })

    test('what was not cooked is not told', async () => {
      using app = await open(['notifications'])
      await post(app.task.ports.payments, order, 5000)
      assert.deepEqual(told(app.reports), ['orders arrived', 'payments sent', 'payments failed'])
    })

    test('customers place the seeded orders, each once, and go on behind those that were placed', async () => {
      using app = await open(['kitchen', 'notifications'])
      for (const [placed, upTo] of [
        [0, 5],
        [5, 8]
      ] as const) {
        const settled: number[] = []
        await new Promise<void>((resolve) => {
          const customers = new Customers({ ...app.task, placed }, app.desk, (orderId) => {
            settled.push(orderId)
            if (settled.length === upTo - placed) resolve()
          })
          customers.placeUpTo(upTo - 1)
          customers.placeUpTo(upTo)
        })
      }
      const sent = app.reports.flatMap((report) =>
        report.event === 'sent' && report.message === 'orders' ? [report.orderId] : []
      )
      assert.deepEqual(sent, [1, 2, 3, 4, 5, 6, 7, 8])
    })

    test('a failure is a word, whatever was thrown', () => {
      assert.equal(callFailure(Object.assign(new Error('x'), { code: 'ECONNRESET' })), 'ECONNRESET')
      assert.equal(callFailure(Object.assign(new Error('x'), { name: 'AbortError', code: 'ABORT_ERR' })), 'timed out')
      assert.equal(callFailure(new Error('answered with 500')), 'answered with 500')
    })
  })

  suite('what is shown', () => {
    const count = fc.nat(3_000_000)
    const anyFigures = fc.record({
      sent: count,
      arrived: count,
      missing: count,
      lost: count,
      doubled: count,
      longestWaitMs: count
    })
    const anyState = fc.constantFrom('starting' as const, 'working' as const, 'dead' as const)
    const states: fc.Arbitrary<ComparisonState> = fc
      .record({
        one: anyFigures,
        other: anyFigures,
        alive: anyState,
        lag: count,
        peakLag: count,
        words: fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
        away: fc.boolean(),
        leftMs: fc.option(fc.nat(), { nil: undefined }),
        phase: fc.constantFrom('opening', 'flowing', 'out', 'draining', 'calm', 'over', 'closing')
      })
      .map(({ one, other, alive, lag, peakLag, words, away, leftMs, phase }) => ({
        ...quiet,
        phase: phase as ComparisonState['phase'],
        leftMs,
        away: away ? words : undefined,
        brokers: words,
        topics: [words, words],
        calls: { figures: all(one), services: { ...quiet.calls.services, notifications: alive } },
        log: { figures: all(other), notifications: alive, lag },
        outages: [{ ...outage, peakLag }],
        news: Array.from({ length: 40 }, () => ({ timestampMs: 0, text: words }))
      }))
    const outage: OutageRecord = {
      killedMs: 1000,
      restartedMs: 11_000,
      listensMs: 11_300,
      due: 30,
      drainedMs: 12_000,
      peakLag: 60
    }

    test('whatever there is to see, the screen is filled and no line is too long', () => {
      const sizes = fc.record({ columns: fc.integer({ min: 20, max: 200 }), rows: fc.integer({ min: 5, max: 60 }) })
      fc.assert(
        fc.property(states, sizes, fc.constantFrom(unicodeGlyphs, asciiGlyphs), (state, size, glyphs) => {
          const lines = drawComparison(state, { ...size, glyphs, style: createStyle('plain') })
          assert.equal(lines.length, size.rows)
          for (const line of lines) assert.ok(line.length <= size.columns, `${line.length}: ${line}`)
        })
      )
    })

    test('at 80 columns both worlds are told whole, and count the same things by the same names', () => {
      const state: ComparisonState = {
        ...quiet,
        phase: 'out',
        leftMs: 9500,
        calls: {
          figures: {
            ...all(figures({ sent: 37 })),
            notifications: figures({ sent: 36, arrived: 21, missing: 15, lost: 14 })
          },
          services: { ...quiet.calls.services, notifications: 'dead' }
        },
        log: {
          figures: { ...all(figures({ sent: 37 })), notifications: figures({ sent: 36, arrived: 20, missing: 16 }) },
          notifications: 'dead',
          lag: 40
        }
      }
      const size = { columns: 80, rows: 24, glyphs: asciiGlyphs, style: createStyle('plain') }
      const text = drawComparison(state, size).join('\n')
      assert.match(text, /^customers who ordered +37 +customers who ordered +37$/m)
      assert.match(text, /^meals that were cooked +36 +meals that were cooked +36$/m)
      assert.match(text, /^customers told of it +21 +customers told of it +20$/m)
      assert.match(text, /^customers not told +15 +customers not told +16\n#{15} +#{16}$/m)
      assert.match(text, /notifications are dead \(crashed\) +notifications are dead \(crashed\)/)
      assert.match(text, /Left 14 calls failed for good; right 16 messages in the log, kept\.$/m)
      assert.match(text, /The notifications start again in 10 s\.$/m)
      assert.match(text, /^In another terminal: .*odradek consume orders -b localhost:9092$/m)
    })

    test('before it ends by itself, it says so', () => {
      const size = { columns: 80, rows: 24, glyphs: asciiGlyphs, style: createStyle('plain') }
      const calls = { ...quiet.calls, figures: all(figures({ sent: 9, arrived: 7, missing: 2, lost: 2 })) }
      const text = drawComparison({ ...quiet, calls, phase: 'calm', leftMs: 4500 }, size).join('\n')
      assert.match(text, /A log remembers\. This closes in 5 s\.$/m)
    })

    test('k is offered when it does something', () => {
      const size = { columns: 80, rows: 24, glyphs: asciiGlyphs, style: createStyle('plain') }
      const keysIn = (phase: ComparisonState['phase']) => drawComparison({ ...quiet, phase }, size).at(-1)
      for (const phase of ['opening', 'closing'] as const) assert.equal(keysIn(phase), 'q finish and count')
      assert.match(keysIn('flowing') ?? '', /^k kill the notifications in both worlds +q finish and count$/)
    })

    test('a crash that no order met is said to prove nothing, on the screen and at the end', () => {
      const size = { columns: 80, rows: 24, glyphs: asciiGlyphs, style: createStyle('plain') }
      const text = drawComparison({ ...quiet, phase: 'calm', leftMs: 900 }, size).join('\n')
      assert.match(text, /this crash proves nothing\./)
      assert.doesNotMatch(text, /never be told|A log remembers/)
      const whole = all(figures({ sent: 9, arrived: 9 }))
      const worlds = { calls: { ...quiet.calls, figures: whole }, log: { ...quiet.log, figures: whole } }
      assert.match(conclusions(9, { ...quiet, ...worlds, outages: [outage] }).join(' '), /this run proves nothing/)
      assert.match(conclusions(9, { ...quiet, ...worlds }).join(' '), /^Nothing was killed in this run.*proves nothing/)
      assert.match(conclusions(0, quiet).join(' '), /proves nothing/)
    })

    test('a run that was ended early says why the two worlds have not sent as many messages', () => {
      const whole = figures({ sent: 25, arrived: 25 })
      const calls = {
        ...quiet.calls,
        figures: { ...all(whole), notifications: figures({ sent: 24, arrived: 23, missing: 1 }) }
      }
      const text = conclusions(25, { ...quiet, calls, log: { ...quiet.log, figures: all(whole) }, outages: [outage] })
      assert.match(text.join(' '), /1 of 25 customers were never told\. 1 order of these had not been cooked there/)
    })

    test('a log that lost something is told of, crash or not', () => {
      const whole = all(figures({ sent: 9, arrived: 9 }))
      const less = all(figures({ sent: 9, arrived: 8, missing: 1 }))
      const worlds = { calls: { ...quiet.calls, figures: whole }, log: { ...quiet.log, figures: less } }
      assert.match(conclusions(9, { ...quiet, ...worlds }).join(' '), /did not keep its promise: 8 of 9 customers/)
    })

    test('in 80 columns no sentence is cut off, in whichever phase', () => {
      const phases = ['opening', 'flowing', 'out', 'draining', 'calm', 'over', 'closing'] as const
      const many = figures({ sent: 99_999, arrived: 99_999, missing: 99_999, lost: 99_999 })
      for (const phase of phases) {
        const world = { figures: all(many), notifications: 'starting' as const, lag: 99_999 }
        const services = { ...quiet.calls.services, notifications: 'dead' as const }
        const state = { ...quiet, phase, leftMs: 999_000, calls: { figures: all(many), services }, log: world }
        const at = (columns: number) =>
          drawComparison(state, { columns, rows: 24, glyphs: asciiGlyphs, style: createStyle('plain') })
            .join(' ')
            .split(/\s+/)
        assert.deepEqual(at(80), at(200), phase)
      }
    })

    test('the log is held to its word: each order the whole way, once', () => {
      const whole = figures({ sent: 9, arrived: 9 })
      assert.equal(keptEverything(all(whole), 9), true)
      assert.equal(keptEverything(all(whole), 10), false)
      for (const message of messages) {
        assert.equal(keptEverything({ ...all(whole), [message]: { ...whole, doubled: 1 } }, 9), false)
        assert.equal(keptEverything({ ...all(whole), [message]: { ...whole, arrived: 8, missing: 1 } }, 9), false)
      }
    })

    test('the conclusion names what each world lost, in words for who knows nothing of Kafka, and what a retry would buy and cost', () => {
      const whole = figures({ sent: 30, arrived: 30, longestWaitMs: 10_500 })
      const some = figures({ sent: 30, arrived: 10, missing: 20, lost: 20 })
      const lines = conclusions(30, {
        ...quiet,
        calls: { ...quiet.calls, figures: { ...all(whole), notifications: some } },
        log: { ...quiet.log, figures: all(whole) },
        outages: [outage]
      })
      for (const line of lines) assert.ok(line.length <= 160, line)
      const text = lines.join(' ')
      assert.match(text, /For 10\.3 s nobody listened.*20 of 30 customers were never told/)
      assert.match(
        text,
        /With Kafka all 30 customers were told, once each: their messages waited in the log, the longest for 10\.5 s/
      )
      assert.match(text, /A service could call again .* tells some twice/)
      assert.doesNotMatch(text, /\b(lag|records?|retry|queue|partitions?|offsets?)\b/)
      assert.match(lines.at(-1) ?? '', /^In short: a call is gone when nobody answers; a log keeps the message/)
    })
  })
})
