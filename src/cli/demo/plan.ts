/**
 * What `demo` was asked for, checked and with types.
 */
import { resolve } from 'node:path'
import { wrongUsage } from '../cli-error.ts'
import type { Invocation } from '../command.ts'
import { parseCount, parseDurationMs, parseRatePerSecond } from '../human-values.ts'

export interface DemoPlan {
  readonly seed: number
  readonly ratePerSecond: number
  /** Ends by itself after so many orders. */
  readonly count: number | undefined
  /** Ends by itself after this time. */
  readonly durationMs: number | undefined
  /** Where the embedded broker keeps its data afterwards; undefined: nowhere. */
  readonly directory: string | undefined
  /** When the first order is placed: customers may be here before the others are. */
  readonly begins: 'at once' | 'when all are here'
  readonly presentation: 'screen' | 'lines' | 'jsonl'
}

export function readPlan({ flags, terminal, global }: Invocation): DemoPlan {
  const data = flags.text('data')
  if (data !== undefined && flags.text('bootstrapServer') !== undefined) {
    throw wrongUsage('--data and --bootstrap-server exclude each other', 'another broker keeps its data where it wants')
  }
  if (flags.text('outage') !== undefined && !flags.has('compare')) {
    throw wrongUsage(
      '--outage belongs to --compare',
      'without it nothing is killed by itself',
      'odradek demo --compare'
    )
  }
  const output = global.output
  if (output !== undefined && output !== 'jsonl' && output !== 'table') {
    throw wrongUsage(`the demo has no output "${output}"`, 'it has a screen and lines (table), and JSON lines (jsonl)')
  }
  const canDraw = terminal.stdoutIsTty && terminal.env.TERM !== 'dumb'
  return {
    seed: flags.parsed('seed', parseCount) ?? 1,
    ratePerSecond: flags.parsed('rate', parseRatePerSecond) ?? 3,
    count: flags.parsed('count', parseOrders),
    durationMs: flags.parsed('duration', parseDurationMs),
    directory: data === undefined ? undefined : resolve(data),
    begins: 'at once',
    presentation: output === 'jsonl' ? 'jsonl' : canDraw ? 'screen' : 'lines'
  }
}

function parseOrders(text: string): number {
  const count = parseCount(text)
  if (count === 0) throw wrongUsage('a demo without an order shows nothing', '--count is 1 at least')
  return count
}
