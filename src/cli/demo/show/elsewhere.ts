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

/** Where there is not room for both, the command alone. */
export function elsewhereLine(
  { topic, brokers }: Elsewhere,
  { columns, style }: { readonly columns: number; readonly style: Style }
): string {
  const where = 'In another terminal: '
  const command = asCalled(`odradek consume ${topic} -b ${brokers.replaceAll(', ', ',')}`)
  const text = where.length + command.length <= columns ? `${where}${command}` : command
  return lineOf([{ text, paint: style.dim }], columns)
}
