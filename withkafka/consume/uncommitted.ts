/**
 * What this member has dealt with but could not commit: the broker went away in between. When it comes again, because the
 * group knows no better, it is not done twice. Only a crash of this program makes it forget.
 *
 * No more than this range is left out, from the first message without a commit. A topic that was deleted and made again begins
 * before it, and another member's work is committed behind it.
 */
interface Range {
  readonly from: number
  readonly to: number
}

export class Uncommitted {
  readonly #ranges = new Map<string, Range>()

  add(partition: string, from: number, to: number): void {
    this.#ranges.set(partition, { from: this.#ranges.get(partition)?.from ?? from, to })
  }

  has(partition: string, offset: number): boolean {
    const range = this.#ranges.get(partition)
    return range !== undefined && range.from <= offset && offset < range.to
  }

  clear(partition: string): void {
    this.#ranges.delete(partition)
  }
}
