/**
 * All that a look at the demo shows, at one moment.
 */
import type { BrokerSight } from './commands.ts'
import type { MemberStatus } from './crew/crew.ts'
import type { ServiceName, TopicName } from './services.ts'
import type { Chapter, Outage } from './story.ts'
import type { GroupView } from './watch/groups.ts'
import type { Counts } from './watch/rates.ts'
import type { RecentOrder } from './watch/recent-orders.ts'
import type { Totals } from './watch/tally.ts'

/** Opening: nothing was ordered so far. Closing: no more orders, what is there is finished. */
export type Phase = 'opening' | 'open' | 'closing'

export interface News {
  readonly timestampMs: number
  readonly text: string
  /** Of groups and partitions: for engineers alone. */
  readonly isTechnical?: true
}

export interface TeamState {
  readonly wanted: number
  readonly paused: boolean
  readonly members: readonly MemberStatus[]
  /** As the cluster sees it. */
  readonly group: GroupView
  /** How many orders stand before it, as the topics say. */
  readonly waiting: number
}

export interface DemoState {
  readonly phase: Phase
  readonly elapsedMs: number
  /** host:port, … */
  readonly brokers: string
  readonly isEmbedded: boolean
  /** Where it has brought several. */
  readonly ownBrokers: readonly BrokerSight[]
  /** Why the broker is away, if it is. */
  readonly away: string | undefined
  readonly topics: Readonly<Record<TopicName, string>>
  readonly seed: number
  readonly ratePerSecond: number
  readonly due: number
  readonly totals: Totals
  readonly perSecond: Counts
  readonly medianMs: number | undefined
  readonly teams: Readonly<Record<ServiceName, TeamState>>
  readonly orders: readonly RecentOrder[]
  readonly news: readonly News[]
  readonly chapter: Chapter
  /** Of the services that were killed and came back, the one for which most orders waited. */
  readonly longestOutage: Outage | undefined
}
