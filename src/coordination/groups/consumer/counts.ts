/** How many members stand behind each of something; what nobody stands behind is not in it. */

export class Counts {
  readonly #counts = new Map<string, number>()

  get size(): number {
    return this.#counts.size
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  names(): Iterable<string> {
    return this.#counts.keys()
  }

  entries(): Iterable<readonly [name: string, count: number]> {
    return this.#counts
  }

  add(name: string, count: 1 | -1): void {
    const sum = this.of(name) + count
    if (sum > 0) this.#counts.set(name, sum)
    else this.#counts.delete(name)
  }

  copy(): Counts {
    const copy = new Counts()
    for (const [name, count] of this.#counts) copy.#counts.set(name, count)
    return copy
  }
}
