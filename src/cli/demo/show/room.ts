/**
 * The screens of the demo are made for 80 columns and 24 lines. On a smaller one the ends of lines are missing, and the last lines: that is
 * said instead of leaving who reads it to guess.
 */
const columnsMin = 80
const rowsMin = 24

interface Size {
  readonly columns: number
  readonly rows: number
}

/** Undefined where everything is shown. */
export function tooSmall({ columns, rows }: Size): string | undefined {
  if (columns >= columnsMin && rows >= rowsMin) return undefined
  return `${columns}x${rows} is too small: make it ${columnsMin}x${rowsMin} to see all.`
}
