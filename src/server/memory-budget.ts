/** The bytes that all connections together hold for requests; nobody can make the broker hold more. */
export class MemoryBudget {
  readonly #maxBytes: number
  #usedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Adds or gives back bytes; false when more is held now than may be. */
  change(bytes: number): boolean {
    this.#usedBytes += bytes
    return bytes <= 0 || this.#usedBytes <= this.#maxBytes
  }
}
