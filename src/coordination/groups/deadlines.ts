/**
 * Many deadlines on one timer of the clock.
 *
 * A deadline that moves later, as a session does with every heartbeat, costs one assignment: its place in the heap stays
 * where it was and is looked at again when it comes up. Only a deadline that moves earlier takes a new place.
 */
import type { Clock, Timer } from '../../host/clock.ts'

export class Deadline {
  readonly run: () => void
  /** Infinity while nothing is due. */
  dueMs = Number.POSITIVE_INFINITY
  /** The earliest place that this has in the heap; Infinity when it has none. */
  placedMs = Number.POSITIVE_INFINITY

  constructor(run: () => void) {
    this.run = run
  }
}

interface Place {
  readonly atMs: number
  readonly deadline: Deadline
}

/** Below this the heap is not worth tidying. */
const tidyFrom = 1024

export class Deadlines {
  readonly #clock: Clock
  #heap: Place[] = []
  #placesAfterTidying = 0
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  schedule(deadline: Deadline, delayMs: number): void {
    if (this.#isClosed) return
    deadline.dueMs = this.#clock.monotonicMs() + delayMs
    if (deadline.dueMs < deadline.placedMs) this.#place(deadline)
  }

  cancel(deadline: Deadline): void {
    deadline.dueMs = Number.POSITIVE_INFINITY
  }

  /** Runs something again and again. */
  every(intervalMs: number, task: () => void): void {
    const deadline = new Deadline(() => {
      this.schedule(deadline, intervalMs)
      task()
    })
    this.schedule(deadline, intervalMs)
  }

  /** Runs something once. */
  after(delayMs: number, task: () => void): void {
    this.schedule(new Deadline(task), delayMs)
  }

  close(): void {
    this.#isClosed = true
    this.#heap = []
    this.#timer?.cancel()
    this.#timer = null
  }

  #place(deadline: Deadline): void {
    deadline.placedMs = deadline.dueMs
    push(this.#heap, { atMs: deadline.dueMs, deadline })
    if (this.#heap.length >= Math.max(tidyFrom, 2 * this.#placesAfterTidying)) this.#tidy()
    this.#arm()
  }

  /** Drops places that nobody waits for any more: cancelled deadlines, and places that were overtaken by earlier ones. */
  #tidy(): void {
    const kept = this.#heap.filter(({ atMs, deadline }) => {
      if (atMs !== deadline.placedMs) return false
      if (deadline.dueMs !== Number.POSITIVE_INFINITY) return true
      deadline.placedMs = Number.POSITIVE_INFINITY
      return false
    })
    // A sorted array is a heap.
    this.#heap = kept.sort((one, other) => one.atMs - other.atMs)
    this.#placesAfterTidying = kept.length
  }

  #arm(): void {
    const first = this.#heap[0]
    if (first === undefined || this.#isClosed) return
    if (this.#timer !== null && this.#timerAtMs <= first.atMs) return
    this.#timer?.cancel()
    this.#timerAtMs = first.atMs
    this.#timer = this.#clock.after(Math.max(0, first.atMs - this.#clock.monotonicMs()), () => this.#ring())
  }

  #ring(): void {
    this.#timer = null
    const nowMs = this.#clock.monotonicMs()
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= nowMs; first = this.#heap[0]) {
      pop(this.#heap)
      const { atMs, deadline } = first
      if (atMs !== deadline.placedMs) continue
      deadline.placedMs = Number.POSITIVE_INFINITY
      if (deadline.dueMs <= nowMs) {
        deadline.dueMs = Number.POSITIVE_INFINITY
        deadline.run()
      } else if (deadline.dueMs !== Number.POSITIVE_INFINITY) {
        deadline.placedMs = deadline.dueMs
        push(this.#heap, { atMs: deadline.dueMs, deadline })
      }
    }
    this.#arm()
  }
}

function push(heap: Place[], place: Place): void {
  let index = heap.push(place) - 1
  while (index > 0) {
    const parentIndex = (index - 1) >> 1
    const parent = heap[parentIndex]
    if (parent === undefined || parent.atMs <= place.atMs) break
    heap[index] = parent
    index = parentIndex
  }
  heap[index] = place
}

function pop(heap: Place[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    let childIndex = 2 * index + 1
    let child = heap[childIndex]
    if (child === undefined) break
    const right = heap[childIndex + 1]
    if (right !== undefined && right.atMs < child.atMs) {
      child = right
      childIndex += 1
    }
    if (last.atMs <= child.atMs) break
    heap[index] = child
    index = childIndex
  }
  heap[index] = last
}
