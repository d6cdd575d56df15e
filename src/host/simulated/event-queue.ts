/** Events in the order in which they are due; of those due at one time, in the order in which they were added. A binary heap. */
export interface SimulatedEvent {
  readonly dueMicros: number
  readonly what: string
  readonly happen: () => void
  isCancelled: boolean
}

interface Entry {
  readonly event: SimulatedEvent
  readonly order: number
}

export class EventQueue {
  readonly #heap: Entry[] = []
  #order = 0

  add(event: SimulatedEvent): void {
    const entry = { event, order: this.#order }
    this.#order += 1
    let at = this.#heap.length
    this.#heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || comesFirst(parent, entry)) break
      this.#heap[at] = parent
      at = above
    }
    this.#heap[at] = entry
  }

  /** Takes out the first that was not cancelled; null when there is none. */
  next(): SimulatedEvent | null {
    for (let first = this.#takeFirst(); first !== null; first = this.#takeFirst()) {
      if (!first.isCancelled) return first
    }
    return null
  }

  #takeFirst(): SimulatedEvent | null {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined) return null
    if (this.#heap.length > 0) this.#sink(last)
    return first.event
  }

  /** From the top to its place. */
  #sink(entry: Entry): void {
    let at = 0
    for (;;) {
      const left = this.#heap[2 * at + 1]
      const right = this.#heap[2 * at + 2]
      if (left === undefined) break
      const isLeft = right === undefined || comesFirst(left, right)
      const child = isLeft ? left : right
      if (comesFirst(entry, child)) break
      this.#heap[at] = child
      at = 2 * at + (isLeft ? 1 : 2)
    }
    this.#heap[at] = entry
  }
}

function comesFirst(one: Entry, other: Entry): boolean {
  const { dueMicros } = one.event
  return dueMicros < other.event.dueMicros || (dueMicros === other.event.dueMicros && one.order < other.order)
}
