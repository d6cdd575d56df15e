/**
 * How to look at the same from another terminal: the demo is no film, its topics can be read.
 */
import { asCalled } from '../../own-name.ts'
import type { Style } from '../../terminal.ts'
import { lineOf } from './cells.ts'

export interface Elsewhere {
  readonly topic: string
  /** host:port, … */
  readonly brokers: string
}

/** Where there is not room for all brokers, the first of them; where there is still none, the command alone. */
export function elsewhereLine(
  { topic, brokers }: Elsewhere,
  { columns, style }: { readonly columns: number; readonly style: Style }
): string {
  const where = 'In another terminal: '
  const all = brokers.split(', ')
  // Each broker tells of all others.
  const [text = ''] = [all, all.slice(0, 1)]
    .map((some) => asCalled(`odradek consume ${topic} -b ${some.join(',')}`))
    .flatMap((command) => (where.length + command.length <= columns ? [`${where}${command}`] : []))
    .concat(asCalled(`odradek consume ${topic} -b ${all[0]}`))
  return lineOf([{ text, paint: style.dim }], columns)
}
