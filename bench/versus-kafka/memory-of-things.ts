/** What one more partition, connection, group or member holds in memory: the slope of the curves of scale. */
import { curveOf, type Results, slopeOf } from './results.ts'
import { number } from './words.ts'

const things: readonly (readonly [what: string, row: string])[] = [
  ['partition', 'scale-partitions'],
  ['connection', 'scale-connections'],
  ['group of one member', 'scale-groups'],
  ['member of one group, with its connection', 'scale-members'],
  ['million records in a log', 'scale-log']
]

export function memoryOfThings(results: Results): string {
  const told = things.flatMap(([what, row]) => {
    const slope = slopeOf(curveOf(results.get(row), 'odradek', 'resident'))
    return slope === null ? [] : [`${number(slope * 1000)} KB for a ${what}`]
  })
  return told.length === 0
    ? ''
    : `**Memory, each:** ${told.join(', ')} (resident memory, from the first point to the last).\n`
}
