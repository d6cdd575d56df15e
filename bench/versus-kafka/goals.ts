/** What Odradek wants to reach, goal by goal, and whether a run has reached it. */
import type { ContenderName } from './contenders.ts'
import { curveOf, medianOf, type Results } from './results.ts'

export type Rule =
  /** The figure divided by that of another. */
  | { readonly kind: 'at least'; readonly times: number; readonly to: ContenderName }
  | { readonly kind: 'at most'; readonly times: number; readonly to: ContenderName }
  /** The figure divided by another of the same row and contender. */
  | { readonly kind: 'no more than'; readonly times: number; readonly figure: string; readonly what: string }
  /** The figure itself. */
  | { readonly kind: 'below'; readonly value: number; readonly unit: string }
  /** The figure less that of another. */
  | { readonly kind: 'above by at most'; readonly value: number; readonly unit: string; readonly to: ContenderName }
  /** The lowest point of a curve, divided by the highest. */
  | { readonly kind: 'flat'; readonly within: number }

export interface Goal {
  /** Unique; the notes of what was missed speak of it by this. */
  readonly name: string
  readonly row: string
  readonly figure: string
  readonly of: ContenderName
  readonly rule: Rule
}

function goal(name: string, of: ContenderName, row: string, figure: string, rule: Rule): Goal {
  return { name, of, row, figure, rule }
}

const atLeast = (times: number, to: ContenderName = 'kafka'): Rule => ({ kind: 'at least', times, to })
const atMost = (times: number, to: ContenderName = 'kafka'): Rule => ({ kind: 'at most', times, to })
const noMoreThan = (figure: string): Rule => ({ kind: 'no more than', times: 1, figure, what: 'acks=all' })

/** Beside the commit that `--before` names: a change costs at most three percent. */
function asFastAsBefore(...rows: readonly string[]): Goal[] {
  return rows.map((row) =>
    goal(`${row}, to the commit before`, 'odradek', row, 'rate', atLeast(0.97, 'odradek-before'))
  )
}

function noMoreThanBefore(figure: string, ...rows: readonly string[]): Goal[] {
  return rows.map((row) => goal(`${row}, to the commit before`, 'odradek', row, figure, atMost(1.03, 'odradek-before')))
}

export const goals: readonly Goal[] = [
  goal('produce 100 B', 'odradek', 'produce-small', 'rate', atLeast(1.1)),
  goal('produce 100 B, like for like', 'odradek-os', 'produce-small', 'rate', atLeast(1.2)),
  goal('produce 100 B, to null', 'odradek-os', 'produce-small', 'rate', atLeast(0.9, 'null')),
  ...asFastAsBefore('produce-small', 'produce-1k', 'produce-lz4', 'produce-zstd', 'consume-small', 'consume-1k'),
  ...noMoreThanBefore('average', 'latency-acks-1', 'latency-acks-all'),
  ...noMoreThanBefore('start', 'start'),
  ...noMoreThanBefore('resident', 'memory-idle', 'memory-loaded'),
  goal('produce 100 B, default to os', 'odradek', 'durability', 'rate', atLeast(0.9, 'odradek-os')),
  goal('produce 1 KB, like for like', 'odradek-os', 'produce-1k', 'rate', atLeast(1.3)),
  goal('produce 1 KB, to null', 'odradek-os', 'produce-1k', 'rate', atLeast(0.9, 'null')),
  goal('produce 1 KB, synced, Kafka not', 'odradek', 'produce-1k', 'rate', atLeast(1.1)),
  goal('produce lz4', 'odradek', 'produce-lz4', 'rate', atLeast(1.1)),
  goal('produce zstd', 'odradek', 'produce-zstd', 'rate', atLeast(1.1)),
  goal('produce lz4, like for like', 'odradek-os', 'produce-lz4', 'rate', atLeast(1.3)),
  goal('produce zstd, like for like', 'odradek-os', 'produce-zstd', 'rate', atLeast(1.3)),
  goal('consume 100 B', 'odradek', 'consume-small', 'rate', atLeast(1.1)),
  goal('consume 100 B, to null', 'odradek', 'consume-small', 'rate', atLeast(0.9, 'null')),
  goal('consume 1 KB', 'odradek', 'consume-1k', 'rate', atLeast(1.1)),
  goal('consume 1 KB, to null', 'odradek', 'consume-1k', 'rate', atLeast(0.9, 'null')),
  goal('produce beside a consumer', 'odradek', 'produce-and-consume', 'rate', atLeast(1.1)),
  ...['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) =>
    goal(`compaction, ${codec}`, 'odradek', 'compaction', codec, atLeast(0.7))
  ),
  goal('transactions of 100, produce', 'odradek', 'transactions', 'few', atLeast(1.2)),
  goal('transactions of 10,000, produce', 'odradek', 'transactions', 'many', atLeast(1.2)),
  goal('transactions of 100, read committed', 'odradek', 'transactions', 'few-read', atLeast(1.1)),
  goal('transactions of 10,000, read committed', 'odradek', 'transactions', 'many-read', atLeast(1.1)),
  goal('share group', 'odradek', 'share-group', 'rate', atLeast(1)),
  goal('group of 100, consumer protocol', 'odradek', 'group-of-100', 'consumer', atMost(0.5)),
  goal('group of 100, classic protocol', 'odradek', 'group-of-100', 'classic', atMost(0.5)),
  goal('many clients, like for like', 'odradek-os', 'many-clients', 'rate', atLeast(1.3)),
  ...(['1', 'all'] as const).flatMap((acks) =>
    (['average', 'p99'] as const).flatMap((figure) => [
      goal(`end to end ${figure}, acks=${acks}`, 'odradek', `latency-acks-${acks}`, figure, atMost(0.8)),
      goal(`end to end ${figure}, acks=${acks}, os`, 'odradek-os', `latency-acks-${acks}`, figure, atMost(0.5))
    ])
  ),
  goal('end to end average, acks=1 to acks=all', 'odradek', 'durability', 'one', noMoreThan('all')),
  goal('end to end p99, acks=1 to acks=all', 'odradek', 'durability', 'one-p99', noMoreThan('all-p99')),
  goal('end to end average, acks=1 to acks=all, os', 'odradek-os', 'durability', 'one', noMoreThan('all')),
  goal('group of two, both at once', 'odradek', 'group-of-two', 'together', { kind: 'below', value: 50, unit: 'ms' }),
  goal('group of two, the second later', 'odradek', 'group-of-two', 'second', { kind: 'below', value: 50, unit: 'ms' }),
  goal('group of two, Java clients', 'odradek', 'group-of-two', 'java', { kind: 'below', value: 50, unit: 'ms' }),
  goal('start', 'odradek', 'start', 'start', atMost(0.05)),
  goal('start above a bare Node', 'odradek', 'start', 'start', {
    kind: 'above by at most',
    value: 60,
    unit: 'ms',
    to: 'node'
  }),
  goal('startKafka(), second call', 'odradek', 'start-in-program', 'memory', { kind: 'below', value: 10, unit: 'ms' }),
  goal('memory, idle', 'odradek', 'memory-idle', 'resident', atMost(0.2)),
  goal('memory, loaded', 'odradek', 'memory-loaded', 'resident', atMost(0.4)),
  goal('10,000 partitions, start', 'odradek', 'partitions-10000', 'start', atMost(0.2)),
  goal('10 GB, recovery', 'odradek', 'recovery', 'start', atMost(0.2)),
  goal('produce, 1 to 10,000 partitions', 'odradek', 'growth-partitions', 'rate', { kind: 'flat', within: 0.2 }),
  goal('consume, 1 to 10 M records behind', 'odradek', 'growth-lag', 'rate', { kind: 'flat', within: 0.2 })
]

export interface Verdict {
  readonly goal: Goal
  /** What the rule speaks of: a ratio, or the figure. */
  readonly measured: number
  readonly wanted: number
  readonly isReached: boolean
  /** Above 1 when reached: how many times better than wanted. */
  readonly margin: number
}

/** Null when the run does not say. */
export function judge(aim: Goal, results: Results): Verdict | null {
  const measured = measure(aim, results)
  if (measured === null) return null
  const { rule } = aim
  const wantsMore = rule.kind === 'at least' || rule.kind === 'flat'
  const wanted = wantedBy(rule)
  const margin = wantsMore ? measured / wanted : wanted / Math.max(measured, Number.MIN_VALUE)
  return { goal: aim, measured, wanted, isReached: wantsMore ? measured >= wanted : measured <= wanted, margin }
}

function wantedBy(rule: Rule): number {
  if (rule.kind === 'flat') return 1 - rule.within
  return 'times' in rule ? rule.times : rule.value
}

function measure({ row, figure, of, rule }: Goal, results: Results): number | null {
  const result = results.get(row)
  if (rule.kind === 'flat') {
    const rates = curveOf(result, of, figure).map(({ y }) => y)
    return rates.length < 2 ? null : Math.min(...rates) / Math.max(...rates)
  }
  const own = medianOf(result, of, figure)
  if (own === null || rule.kind === 'below') return own
  const other = rule.kind === 'no more than' ? medianOf(result, of, rule.figure) : medianOf(result, rule.to, figure)
  if (other === null || other === 0) return null
  return rule.kind === 'above by at most' ? own - other : own / other
}
