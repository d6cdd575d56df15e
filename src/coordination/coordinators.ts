/**
 * Which partitions of a state topic are led here, and the coordinator of each: elected, loaded when it is first asked for, resigned,
 * closed. One class for every state topic (Kafka: CoordinatorRuntime's scheduleLoadOperation and scheduleUnloadOperation).
 */

export interface Closable {
  close(): void
}

/** Reads the state of one partition. `isWanted` says whether it is still led here, in the same epoch; null when it was not. */
export type Load<Coordinator> = (partition: number, isWanted: () => boolean) => Promise<Coordinator | null>

/** A partition that is led here, in one leader epoch. */
class Term<Coordinator extends Closable> {
  readonly leaderEpoch: number
  isOver = false
  loaded: Coordinator | null = null
  loading: Promise<Coordinator | undefined> | null = null

  constructor(leaderEpoch: number) {
    this.leaderEpoch = leaderEpoch
  }
}

export class Coordinators<Coordinator extends Closable> {
  readonly #load: Load<Coordinator>
  readonly #terms = new Map<number, Term<Coordinator>>()

  constructor(load: Load<Coordinator>) {
    this.#load = load
  }

  /** This broker leads the partition in this epoch: what was loaded in an earlier one is not what its log says by now. */
  elected(partition: number, leaderEpoch: number): void {
    if (this.#terms.get(partition)?.leaderEpoch === leaderEpoch) return
    this.resigned(partition)
    this.#terms.set(partition, new Term(leaderEpoch))
  }

  /** This broker leads the partition no more. */
  resigned(partition: number): void {
    const term = this.#terms.get(partition)
    if (term === undefined) return
    this.#terms.delete(partition)
    term.isOver = true
    term.loaded?.close()
  }

  /** Undefined when the partition is not led here, or cannot be read now: whoever asks again tries again. */
  async at(partition: number): Promise<Coordinator | undefined> {
    const term = this.#terms.get(partition)
    if (term === undefined) return undefined
    // One whose log could not be synced is closed, and stays so as long as this epoch lasts: the log takes no more.
    if (term.loaded !== null) return term.loaded
    term.loading ??= this.#loadFor(partition, term).finally(() => {
      term.loading = null
    })
    return term.loading
  }

  /** Those that are loaded. */
  *loaded(): Iterable<Coordinator> {
    for (const { loaded } of this.#terms.values()) if (loaded !== null) yield loaded
  }

  /** Those that are led here, loaded by now. */
  async all(): Promise<readonly Coordinator[]> {
    const coordinators = await Promise.all([...this.#terms.keys()].map((partition) => this.at(partition)))
    return coordinators.filter((coordinator) => coordinator !== undefined)
  }

  close(): void {
    for (const partition of [...this.#terms.keys()]) this.resigned(partition)
  }

  async #loadFor(partition: number, term: Term<Coordinator>): Promise<Coordinator | undefined> {
    const coordinator = await this.#load(partition, () => !term.isOver)
    if (coordinator === null) return undefined
    if (term.isOver) {
      coordinator.close()
      return undefined
    }
    term.loaded = coordinator
    return coordinator
  }
}
