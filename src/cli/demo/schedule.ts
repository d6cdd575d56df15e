/**
 * When which order is due: so many a second while there are customers to order, up to a last one. Orders have running numbers, so that
 * what is due is one number.
 */
export class Schedule {
  readonly #last: number
  #ratePerSecond: number
  #due = 0
  #atMs: number | undefined

  constructor(ratePerSecond: number, last: number = Number.POSITIVE_INFINITY) {
    this.#ratePerSecond = ratePerSecond
    this.#last = last
  }

  get ratePerSecond(): number {
    return this.#ratePerSecond
  }

  set ratePerSecond(perSecond: number) {
    this.#ratePerSecond = perSecond
  }

  /** The id of the last order that is due. */
  get due(): number {
    return Math.floor(this.#due)
  }

  get finished(): boolean {
    return this.due >= this.#last
  }

  /** Time passes; nobody orders while no customer is here. The first order is due at once. */
  advance(nowMs: number, customersAreHere: boolean): void {
    const passedMs = nowMs - (this.#atMs ?? nowMs)
    if (customersAreHere) {
      const more = this.#atMs === undefined ? 1 : (passedMs * this.#ratePerSecond) / 1000
      this.#due = Math.min(this.#due + more, this.#last)
    }
    if (customersAreHere || this.#atMs !== undefined) this.#atMs = nowMs
  }
}
