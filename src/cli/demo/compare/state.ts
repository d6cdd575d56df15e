/**
 * All that a look at the comparison shows, at one moment.
 */
import type { News } from '../state.ts'
import type { CallService, CallState } from './calls/protocol.ts'
import type { AllFigures } from './ledger.ts'
import type { OutagePhase } from './outage.ts'

/** One time that notifications was dead. */
export interface OutageRecord {
  readonly killedMs: number
  /** When it was started again. */
  readonly restartedMs: number | undefined
  /** When the service of the direct calls listened again. */
  readonly listensMs: number | undefined
  /** How many orders had been placed when it was started again. */
  readonly due: number
  /** When the customers of all these had been told through the log. */
  readonly drainedMs: number | undefined
  /** The highest lag of the notifications group that the broker told meanwhile. */
  readonly peakLag: number
}

export interface ComparisonState {
  readonly elapsedMs: number
  /** Opening: until a customer has been told in both worlds. Closing: no more orders, what is there is finished. */
  readonly phase: 'opening' | OutagePhase | 'closing'
  /** Until the phase ends by itself. */
  readonly leftMs: number | undefined
  readonly brokers: string
  readonly isEmbedded: boolean
  /** Why the broker is away, if it is. */
  readonly away: string | undefined
  readonly topics: readonly string[]
  readonly seed: number
  readonly ratePerSecond: number
  readonly calls: { readonly figures: AllFigures; readonly services: Readonly<Record<CallService, CallState>> }
  readonly log: {
    readonly figures: AllFigures
    readonly notifications: CallState
    /** Of the notifications group, as the broker tells it. */
    readonly lag: number
  }
  readonly outages: readonly OutageRecord[]
  readonly news: readonly News[]
}
