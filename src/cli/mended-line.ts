/**
 * The line that was typed, with what was a slip mended: whole, so that it can be typed as it stands.
 */
import { shellWord } from './own-name.ts'

/** What removes data is suggested to nobody who may have meant another word: `rn` is no slip for `trim`. */
export const removing: ReadonlySet<string> = new Set(['delete', 'rm', 'trim', 'reset'])

/** With other words in the place of a word. Nobody is told to answer with yes what he did not type. */
export function mendedLine(typed: readonly string[], slip: string, meant: readonly string[]): string {
  const at = typed.indexOf(slip)
  const words = [...typed.slice(0, at), ...meant, ...typed.slice(at + 1)]
  const kept = meant.some((word) => removing.has(word)) ? words.filter((word) => !/^(-y|--yes)$/.test(word)) : words
  return ['odradek', ...kept].map(shellWord).join(' ')
}
