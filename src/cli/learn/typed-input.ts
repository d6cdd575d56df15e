/**
 * Standard input for a command: the text, and the shell line that prints the same, for a reader who wants to type it.
 */
export interface TypedInput {
  readonly text: string
  readonly shell: string
}

/** The numbers from `first` to `last`, a line each. */
export function numberLines(first: number, last: number): TypedInput {
  return { text: lines(numbers(first, last)), shell: `seq ${first} ${last}` }
}

/** A value for each number, made of a template in which `&` stands for it; sed reads it so too. */
export function templateLines(first: number, last: number, template: string): TypedInput {
  return {
    text: lines(numbers(first, last).map((number) => template.replaceAll('&', number))),
    shell: `seq ${first} ${last} | sed 's/.*/${template}/'`
  }
}

/** The same for any words. */
export function wordLines(words: readonly string[], template: string): TypedInput {
  return {
    text: lines(words.map((word) => template.replaceAll('&', word))),
    shell: `printf '%s\\n' ${words.join(' ')} | sed 's/.*/${template}/'`
  }
}

/** Every order goes through every status, all orders side by side: `2001:2001-placed`. */
export function interleavedLines(orders: readonly string[], statuses: readonly string[]): TypedInput {
  const loops = `for s in ${statuses.join(' ')}; do for o in ${orders.join(' ')}; do echo $o:$o-$s; done; done`
  return {
    text: lines(statuses.flatMap((status) => orders.map((order) => `${order}:${order}-${status}`))),
    shell: loops
  }
}

function numbers(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index))
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join('')
}
