/** A heap that yields the least first: who is to be given the next task, where there are many to choose from. */

export class LeastFirst<Element> {
  readonly #isLess: (one: Element, other: Element) => boolean
  readonly #heap: Element[] = []

  constructor(isLess: (one: Element, other: Element) => boolean, elements: Iterable<Element>) {
    this.#isLess = isLess
    for (const element of elements) this.push(element)
  }

  push(element: Element): void {
    let index = this.#heap.push(element) - 1
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#heap[parentIndex]
      if (parent === undefined || !this.#isLess(element, parent)) break
      this.#heap[index] = parent
      index = parentIndex
    }
    this.#heap[index] = element
  }

  pop(): Element | undefined {
    const least = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(last)
    return least
  }

  #sink(element: Element): void {
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      let child = this.#heap[childIndex]
      if (child === undefined) break
      const right = this.#heap[childIndex + 1]
      if (right !== undefined && this.#isLess(right, child)) {
        child = right
        childIndex += 1
      }
      if (!this.#isLess(child, element)) break
      this.#heap[index] = child
      index = childIndex
    }
    this.#heap[index] = element
  }
}
