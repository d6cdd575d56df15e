/**
 * Which bytes of a file of records are known to be as they were written: those that this process wrote (it checked them on their
 * way in), and of those that were there when the file was opened the ones that it has read since, as one stretch.
 *
 * To check what this process wrote again at each read costs memory for each batch (the budget of fetch-1m), and time: reads of 200 MB
 * with every checksum took about 92 ms in large batches and 335 ms in small ones, on a noisy machine.
 */
export class VerifiedBytes {
  readonly #openedBytes: number
  #from = 0
  #to = 0

  constructor(openedBytes: number) {
    this.#openedBytes = openedBytes
  }

  has(position: number, endPosition: number): boolean {
    return position >= this.#openedBytes || (position >= this.#from && endPosition <= this.#to)
  }

  /** The bytes were looked at and are right. */
  add(position: number, endPosition: number): void {
    const continues = position <= this.#to && endPosition >= this.#from
    this.#from = continues ? Math.min(this.#from, position) : position
    this.#to = continues ? Math.max(this.#to, endPosition) : endPosition
  }
}
