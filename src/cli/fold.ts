/**
 * What is printed for people, folded between words at the width of the terminal; a terminal itself cuts words in two.
 */
import { stripVTControlCharacters } from 'node:util'
import { lineToType } from './own-name.ts'

/** In lines of at most `width`; a word that is longer has a line of its own. What stands in {{ }} is one word. */
export function wrap(text: string, width: number): string[] {
  return filled(text.split(/\s+(?![^{]*\}\})/), width)
}

/**
 * Lines that are too long, in several; all as they are where nobody says how wide the terminal is. A line to type is one word: pasted
 * in two it would be two commands.
 */
export function folded(text: string, columns: number | undefined): string {
  if (columns === undefined) return text
  const words = new RegExp(`${lineToType.source}|\\S+`, 'g')
  const fold = (line: string) => (lengthOf(line) <= columns ? [line] : filled(line.match(words) ?? [], columns))
  return text.split('\n').flatMap(fold).join('\n')
}

function filled(words: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && lengthOf(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** As it is seen: without what chooses colours. */
function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
