/**
 * How the demo went: what each service wrote, what was lost or doubled, and what stays behind.
 */
import type { Invocation } from '../command.ts'
import { ExitCode } from '../exit-codes.ts'
import { formatTable, toJson } from '../output.ts'
import type { Stage } from '../serve/stage.ts'
import type { Demo } from './demo.ts'
import type { DemoPlan } from './plan.ts'
import { serviceSaying, statuses } from './services.ts'

export async function summarize(
  { terminal }: Invocation,
  plan: DemoPlan,
  demo: Demo,
  stage: Pick<Stage, 'kind' | 'brokers'>
): Promise<ExitCode> {
  const { totals, due } = demo
  const unplaced = Math.max(0, due - totals.placed)
  const isMet = totals.open === 0 && totals.doubled === 0 && unplaced === 0
  const topics = Object.values(demo.stand?.topics ?? {})
  if (plan.presentation === 'jsonl') {
    await terminal.write(
      `${toJson({ event: 'summary', met: isMet, due, ...totals, topics, brokers: stage.brokers })}\n`
    )
  } else {
    const rows = statuses.map((status) => ({
      service: serviceSaying[status].name,
      says: status,
      topic: demo.stand?.topics[serviceSaying[status].writes] ?? '',
      orders: totals[status],
      missing: Math.max(0, totals.placed - totals[status]),
      doubled: totals.again[status]
    }))
    const columns = ['service', 'says', 'topic', 'orders', 'missing', 'doubled']
    await terminal.write(`\n${formatTable(columns, rows, terminal.out.bold)}`)
    await terminal.write(`${verdict(isMet, totals.placed, totals.open, totals.doubled, unplaced)}\n`)
  }
  remains(plan, stage, topics, (line) => terminal.hint(line))
  return isMet ? ExitCode.done : ExitCode.notMet
}

function verdict(isMet: boolean, placed: number, open: number, doubled: number, unplaced: number): string {
  if (isMet) return `Every order has one notification: ${placed} of ${placed}.`
  const wrong = [
    open > 0 && `${open} of ${placed} orders have none`,
    doubled > 0 && `${doubled} events were written twice`,
    unplaced > 0 && `${unplaced} orders were due and not placed`
  ].filter((text) => text !== false)
  return `Not every order has one notification: ${wrong.join('; ')}.`
}

/** Says what stays behind, and how to look at it or remove it. */
export function remains(
  plan: DemoPlan,
  { kind, brokers }: Pick<Stage, 'kind' | 'brokers'>,
  topics: readonly string[],
  hint: (line: string) => void
): void {
  if (kind === 'cluster') {
    hint(`the topics stay on ${brokers.join(', ')}; to remove them:`)
    hint(`  odradek topics delete ${topics.join(' ')} -b ${brokers.join(',')}`)
  } else if (plan.directory !== undefined) {
    hint(`the data stays; to look at it: odradek serve --data ${plan.directory}`)
  }
}
