/** Logs of partitions that nobody has been told of yet: made before the controller writes that there are any. */
import type { PartitionPlan } from '../controller/log-makers.ts'
import type { PartitionLog } from '../log/partition-log.ts'

/** Makes the log of each of the plan's partitions. Throws DiskError, with nothing made. */
type Make = (plan: PartitionPlan) => (partition: number) => PartitionLog

export class PreparedLogs {
  readonly #make: Make
  readonly #remove: (name: string, log: PartitionLog) => void
  readonly #logs = new Map<string, PartitionLog>()

  constructor(options: {
    readonly make: Make
    readonly remove: (name: string, log: PartitionLog) => void
  }) {
    this.#make = options.make
    this.#remove = options.remove
  }

  has(name: string, topicId: string): boolean {
    return this.#logs.get(name)?.topicId === topicId
  }

  /** A log at each step. Throws DiskError, and has removed them again then. */
  *prepare(plan: PartitionPlan): Iterable<void> {
    try {
      const make = this.#make(plan)
      for (const partition of plan.partitions) {
        this.#logs.set(`${plan.topic}-${partition}`, make(partition))
        yield
      }
    } catch (error) {
      yield* this.discard(plan)
      throw error
    }
  }

  /** The log of a partition that is told of now; undefined when it was not prepared. */
  take(name: string, topicId: string): PartitionLog | undefined {
    const log = this.#logs.get(name)
    if (log?.topicId !== topicId) return undefined
    this.#logs.delete(name)
    return log
  }

  /**
   * Takes back what was prepared, a log at each step. What cannot be removed belongs to no topic, and is set aside when its name is used
   * again.
   */
  *discard(plan: PartitionPlan): Iterable<void> {
    for (const [name, log] of this.#taken(plan)) {
      this.#remove(name, log)
      yield
    }
  }

  /** Closes the logs and leaves them where they are: the metadata may tell of them after the next start. */
  leave(plan: PartitionPlan): void {
    for (const [, log] of this.#taken(plan)) log.abandon()
  }

  /** The broker ends. */
  abandon(): void {
    for (const log of this.#logs.values()) log.abandon()
    this.#logs.clear()
  }

  *#taken({ topic, topicId, partitions }: PartitionPlan): Iterable<[name: string, log: PartitionLog]> {
    for (const partition of partitions) {
      const name = `${topic}-${partition}`
      const log = this.take(name, topicId)
      if (log !== undefined) yield [name, log]
    }
  }
}
