/** A finding for people: what it is about, why, and what to type. */
import { firstOf } from '../counted.ts'
import { folded } from '../fold.ts'
import { asCalled } from '../own-name.ts'
import type { Terminal } from '../terminal.ts'
import type { Finding } from './causes.ts'

const margin = '  '

export function findingParagraph(
  { cause, partitions, text, next }: Finding,
  { columns, out }: Pick<Terminal, 'columns' | 'out'>
): string {
  const about = partitions.length === 0 ? '' : `${firstOf(partitions)}: `
  const width = columns === undefined ? undefined : columns - margin.length
  const indented = (line: string): string => `${margin}${folded(line, width).replaceAll('\n', `\n${margin}`)}\n`
  const tried = next === undefined ? '' : indented(`try: ${out.cyan(asCalled(next))}`)
  return `${folded(`${about}${out.bold(cause)}`, columns)}\n${indented(text)}${tried}`
}

/** The same in one line, where lines of others stand around it. */
export function findingLine({ partitions, text, next }: Finding): string {
  const about = partitions.length === 0 ? '' : `${firstOf(partitions)}: `
  const tried = next === undefined ? '' : ` Try: ${asCalled(next)}`
  return `${about}${text}${tried}`
}
