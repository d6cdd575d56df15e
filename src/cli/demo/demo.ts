/**
 * The running demo: the crew that works, the watchers that look at the cluster, the orders that fall due, and what a person tells it
 * to do. It shows nothing itself; `state` is what there is to see.
 */
import type { Cluster } from '../cluster.ts'
import { BrokerPresence, presenceNews } from './broker-presence.ts'
import type { BrokerSight, DemoCommand } from './commands.ts'
import { Crew } from './crew/crew.ts'
import type { WrittenEvent } from './events.ts'
import type { DemoPlan } from './plan.ts'
import { Schedule } from './schedule.ts'
import { type ServiceName, serviceNames } from './services.ts'
import { partitionCount, type Stand } from './stand.ts'
import type { DemoState, News, Phase, TeamState } from './state.ts'
import { Story, waitingFor } from './story.ts'
import { followFlow } from './watch/flow.ts'
import { GroupHistory } from './watch/group-history.ts'
import { type GroupViews, noGroup, watchGroups } from './watch/groups.ts'
import { Rates } from './watch/rates.ts'
import { RecentOrders } from './watch/recent-orders.ts'
import { Tally, type Totals } from './watch/tally.ts'

const tickMs = 50
const rememberedNews = 100
/** Closing waits as long as orders get on; this long without one is given up. */
const standstillMs = 20_000
/** One member alone keeps up with about twice the rate; so a second one is worth something. */
const busyShare = 0.5
const workMsMax = 150

/** How long an order keeps the kitchen busy. */
export function cookingMs(ordersPerSecond: number): number {
  return Math.min(workMsMax, (busyShare * 1000) / ordersPerSecond)
}

export interface DemoPlace {
  readonly brokers: readonly string[]
  readonly isEmbedded: boolean
  /** Several, that the demo has brought and may kill; empty otherwise. */
  readonly own: readonly OwnBroker[]
}

export interface OwnBroker extends BrokerSight {
  kill(): Promise<void>
  start(): Promise<void>
}

export interface DemoListener {
  onEvents(events: readonly WrittenEvent[]): void
  onNews(news: News): void
}

export class Demo {
  readonly #plan: DemoPlan
  readonly #listener: DemoListener
  readonly #presence = new BrokerPresence()
  readonly #crew: Crew
  readonly #tally = new Tally()
  readonly #rates = new Rates()
  readonly #recent = new RecentOrders()
  readonly #history = new GroupHistory()
  readonly #story = new Story()
  readonly #schedule: Schedule
  readonly #stopped = new AbortController()
  readonly #news: News[] = []
  #groups: GroupViews = { customers: noGroup, payments: noGroup, kitchen: noGroup, notifications: noGroup }
  #groupsAskedMs = 0
  #phase: Phase = 'opening'
  #place: DemoPlace | undefined
  #stand: Stand | undefined
  #openedMs: number | undefined
  #progressMs = 0
  #watching: Promise<unknown> = Promise.resolve()
  #ticking: NodeJS.Timeout | undefined

  /** The members begin to load; work begins with `open`. */
  constructor(plan: DemoPlan, listener: DemoListener) {
    this.#plan = plan
    this.#listener = listener
    this.#schedule = new Schedule(plan.ratePerSecond, plan.count)
    this.#crew = new Crew({
      counts: { customers: 1, payments: 1, kitchen: 2, notifications: 1 },
      memberMax: partitionCount,
      broker: this.#presence,
      onNews: (text, isTechnical) => this.tell(text, isTechnical)
    })
  }

  open(place: DemoPlace, stand: Stand, connect: () => Promise<Cluster>): void {
    this.#place = place
    this.#stand = stand
    this.#crew.begin((service) => ({
      brokers: place.brokers,
      topics: stand.topics,
      group: stand.groups[service],
      producerId: String(stand.producerIds[service]),
      seed: this.#plan.seed,
      workMs: service === 'kitchen' ? cookingMs(this.#plan.ratePerSecond) : 0
    }))
    const stopped = this.#stopped.signal
    const reachable = () => this.#presence.reachable()
    this.#watching = Promise.all([
      followFlow({ topics: stand.topics, stopped, reachable, open: connect, onEvents: (events) => this.#see(events) }),
      watchGroups({
        stand,
        stopped,
        open: connect,
        onGroups: (groups, askedMs) => this.#compare(groups, askedMs),
        onBroker: (away) => this.#hearOfBroker(away),
        onUnknown: (reason) => this.tell(`nothing is known about the groups: ${reason}`)
      })
    ])
    this.#ticking = setInterval(() => this.#tick(), tickMs)
  }

  get phase(): Phase {
    return this.#phase
  }

  /** Whether it has run for as long, or placed as many, as it was asked to. */
  get isOver(): boolean {
    const { durationMs } = this.#plan
    const elapsedMs = this.#openedMs === undefined ? 0 : performance.now() - this.#openedMs
    return (durationMs !== undefined && elapsedMs >= durationMs) || this.#schedule.finished
  }

  get totals(): Totals {
    return this.#tally.totals
  }

  /** How many were to be placed. */
  get due(): number {
    return this.#schedule.due
  }

  get stand(): Stand | undefined {
    return this.#stand
  }

  command(command: DemoCommand): void {
    switch (command.kind) {
      case 'scale':
        this.#crew.scale(command.service, command.members)
        break
      case 'pause':
        this.#crew.pause(command.service)
        break
      case 'resume':
        this.#crew.resume(command.service)
        break
      case 'kill':
        this.#crew.kill(command.service, 'all')
        break
      case 'kill-one':
        this.#crew.kill(command.service, 'last')
        break
      case 'restart':
        this.#crew.restart(command.service)
        break
      case 'rate':
        this.#schedule.ratePerSecond = command.perSecond
        this.tell(`customers order ${Number(command.perSecond.toFixed(2))} times a second`)
        break
      case 'kill-broker':
        void this.#change(command.broker, 'kill')
        break
      case 'start-broker':
        void this.#change(command.broker, 'start')
    }
  }

  async #change(id: number, what: 'kill' | 'start'): Promise<void> {
    const broker = this.#place?.own.find((one) => one.id === id)
    if (broker === undefined) return this.tell(`there is no broker ${id} of the demo's own; see --brokers`)
    try {
      if (what === 'kill') this.tell(`broker ${id} is killed; others lead what it led`)
      await broker[what]()
      if (what === 'start') this.tell(`broker ${id} is back, and copies what it has missed`)
    } catch (error) {
      this.tell(`broker ${id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** No more orders; everyone is called back and finishes what is there. Resolves when that is done, or stands still. */
  async finish(enough: AbortSignal): Promise<void> {
    this.#phase = 'closing'
    this.tell('closing time: no more orders; what is there is finished')
    for (const service of serviceNames) {
      const { paused, members } = this.#crew.status(service)
      if (paused) this.#crew.resume(service)
      if (members.some((member) => member.state === 'dead')) this.#crew.restart(service)
    }
    this.#crew.hurry()
    this.#progressMs = performance.now()
    while (!enough.aborted && !this.#isFinished() && performance.now() - this.#progressMs < standstillMs) {
      await new Promise((resolve) => setTimeout(resolve, tickMs))
    }
  }

  #isFinished(): boolean {
    const { placed, open } = this.totals
    if (placed < this.#schedule.due || open > 0 || this.#groupsAskedMs < this.#progressMs) return false
    return serviceNames.every((service) => this.#groups[service].lag === 0)
  }

  /** Everyone leaves the groups; nothing runs afterwards. */
  async close(): Promise<void> {
    clearInterval(this.#ticking)
    await this.#crew.close()
    this.#stopped.abort()
    this.#presence.end()
    await this.#watching
  }

  /** For the last moment of a process that ends too early. */
  killMembers(): void {
    this.#crew.killAll()
  }

  state(): DemoState {
    const { seed } = this.#plan
    const { totals } = this
    const measured = { counts: totals, unread: this.#groups.customers.lag }
    const team = (service: ServiceName): TeamState => ({
      ...this.#crew.status(service),
      group: this.#groups[service],
      waiting: waitingFor(service, measured)
    })
    return {
      phase: this.#phase,
      elapsedMs: this.#openedMs === undefined ? 0 : performance.now() - this.#openedMs,
      brokers: this.#place?.brokers.join(', ') ?? '',
      isEmbedded: this.#place?.isEmbedded ?? true,
      ownBrokers: this.#place?.own ?? [],
      away: this.#presence.away,
      topics: this.#stand?.topics ?? { orders: 'orders', payments: 'payments', notifications: 'notifications' },
      seed,
      ratePerSecond: this.#schedule.ratePerSecond,
      due: this.#schedule.due,
      totals,
      perSecond: this.#rates.perSecond,
      medianMs: this.#recent.medianMs,
      teams: {
        customers: team('customers'),
        payments: team('payments'),
        kitchen: team('kitchen'),
        notifications: team('notifications')
      },
      orders: this.#recent.list(),
      news: this.#news,
      chapter: this.#story.chapter,
      longestOutage: this.#story.longest
    }
  }

  #tick(): void {
    const nowMs = performance.now()
    const mayOrder = this.#crew.customersAreHere && !this.#presence.away && this.#hasBegun()
    if (this.#phase !== 'closing') this.#schedule.advance(nowMs, mayOrder)
    this.#crew.place(this.#schedule.due, partitionCount)
    const counts = this.totals
    this.#rates.sample(nowMs, counts)
    this.#story.look({
      nowMs,
      counts,
      unread: this.#groups.customers.lag,
      dead: serviceNames.filter((service) => this.#crew.isDead(service)),
      due: this.#schedule.due,
      notifiedUpTo: this.#tally.notifiedUpTo
    })
  }

  #hasBegun(): boolean {
    return this.#schedule.due > 0 || this.#plan.begins === 'at once' || this.#crew.everyoneIsHere
  }

  #see(events: readonly WrittenEvent[]): void {
    if (this.#phase === 'opening') {
      this.#phase = 'open'
      this.#openedMs = performance.now()
    }
    this.#progressMs = performance.now()
    for (const event of events) {
      if (!this.#tally.count(event)) this.tell(`order ${event.order.orderId} is ${event.status} a second time`)
      this.#recent.add(event)
    }
    this.#listener.onEvents(events)
  }

  #compare(groups: GroupViews, askedMs: number): void {
    this.#groups = groups
    this.#groupsAskedMs = askedMs
    for (const text of this.#history.look(groups)) this.tell(text, true)
  }

  #hearOfBroker(away: string | undefined): void {
    if (!this.#presence.report(away)) return
    this.tell(presenceNews(away, (this.#place?.own.length ?? 0) > 1 ? 'several' : 'one'))
  }

  /** Technical: of groups and partitions, which are no words for a guest. */
  tell(text: string, isTechnical?: true): void {
    const news: News = { timestampMs: Date.now(), text, ...(isTechnical && { isTechnical }) }
    this.#news.push(news)
    if (this.#news.length > rememberedNews) this.#news.shift()
    this.#listener.onNews(news)
  }
}
