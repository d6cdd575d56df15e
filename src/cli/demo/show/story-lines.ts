/**
 * The chapter of the story in sentences: what is the case, what grows or drains, and which key to press. Three lines, in one voice.
 */
import type { Style } from '../../terminal.ts'
import { presenceNews } from '../broker-presence.ts'
import { type ServiceName, serviceNames } from '../services.ts'
import type { DemoState } from '../state.ts'
import type { Chapter, Outage } from '../story.ts'
import type { Cell } from './cells.ts'
import { capital, orders, seconds, subjectAnd } from './names.ts'
import type { Voice } from './sentences.ts'

export interface StoryOptions {
  readonly style: Style
  /** Which service `k` kills and `r` starts. */
  readonly selected: ServiceName
  readonly voice: Voice
}

export const storyRows = 3

/** What is about to be seen; when it has been, what to do next. */
export function headline({ chapter, longestOutage }: Pick<DemoState, 'chapter' | 'longestOutage'>): string {
  return chapter.kind === 'served' || longestOutage !== undefined
    ? 'Your turn: choose another service with 1-4 and kill it; ? shows all keys.'
    : 'You will see a service die and come back, and not one order get lost.'
}

export function storyLines(state: DemoState, options: StoryOptions): Cell[] {
  const { style, voice } = options
  if (state.away !== undefined) {
    const news = presenceNews(state.away, state.ownBrokers.length > 1 ? 'several' : 'one')
    return [{ text: `${news}; trying again`, paint: style.red }]
  }
  if (state.phase === 'closing')
    return [{ text: 'closing: what is there is finished; q again ends at once', paint: style.yellow }]
  if (state.chapter.kind === 'served') return proof(state, state.chapter.outage, options)
  const [first, second, key] = (voice === 'guest' ? guest : engineer)(state.chapter, options.selected, state)
  return [{ text: first }, { text: second, paint: style.yellow }, { text: key, paint: style.bold }]
}

type Sentences = readonly [said: string, measured: string, key: string]
type Unfinished = Exclude<Chapter, { kind: 'served' }>

function guest(chapter: Unfinished, selected: ServiceName, { totals, teams }: DemoState): Sentences {
  switch (chapter.kind) {
    case 'opening':
      return ['Four services are starting: customers, payments, kitchen, notifications.', '', '']
    case 'flowing':
      return [
        'Each order is paid for and cooked, and then its customer is told.',
        `${totals.notified} customers have been told so far.`,
        `Now press k: ${subjectAnd(selected, 'die')}, as in a crash.`
      ]
    case 'dead': {
      const { service, hasGrown } = chapter
      const { waiting } = teams[service]
      const key = hasGrown ? `Now press ${keysToStart(service, selected)}: ${subjectAnd(service, 'start')} again.` : ''
      const isOrdered = !teams.customers.members.every(({ state }) => state === 'dead')
      if (service === 'customers')
        return ['The customers are gone: nobody orders.', `${waiting} messages to them wait in the log.`, key]
      return [
        `${capital(subjectAnd(service, 'are'))} dead, and ${isOrdered ? 'customers go on ordering' : 'nobody orders'}.`,
        `See WAITING grow: the log keeps ${orders(waiting)}.`,
        key
      ]
    }
    case 'back':
      return [
        `${capital(subjectAnd(chapter.service, 'start'))} again, behind the last order that was served.`,
        `See WAITING drain: ${waitNow(teams[chapter.service].waiting)}.`,
        ''
      ]
  }
}

function engineer(chapter: Unfinished, selected: ServiceName, { totals, teams }: DemoState): Sentences {
  const lagOf = (service: ServiceName) => `lag ${teams[service].group.lag} records`
  switch (chapter.kind) {
    case 'opening':
      return ['Four consumer groups are being joined; nothing is in their topics.', '', '']
    case 'flowing':
      return [
        'Each service is a consumer group: it reads, answers (acks=all), and commits.',
        `${orders(totals.notified)} went all the way: placed, paid, cooked, notified.`,
        `Now press k: kill -9 for every member of ${selected}.`
      ]
    case 'dead':
      return [
        `${chapter.service} has no member that lives; its committed offsets stand still.`,
        `See LAG grow: ${lagOf(chapter.service)}, and ${orders(teams[chapter.service].waiting)} without an answer.`,
        chapter.hasGrown
          ? `Now press ${keysToStart(chapter.service, selected)}: new members of ${chapter.service} start.`
          : ''
      ]
    case 'back':
      return [
        `${chapter.service} goes on behind the last input that has an answer in the log.`,
        `See LAG drain: ${lagOf(chapter.service)}; ${waitNow(teams[chapter.service].waiting)}.`,
        ''
      ]
  }
}

/** `r` starts what is chosen: where the story speaks of another service, that is chosen first. */
function keysToStart(service: ServiceName, selected: ServiceName): string {
  return service === selected ? 'r' : `${serviceNames.indexOf(service) + 1}, then r`
}

function waitNow(count: number): string {
  return `${orders(count)} ${count === 1 ? 'waits' : 'wait'} now`
}

/** What the outage has shown, by what was counted. */
function proof({ totals }: DemoState, { service, deadMs, waited }: Outage, { style, voice }: StoryOptions): Cell[] {
  const dead = `${capital(subjectAnd(service, 'were'))} dead for ${seconds(deadMs)}`
  const first = { text: service === 'customers' ? `${dead}.` : `${dead}; ${orders(waited)} waited in the log.` }
  if (totals.lost > 0 || totals.doubled > 0)
    return [first, { text: `Not as promised: ${totals.lost} lost, ${totals.doubled} doubled.`, paint: style.red }]
  const second =
    voice === 'guest'
      ? 'Everyone who had ordered by then has been told: 0 orders lost, 0 told twice.'
      : 'Every order placed by then has exactly one notification: lost 0, doubled 0.'
  const third =
    voice === 'guest'
      ? 'This is what Kafka does: the log remembers, so a service may die.'
      : 'Read at least once, written exactly once: the answer carries the input offset.'
  return [first, { text: second, paint: style.green }, { text: third, paint: style.bold }]
}
