/**
 * What `demo --compare` was asked for, checked and with types.
 */
import { wrongUsage } from '../../cli-error.ts'
import type { Invocation } from '../../command.ts'
import { parseDurationMs } from '../../human-values.ts'
import { type DemoPlan, readPlan as readDemoPlan } from '../plan.ts'

export interface ComparisonPlan extends DemoPlan {
  readonly outageMs: number
}

const usualOutageMs = 10_000
/** Shorter than this, a service is back before anyone has missed it. */
const outageMinMs = 500

export function readPlan(invocation: Invocation): ComparisonPlan {
  const { flags } = invocation
  for (const name of ['count', 'duration'] as const) {
    if (flags.text(name) !== undefined) {
      throw wrongUsage(`--compare and --${name} exclude each other`, 'a comparison ends when the log has caught up')
    }
  }
  return { ...readDemoPlan(invocation), outageMs: flags.parsed('outage', parseOutageMs) ?? usualOutageMs }
}

function parseOutageMs(text: string): number {
  const outageMs = parseDurationMs(text)
  if (outageMs >= outageMinMs) return outageMs
  throw wrongUsage(`an outage of ${text} is none`, `it lasts ${outageMinMs}ms at least`)
}
