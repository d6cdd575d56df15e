/**
 * Batches of offsets and how far each is, as they are written down, and how two lists of them become one (KIP-932; Kafka: PersisterStateBatchCombiner).
 *
 * Of each offset the greater delivery count holds, of two with the same count the later state. That is the same in whatever order they come,
 * and however often: a write that was sent twice, or was overtaken, changes nothing.
 */

import { unknownStartOffset } from './state.ts'

export interface StateBatch {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly deliveryState: number
  readonly deliveryCount: number
}

/** Both lists in one: in order, without overlaps, nothing before the start offset where that is known, and as few batches as say it. */
export function mergeBatches(
  known: readonly StateBatch[],
  written: readonly StateBatch[],
  start: number
): readonly StateBatch[] {
  const startOffset = start === unknownStartOffset ? Number.NEGATIVE_INFINITY : start
  const batches = [...known, ...written].filter(({ lastOffset }) => lastOffset >= startOffset)
  batches.sort((one, other) => one.firstOffset - other.firstOffset)
  const merged: StateBatch[] = []
  const open = new ByPriority()
  let next = 0
  let offset = startOffset
  while (next < batches.length || open.first !== undefined) {
    const upcoming = batches[next]
    if (upcoming !== undefined && upcoming.firstOffset <= offset) {
      open.add(upcoming)
      next += 1
      continue
    }
    const holds = open.first
    if (holds === undefined) offset = upcoming?.firstOffset ?? offset
    else if (holds.lastOffset < offset) open.removeFirst()
    else {
      const until = Math.min(holds.lastOffset + 1, upcoming?.firstOffset ?? Number.POSITIVE_INFINITY)
      append(merged, { ...holds, firstOffset: offset, lastOffset: until - 1 })
      offset = until
    }
  }
  return merged
}

/** Where it goes on as the last one is, that one grows. */
export function append(batches: StateBatch[], batch: StateBatch): void {
  const last = batches.at(-1)
  if (last !== undefined && last.lastOffset + 1 === batch.firstOffset && isAlike(last, batch))
    batches[batches.length - 1] = { ...last, lastOffset: batch.lastOffset }
  else batches.push(batch)
}

function isAlike(one: StateBatch, other: StateBatch): boolean {
  return one.deliveryState === other.deliveryState && one.deliveryCount === other.deliveryCount
}

function holdsBefore(one: StateBatch, other: StateBatch): boolean {
  if (one.deliveryCount !== other.deliveryCount) return one.deliveryCount > other.deliveryCount
  return one.deliveryState > other.deliveryState
}

/** A heap of the batches that cover an offset: the one that holds comes first. */
class ByPriority {
  readonly #heap: StateBatch[] = []

  get first(): StateBatch | undefined {
    return this.#heap[0]
  }

  add(batch: StateBatch): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = heap[parentAt]
      if (parent === undefined || !holdsBefore(batch, parent)) break
      heap[at] = parent
      at = parentAt
    }
    heap[at] = batch
  }

  removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const childAt = this.#firstChildOf(at)
      const child = heap[childAt]
      if (child === undefined || !holdsBefore(child, last)) break
      heap[at] = child
      at = childAt
    }
    heap[at] = last
  }

  #firstChildOf(at: number): number {
    const [left, right] = [this.#heap[2 * at + 1], this.#heap[2 * at + 2]]
    return left !== undefined && right !== undefined && holdsBefore(right, left) ? 2 * at + 2 : 2 * at + 1
  }
}
