/** A demo at some moment, for the tests of what shows it. */
import type { DemoState, TeamState } from '../../../src/cli/demo/state.ts'

const noTotals = { placed: 0, paid: 0, cooked: 0, notified: 0 }

export function team(changes: Partial<TeamState> = {}): TeamState {
  return {
    wanted: 1,
    paused: false,
    members: [{ member: 1, state: 'working', pid: 1 }],
    group: { state: 'Stable', owners: [{ member: 'x-1', partitions: [0, 1, 2] }], lag: 0 },
    waiting: 0,
    ...changes
  }
}

export function stateWith(changes: Partial<DemoState> = {}): DemoState {
  return {
    phase: 'open',
    elapsedMs: 0,
    brokers: 'localhost:9092',
    isEmbedded: true,
    ownBrokers: [],
    away: undefined,
    topics: { orders: 'orders', payments: 'payments', notifications: 'notifications' },
    seed: 1,
    ratePerSecond: 3,
    due: 0,
    totals: { ...noTotals, again: noTotals, doubled: 0, open: 0, lost: 0 },
    perSecond: noTotals,
    medianMs: undefined,
    teams: { customers: team(), payments: team(), kitchen: team(), notifications: team() },
    orders: [],
    news: [],
    chapter: { kind: 'opening' },
    longestOutage: undefined,
    ...changes
  }
}
