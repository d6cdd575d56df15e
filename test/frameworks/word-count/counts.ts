/** What the output of a word count must be: for each word 1, 2, 3, … in the order of the log, up to how often it was written. */
import { lineOf } from './lines.ts'

export interface Count {
  readonly key: string
  readonly value: string
}

/** How often each word is in so many lines. */
export function occurrences(lines: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let number = 0; number < lines; number += 1)
    for (const word of lineOf(number).split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

/** How many words so many lines have. */
export function wordsIn(lines: number): number {
  return [...occurrences(lines).values()].reduce((sum, count) => sum + count, 0)
}

/** What is not so, one line each: a count that was lost, came twice or too early, and a word that has too many or too few. */
export function faultsIn(counts: readonly Count[], lines: number): string[] {
  const seen = new Map<string, number>()
  const faults: string[] = []
  for (const { key, value } of counts) {
    const before = seen.get(key) ?? 0
    if (Number(value) !== before + 1) faults.push(`${key}: ${value} comes after ${before}`)
    seen.set(key, Number(value))
  }
  const expected = occurrences(lines)
  for (const word of new Set([...expected.keys(), ...seen.keys()])) {
    const [was, is] = [expected.get(word) ?? 0, seen.get(word) ?? 0]
    if (was !== is) faults.push(`${word}: counted ${is} times, and written ${was} times`)
  }
  return faults
}
