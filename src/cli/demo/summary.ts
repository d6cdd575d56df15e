/**
 * How the demo went: what each service wrote, what was lost or doubled, and what stays behind.
 */
import { columnsOf } from '../columns.ts'
import type { Invocation } from '../command.ts'
import { ExitCode } from '../exit-codes.ts'
import { wrap } from '../fold.ts'
import { helpWidth } from '../help.ts'
import { formatTable, toJson } from '../output.ts'
import { asCalled } from '../own-name.ts'
import type { Stage } from '../serve/stage.ts'
import type { Demo } from './demo.ts'
import type { DemoPlan } from './plan.ts'
import { serviceSaying, statuses } from './services.ts'
import { capital, orders, seconds, subjectAnd } from './show/names.ts'
import type { Outage } from './story.ts'

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
    await terminal.write(`\n${formatTable(columns, rows, terminal.out.bold, terminal.columns)}`)
    await terminal.write(`${verdict(isMet, totals.placed, totals.open, totals.doubled, unplaced)}\n`)
    const crash = demo.state().longestOutage
    if (isMet && crash !== undefined) {
      await terminal.write(`${wrap(crashSentence(crash), helpWidth(columnsOf(process.stdout))).join('\n')}\n`)
    }
  }
  remains(plan, stage, topics, (line) => terminal.hint(line))
  return isMet ? ExitCode.done : ExitCode.notMet
}

function verdict(isMet: boolean, placed: number, open: number, doubled: number, unplaced: number): string {
  if (isMet) return `Every customer was told, once: ${placed} of ${placed} orders.`
  const wrong = [
    open > 0 && `${open} of ${placed} were not`,
    doubled > 0 && `${doubled} events were written twice`,
    unplaced > 0 && `${unplaced} orders were due and not placed`
  ].filter((text) => text !== false)
  return `Not every customer was told, once: ${wrong.join('; ')}.`
}

function crashSentence({ service, deadMs, waited }: Outage): string {
  const dead = `${capital(subjectAnd(service, 'were'))} dead for ${seconds(deadMs)}`
  return service === 'customers'
    ? `${dead}, and none of their orders was lost.`
    : `${dead}: ${orders(waited)} waited in the log meanwhile, and none was lost.`
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
    hint(asCalled(`  odradek topics delete ${topics.join(' ')} -b ${brokers.join(',')}`))
  } else if (plan.directory !== undefined) {
    hint(asCalled(`the data stays; to look at it: odradek serve --data ${plan.directory}`))
  }
}
