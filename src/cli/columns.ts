/**
 * How wide what is written to a stream may be, in characters; undefined where it is no terminal, or one that does not say: a
 * pseudo-terminal that nobody gave a size has 0 columns.
 */
export function columnsOf({ columns }: { readonly columns?: number }): number | undefined {
  return columns === 0 ? undefined : columns
}
