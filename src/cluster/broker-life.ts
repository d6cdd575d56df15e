/**
 * One life of a broker, from the opening of its storage until it is gone. What its host still owes it when that is taken back never comes
 * (`RevocableHost`): whoever waits for such a thing waits no longer than this life.
 */
export class BrokerLife {
  readonly nodeId: number
  readonly #over: Promise<never>
  #isOver = false
  #end: (error: Error) => void = () => {}

  constructor(nodeId: number) {
    this.nodeId = nodeId
    this.#over = new Promise<never>((_, reject) => {
      this.#end = reject
    })
    // Most lives end while nobody waits.
    this.#over.catch(() => {})
  }

  get isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
    this.#end(new Error(`broker ${this.nodeId} was lost while it came or went`))
  }

  /** As the work settles; rejects where this life ends before. */
  during<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([this.#over, work])
  }
}
