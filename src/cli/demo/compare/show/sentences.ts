/**
 * What happens in the two worlds, in words for somebody who knows neither: what is the case, what was counted, and what comes next.
 */
import { counted } from '../../../counted.ts'
import type { ComparisonState } from '../state.ts'

export type PhaseSentences = readonly [said: string, measured: string, next: string]

export function phaseSentences({ phase, leftMs, calls, log }: ComparisonState): PhaseSentences {
  const inSeconds = leftMs === undefined ? '' : ` in ${Math.ceil(leftMs / 1000)} s`
  const [left, right] = [calls.figures.notifications, log.figures.notifications]
  switch (phase) {
    case 'opening':
      return ['Two copies of a food-delivery app are starting.', '', '']
    case 'flowing':
      return [
        'Customers order, the kitchen cooks, and the notifications tell the customer.',
        `Told so far: ${counted(left.arrived, 'customer')} on the left, ${counted(right.arrived, 'customer')} on the right.`,
        `The notifications are killed in both worlds${inSeconds}; k kills them now.`
      ]
    case 'out':
      return [
        'The notifications are dead in both worlds, and customers go on ordering.',
        `Left ${counted(left.lost, 'call')} failed for good; right ${counted(right.missing, 'message')} in the log, kept.`,
        `The notifications start again${inSeconds}.`
      ]
    case 'draining':
      return [
        'The notifications start again in both worlds.',
        `Left ${counted(left.lost, 'call')} gone; right ${counted(right.missing, 'message')} left in the log, being read now.`,
        ''
      ]
    case 'calm':
    case 'over':
      return closingWords(left.lost, inSeconds)
    case 'closing':
      return ['closing: no more orders, what is there is finished; q again ends at once', '', '']
  }
}

/** What the crash has proved, if any order met it. */
function closingWords(lost: number, inSeconds: string): PhaseSentences {
  const closes = inSeconds === '' ? '' : ` This closes${inSeconds}.`
  if (lost === 0)
    return [
      'The notifications are back in both worlds.',
      'Nobody was to be told while they were dead: this crash proves nothing.',
      `More orders a second show more (--rate 5/s).${closes}`
    ]
  return [
    'The same orders, the same crash.',
    `Left ${counted(lost, 'customer')} will never be told; right everybody has been told.`,
    closes === ''
      ? 'A call is gone when nobody answers. A log remembers until somebody reads.'
      : `A call is gone when nobody answers. A log remembers.${closes}`
  ]
}
