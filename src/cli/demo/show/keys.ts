/**
 * The keys: the few that the story needs on one line, and all of them on request.
 */
import type { Style } from '../../terminal.ts'
import { lineOf } from './cells.ts'

/** With what they do, as `?` shows them. */
export const allKeys: readonly (readonly [keys: string, meaning: string])[] = [
  ['1 2 3 4', 'choose a service; the arrows and Tab too'],
  ['k', 'kill all processes of the chosen service (kill -9, as in a crash)'],
  ['x', 'kill one of them'],
  ['r', 'start again what is dead'],
  ['Space', 'pause the chosen service, and let it go on; p too'],
  ['+ -', 'one process more, one less'],
  ['> <', 'twice as many orders a second, half as many; . and , too'],
  ['v', "the words of a guest, or an engineer's"],
  ['? h', 'show the keys, or show them no longer'],
  ['q', 'close: finish what is there, and count; Ctrl-C and Ctrl-D too']
]

const lineKeys = [
  ['k', 'kill'],
  ['r', 'start again'],
  ['1-4', 'choose'],
  ['Space', 'pause'],
  ['v', 'voice'],
  ['?', 'all keys'],
  ['q', 'quit']
] as const

interface Look {
  readonly columns: number
  readonly style: Style
}

export function keysLine({ columns, style }: Look): string {
  return lineOf(
    lineKeys.flatMap(([key, meaning]) => [
      { text: key, paint: style.bold },
      { text: ` ${meaning} `, paint: style.dim },
      { text: ' ' }
    ]),
    columns
  )
}

export function allKeysLines({ columns, style }: Look): string[] {
  return allKeys.map(([keys, meaning]) =>
    lineOf([{ text: '  ' }, { text: keys, width: 10, paint: style.bold }, { text: meaning }], columns)
  )
}
