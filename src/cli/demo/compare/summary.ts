/**
 * What each world lost: the table at the end, what it means, and whether the log kept its promise.
 */
import { columnsOf } from '../../columns.ts'
import type { Invocation } from '../../command.ts'
import { counted } from '../../counted.ts'
import { ExitCode } from '../../exit-codes.ts'
import { wrap } from '../../fold.ts'
import { helpWidth } from '../../help.ts'
import { formatTable, type Row, toJson } from '../../output.ts'
import type { Stage } from '../../serve/stage.ts'
import { remains } from '../summary.ts'
import { type AllFigures, type Figures, messages } from './ledger.ts'
import type { ComparisonPlan } from './plan.ts'
import type { ComparisonState, OutageRecord } from './state.ts'

export interface Outcome {
  readonly due: number
  readonly state: ComparisonState
}

export async function summarize(
  { terminal }: Invocation,
  plan: ComparisonPlan,
  { due, state }: Outcome,
  stage: Pick<Stage, 'kind' | 'brokers'>
): Promise<ExitCode> {
  const { calls, log, outages, topics } = state
  const isMet = keptEverything(log.figures, due)
  if (plan.presentation === 'jsonl') {
    const worlds = { calls: tallies(calls.figures), log: tallies(log.figures) }
    await terminal.write(
      `${toJson({ event: 'summary', met: isMet, due, ...worlds, outages: outages.map(outageFields), topics, brokers: stage.brokers })}\n`
    )
  } else {
    const rows = [...rowsOf('direct calls', calls.figures), ...rowsOf('the log', log.figures)]
    const columns = ['world', 'messages', 'sent', 'arrived', 'lost', 'doubled', 'slowest arrival']
    await terminal.write(`\n${formatTable(columns, rows, terminal.out.bold, terminal.columns)}\n`)
    const width = helpWidth(columnsOf(process.stdout))
    for (const sentence of conclusions(due, state)) await terminal.write(`${wrap(sentence, width).join('\n')}\n`)
  }
  remains(plan, stage, topics, (line) => terminal.hint(line))
  return isMet ? ExitCode.done : ExitCode.notMet
}

/** Every order that was due went the whole way, once. */
export function keptEverything(log: AllFigures, due: number): boolean {
  return messages.every((message) => {
    const { sent, arrived, doubled } = log[message]
    return sent === due && arrived === due && doubled === 0
  })
}

/** Nobody sends any more: what is missing is lost. */
function tallies(figures: AllFigures) {
  return Object.fromEntries(messages.map((message) => [message, tally(figures[message])]))
}

function tally({ sent, arrived, missing, doubled, longestWaitMs }: Figures) {
  return { sent, arrived, lost: missing, doubled, longestWaitMs }
}

function rowsOf(world: string, figures: AllFigures): Row[] {
  return messages.map((message, index) => {
    const { longestWaitMs, ...counts } = tally(figures[message])
    return { world: index === 0 ? world : '', messages: message, ...counts, 'slowest arrival': duration(longestWaitMs) }
  })
}

function outageFields({ killedMs, restartedMs, listensMs, drainedMs, peakLag }: OutageRecord) {
  const times = { restarted: restartedMs ?? null, listens: listensMs ?? null, drained: drainedMs ?? null }
  return { killed: killedMs, ...times, peakLag }
}

/** Where no message was lost to a crash there is nothing to conclude. */
export function conclusions(due: number, { calls, log, outages }: ComparisonState): string[] {
  const { missing: lost } = calls.figures.notifications
  const { arrived, longestWaitMs } = log.figures.notifications
  const everybody = counted(due, 'customer')
  if (!keptEverything(log.figures, due))
    return [
      ...(lost > 0 ? [leftWorld(lost, everybody, outages)] : []),
      `The log did not keep its promise: ${arrived} of ${everybody} were told, ${counted(doubledOf(log.figures), 'message')} came twice.`
    ]
  if (lost === 0)
    return [
      outages.length === 0
        ? 'Nothing was killed in this run, so it proves nothing about a crash: let it come to its end, or press k.'
        : 'No customer was to be told while the notifications were dead, so this run proves nothing about a crash.'
    ]
  const uncooked = due - calls.figures.notifications.sent
  return [
    leftWorld(lost, everybody, outages),
    ...(uncooked > 0 ? [`${counted(uncooked, 'order')} of these had not been cooked there when it was ended.`] : []),
    `With Kafka all ${everybody} were told, once each: their messages waited in the log, the longest for ${duration(longestWaitMs)}.`,
    'A service could call again until somebody answers: that saves most, tells some twice, and ends when it dies itself.',
    'In short: a call is gone when nobody answers; a log keeps the message until it has been read.'
  ]
}

function leftWorld(lost: number, everybody: string, outages: readonly OutageRecord[]): string {
  const deadMs = outages.reduce((sum, { killedMs, listensMs = killedMs }) => sum + listensMs - killedMs, 0)
  return `For ${duration(deadMs)} nobody listened for notifications. With direct calls ${lost} of ${everybody} were never told.`
}

function doubledOf(figures: AllFigures): number {
  return messages.reduce((sum, message) => sum + figures[message].doubled, 0)
}

export function duration(ms: number): string {
  return ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
}
