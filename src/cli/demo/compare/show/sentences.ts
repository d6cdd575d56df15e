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
      return [
        'The same orders, the same crash.',
        `Left ${counted(left.lost, 'customer')} will never be told; right everyone who waited has been.`,
        leftMs === undefined
          ? 'A call is gone when nobody answers. A log remembers until somebody reads.'
          : `A call is gone when nobody answers. A log remembers. This closes${inSeconds}.`
      ]
    case 'closing':
      return ['closing: no more orders, what is there is finished; q again ends at once', '', '']
  }
}
