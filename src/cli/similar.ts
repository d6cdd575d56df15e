/** The name that was probably meant: one that begins with what was typed, or differs from it by a slip or two of the fingers. */
export function mostSimilar(typed: string, names: readonly string[]): string | undefined {
  const lower = typed.toLowerCase()
  const rated = names
    .filter((name) => name !== typed)
    .map((name) => ({ name, slips: slipsBetween(lower, name.toLowerCase()) }))
    .filter(
      ({ name, slips }) =>
        // A name of one letter is like any other of one: `--acks 2` is no slip for 1, which promises less than all.
        (slips <= slipsAllowed(lower) && slips < name.length) ||
        (lower.length >= 3 && name.toLowerCase().startsWith(lower))
    )
    .sort((a, b) => a.slips - b.slips)
  return rated[0]?.name
}

/** What stands before the list of all that can be written: a question, when one of them was probably meant. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const similar = mostSimilar(typed, names)
  return similar === undefined ? '' : `did you mean ${similar}? `
}

function slipsAllowed(typed: string): number {
  return typed.length < 4 ? 1 : 2
}

/** Letters left out, put in, mistaken or swapped with the next (Damerau and Levenshtein). */
function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const mistaken = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, mistaken, swapped))
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
