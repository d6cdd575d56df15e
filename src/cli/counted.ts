/** How many there are, in words: `1 partition`, `3 partitions`, `200,000 records`, `2 batches`. */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${BigInt(count) === 1n ? one : many}`
}

const namedMax = 3

/** The first few by name, the others by their number. */
export function firstOf(names: readonly string[]): string {
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : ''
  return `${names.slice(0, namedMax).join(', ')}${more}`
}
