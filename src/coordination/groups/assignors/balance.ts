/**
 * Who of some members has least, and who has most, as partitions go from one to the other (Kafka:
 * UniformHeterogeneousAssignmentBuilder.MemberAssignmentBalancer). The members are sorted once by how much they have; those with least are
 * a range at the beginning and those with most one at the end, which grow towards each other.
 */
export class Balance {
  /** How many partitions each member has; it changes while the balance is used. */
  readonly #sizes: readonly number[]
  readonly #sorted: number[]
  #leastEnd = 0
  #leastSize: number
  #nextLeast = 0
  #mostStart: number
  #mostEnd: number
  #mostSize: number
  #nextMost: number

  /** Of at least one member, each an index into the sizes. */
  constructor(sizes: readonly number[], members: readonly number[]) {
    this.#sizes = sizes
    this.#sorted = [...members].sort((one, other) => this.#sizeOf(one) - this.#sizeOf(other) || one - other)
    this.#leastSize = this.#sizeAt(0) - 1
    this.#mostStart = this.#sorted.length
    this.#mostEnd = this.#sorted.length
    this.#mostSize = this.#sizeAt(this.#sorted.length - 1) + 1
    this.#nextMost = this.#sorted.length - 1
  }

  /** How much more the one with most has than the one with least, before anything has moved. */
  get imbalance(): number {
    return this.#sizeAt(this.#sorted.length - 1) - this.#sizeAt(0)
  }

  get isBalanced(): boolean {
    return this.#mostSize - this.#leastSize <= 1
  }

  takeLeast(): number {
    if (this.#nextLeast >= this.#leastEnd) {
      this.#leastSize += 1
      while (this.#leastEnd < this.#sorted.length && this.#sizeAt(this.#leastEnd) === this.#leastSize)
        this.#leastEnd += 1
      this.#nextLeast = 0
    }
    return this.#sorted[this.#nextLeast++] ?? 0
  }

  /** Undefined when nobody is left to take from. */
  takeMost(): number | undefined {
    if (this.#nextMost < this.#mostStart) {
      if (this.#mostEnd <= this.#mostStart && this.#mostStart > 0) this.#mostSize = this.#sizeAt(this.#mostStart - 1)
      else this.#mostSize -= 1
      while (this.#mostStart > 0 && this.#sizeAt(this.#mostStart - 1) === this.#mostSize) this.#mostStart -= 1
      this.#nextMost = this.#mostEnd - 1
    }
    return this.#nextMost < 0 ? undefined : this.#sorted[this.#nextMost--]
  }

  /** The one that was taken last as the one with most has nothing to give. */
  excludeMost(): void {
    const index = this.#nextMost + 1
    const last = this.#mostEnd - 1
    const [member, other] = [this.#sorted[index] ?? 0, this.#sorted[last] ?? 0]
    this.#sorted[index] = other
    this.#sorted[last] = member
    this.#mostEnd -= 1
  }

  #sizeOf(member: number): number {
    return this.#sizes[member] ?? 0
  }

  #sizeAt(index: number): number {
    return this.#sizeOf(this.#sorted[index] ?? 0)
  }
}
