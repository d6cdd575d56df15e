/**
 * The two worlds side by side: the same seeded orders, at the same moments, through direct calls and through the log, and
 * notifications killed in both. It shows nothing itself; `state` is what there is to see.
 */
import type { Cluster } from '../../cluster.ts'
import { cookingMs, Demo, type DemoPlace } from '../demo.ts'
import type { WrittenEvent } from '../events.ts'
import type { Play } from '../performance.ts'
import type { Stand } from '../stand.ts'
import type { DemoState, News } from '../state.ts'
import { type CallReport, type CallService, type CallState, callServices } from './calls/protocol.ts'
import { CallsWorld } from './calls/world.ts'
import { Ledger } from './ledger.ts'
import { Outage, type OutageAction } from './outage.ts'
import type { ComparisonPlan } from './plan.ts'
import type { ComparisonState, OutageRecord } from './state.ts'

const tickMs = 50
/** Time to read what there is to see, before anything happens to it and after: the last picture is the one to remember. */
const warmUpMs = 6000
const calmMs = 10_000
const rememberedNews = 100
/** Every call of an order has timed out by then. */
const settleMs = 20_000
const victim = 'notifications'
const justKilled = { restartedMs: undefined, listensMs: undefined, due: 0, drainedMs: undefined, peakLag: 0 }

export interface ComparisonListener {
  onCall(service: CallService, report: CallReport): void
  onEvents(events: readonly WrittenEvent[]): void
  onNews(news: News): void
}

export class Comparison implements Play {
  readonly #plan: ComparisonPlan
  readonly #listener: ComparisonListener
  readonly #calls: CallsWorld
  readonly #log: Demo
  readonly #logLedger = new Ledger()
  readonly #outage: Outage
  readonly #outages: OutageRecord[] = []
  readonly #news: News[] = []
  #isClosing = false
  #ticking: NodeJS.Timeout | undefined

  constructor(plan: ComparisonPlan, listener: ComparisonListener) {
    const { seed, ratePerSecond, outageMs } = plan
    this.#plan = plan
    this.#listener = listener
    this.#outage = new Outage({ warmUpMs, outageMs, calmMs })
    this.#calls = new CallsWorld({
      seed,
      workMs: cookingMs(ratePerSecond),
      onReport: (service, report) => this.#hear(service, report),
      onNews: (text) => this.tell(text)
    })
    this.#log = new Demo(
      { ...plan, begins: 'when all are here' },
      { onEvents: (events) => this.#see(events), onNews: (news) => this.#remember(news) }
    )
  }

  /** The first order is placed when both worlds are there. */
  async open(place: DemoPlace, stand: Stand, connect: () => Promise<Cluster>): Promise<void> {
    await this.#calls.open()
    this.#log.open(place, stand, connect)
    this.#ticking = setInterval(() => this.#tick(), tickMs)
  }

  get isOver(): boolean {
    return this.#outage.phase === 'over'
  }

  /** How many orders were to be placed in each world. */
  get due(): number {
    return this.#log.due
  }

  /** Earlier than by itself, or again; not before both worlds run. */
  kill(): void {
    const action = this.#isClosing ? undefined : this.#outage.kill(performance.now())
    if (action === undefined) this.tell(this.#whyNoKill())
    this.#do(action)
  }

  #whyNoKill(): string {
    if (this.#isClosing || this.#outage.phase === 'over') return 'nothing is killed any more: this is closing'
    return this.#outage.hasBegun
      ? 'the notifications are dead already'
      : 'too early to kill: wait until a customer has been told in both worlds'
  }

  /** No more orders; notifications comes back in both worlds, and what can be finished is finished. */
  async finish(enough: AbortSignal): Promise<void> {
    this.#isClosing = true
    this.#calls.restart(victim)
    await Promise.all([this.#log.finish(enough), this.#settle(enough)])
  }

  async #settle(enough: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + settleMs
    while (!enough.aborted && performance.now() < deadlineMs) {
      this.#calls.place(this.due)
      if (this.#calls.isSettled) return
      await new Promise((resolve) => setTimeout(resolve, tickMs))
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking)
    await Promise.all([this.#log.close(), this.#calls.close()])
  }

  /** For the last moment of a process that ends too early. */
  killMembers(): void {
    this.#log.killMembers()
    this.#calls.killAll()
  }

  state(): ComparisonState {
    const log = this.#log.state()
    const isOpening = !this.#outage.hasBegun
    return {
      elapsedMs: log.elapsedMs,
      phase: this.#isClosing ? 'closing' : isOpening ? 'opening' : this.#outage.phase,
      leftMs: this.#isClosing ? undefined : this.#outage.leftMs(performance.now()),
      brokers: log.brokers,
      isEmbedded: log.isEmbedded,
      away: log.away,
      topics: Object.values(log.topics),
      seed: this.#plan.seed,
      ratePerSecond: log.ratePerSecond,
      calls: { figures: this.#calls.ledger.figures, services: this.#callStates() },
      log: {
        figures: this.#logLedger.figures,
        notifications: memberState(log),
        lag: log.teams[victim].group.lag
      },
      outages: this.#outages,
      news: this.#news
    }
  }

  #callStates(): Record<CallService, CallState> {
    const states = callServices.map((service) => [service, this.#calls.stateOf(service)] as const)
    return Object.fromEntries(states) as Record<CallService, CallState>
  }

  #tick(): void {
    this.#calls.place(this.due)
    this.#watchOutage()
    if (this.#isClosing) return
    const isDrained = this.#outages.at(-1)?.drainedMs !== undefined
    this.#do(this.#outage.advance(performance.now(), { flows: this.#flows(), isDrained }))
  }

  /** Whether a customer has been told in both worlds. */
  #flows(): boolean {
    return [this.#calls.ledger, this.#logLedger].every(({ figures }) => figures.notifications.arrived > 0)
  }

  /** Notes how high the lag rises, and when it is gone. */
  #watchOutage(): void {
    const outage = this.#outages.at(-1)
    if (outage === undefined || outage.drainedMs !== undefined) return
    const { lag } = this.#log.state().teams[victim].group
    const { restartedMs, due } = outage
    const isDrained = restartedMs !== undefined && this.#logLedger.toldUpTo >= due
    const drainedMs = isDrained ? Date.now() : undefined
    this.#outages[this.#outages.length - 1] = { ...outage, drainedMs, peakLag: Math.max(outage.peakLag, lag) }
    if (drainedMs !== undefined && restartedMs !== undefined) {
      this.tell(`the log has caught up ${inSeconds(drainedMs - restartedMs)} after the notifications came back`)
    }
  }

  #do(action: OutageAction | undefined): void {
    if (action === 'kill') {
      this.#calls.kill(victim)
      this.#outages.push({ ...justKilled, killedMs: Date.now() })
      this.#log.command({ kind: 'kill', service: victim })
      this.tell('the notifications are dead in both worlds')
    } else if (action === 'restart') {
      const outage = this.#outages.pop()
      if (outage) this.#outages.push({ ...outage, restartedMs: Date.now(), due: this.due })
      this.#calls.restart(victim)
      this.#log.command({ kind: 'restart', service: victim })
      this.tell('the notifications are started again in both worlds')
    }
  }

  #hear(service: CallService, report: CallReport): void {
    if (report.event === 'ready' && service === victim) this.#noteListening()
    this.#listener.onCall(service, report)
  }

  #noteListening(): void {
    const outage = this.#outages.at(-1)
    if (outage === undefined) return
    this.#outages[this.#outages.length - 1] = { ...outage, listensMs: Date.now() }
    this.tell('the notifications of the direct calls listen again')
  }

  /** What the log says: each event has arrived where the next one speaks of the same order. */
  #see(events: readonly WrittenEvent[]): void {
    for (const { order, status, timestampMs } of events) {
      const { orderId } = order
      const ledger = this.#logLedger
      if (status === 'placed') ledger.send('orders', orderId, timestampMs)
      if (status === 'paid') ledger.arrive('orders', orderId, timestampMs)
      if (status === 'paid') ledger.send('payments', orderId, timestampMs)
      if (status === 'cooked') ledger.arrive('payments', orderId, timestampMs)
      if (status === 'cooked') ledger.send('notifications', orderId, timestampMs)
      if (status === 'notified') ledger.arrive('notifications', orderId, timestampMs)
    }
    this.#listener.onEvents(events)
  }

  tell(text: string): void {
    this.#remember({ timestampMs: Date.now(), text })
  }

  #remember(news: News): void {
    this.#news.push(news)
    if (this.#news.length > rememberedNews) this.#news.shift()
    this.#listener.onNews(news)
  }
}

function memberState({ teams }: DemoState): CallState {
  const states = teams[victim].members.map((member) => member.state)
  if (states.includes('working')) return 'working'
  return states.includes('starting') || states.includes('restarting') ? 'starting' : 'dead'
}

export function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
