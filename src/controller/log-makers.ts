/**
 * The brokers that make the logs of new partitions, before anything says that there are any: a disk that has no room refuses
 * the topic, and not its first record. One that cannot be reached is passed over; it makes its logs when it hears of them. So is one
 * whose disk refuses, where there are others: one broker's disk does not stop the cluster (its replica is offline there).
 */
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'

/** Partitions that a broker is about to hold. */
export interface PartitionPlan {
  readonly topic: string
  readonly topicId: string
  readonly partitions: readonly number[]
  readonly config: ReadonlyMap<string, string>
}

/** A broker that makes the logs of new partitions. */
export interface LogMaker {
  /** Whether something on its disk speaks of an earlier topic of this name. */
  isLettingGo(topic: string): boolean
  /** Resolves when nothing on its disk speaks of topics that are gone. Rejects with DiskError. */
  letGo(): Promise<void>
  /** Makes the logs, one at each step. Throws DiskError, with nothing made. */
  prepare(plan: PartitionPlan): Iterable<void>
  /** The plan is not carried out: what was made is removed, one at each step. */
  discard(plan: PartitionPlan): Iterable<void>
  /** Nobody knows whether the plan was carried out: what was made stays where it is, for the next start. */
  leave(plan: PartitionPlan): void
  /** Resolves when what was prepared survives a power cut. Rejects with DiskError. */
  namesSafe(): Promise<void>
}

/** New partitions of a topic, and the brokers that will hold each of them. */
export interface NewPartitions {
  readonly topic: string
  readonly topicId: string
  readonly config: ReadonlyMap<string, string>
  readonly placed: readonly { readonly partitionId: number; readonly replicas: readonly number[] }[]
}

/** How long a broker is waited for that lives, and whose disk does not answer: then it is passed over, as one that is gone. */
export interface MakersPatience {
  readonly clock: Clock
  readonly patienceMs: number
}

export class LogMakers {
  readonly #patience: MakersPatience | null
  readonly #makers = new Map<number, LogMaker>()
  /** Those who wait for a broker that may go: a killed one never answers. */
  readonly #whenGone = new Map<LogMaker, Set<() => void>>()

  /** Null: each is waited for, however long it takes. */
  constructor(patience: MakersPatience | null = null) {
    this.#patience = patience
  }

  /** One of an earlier life of the broker is gone. */
  attach(nodeId: number, maker: LogMaker): void {
    this.detach(nodeId)
    this.#makers.set(nodeId, maker)
  }

  detach(nodeId: number): void {
    const maker = this.#makers.get(nodeId)
    this.#makers.delete(nodeId)
    if (maker === undefined) return
    for (const gone of this.#whenGone.get(maker) ?? []) gone()
    this.#whenGone.delete(maker)
  }

  isLettingGo(topic: string): boolean {
    for (const maker of this.#makers.values()) if (maker.isLettingGo(topic)) return true
    return false
  }

  /** Resolves when nobody's disk speaks of an earlier topic of this name. Rejects with DiskError when nobody's can let go of it. */
  async letGo(topic: string): Promise<void> {
    const holding = [...this.#makers.values()].filter((maker) => maker.isLettingGo(topic))
    await this.#byMostOf(holding, (maker) => this.#doneOrGone(maker, () => maker.letGo()))
  }

  /** A log at each step. Throws DiskError, with nothing made anywhere, when nobody's disk takes it. */
  *prepare(partitions: NewPartitions): Iterable<void> {
    const refused: DiskError[] = []
    const plans = this.#plans(partitions)
    for (const [maker, plan] of plans) {
      try {
        yield* this.#whileThere(maker, maker.prepare(plan))
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        refused.push(error)
      }
    }
    const [first] = refused
    if (first !== undefined && refused.length === plans.length) throw first
  }

  /** The same backwards. */
  *discard(partitions: NewPartitions): Iterable<void> {
    for (const [maker, plan] of this.#plans(partitions)) yield* this.#whileThere(maker, maker.discard(plan))
  }

  /** A broker that goes between two steps takes none any more. */
  *#whileThere(maker: LogMaker, steps: Iterable<void>): Iterable<void> {
    for (const _ of steps) {
      yield
      if (!this.#isThere(maker)) return
    }
  }

  #isThere(maker: LogMaker): boolean {
    for (const there of this.#makers.values()) if (there === maker) return true
    return false
  }

  leave(partitions: NewPartitions): void {
    for (const [maker, plan] of this.#plans(partitions)) maker.leave(plan)
  }

  /** Resolves when the logs of these partitions survive a power cut. Rejects with DiskError when they do so nowhere. */
  async namesSafe(partitions: readonly NewPartitions[]): Promise<void> {
    const makers = new Set<LogMaker>()
    for (const one of partitions) for (const [maker] of this.#plans(one)) makers.add(maker)
    await this.#byMostOf([...makers], (maker) => this.#doneOrGone(maker, () => maker.namesSafe()))
  }

  /** Rejects when all of them do; without a free file handle, which is the process's, as soon as one does. */
  async #byMostOf(makers: readonly LogMaker[], work: (maker: LogMaker) => Promise<void>): Promise<void> {
    const refused: DiskError[] = []
    const refuse = (error: unknown): void => {
      if (!(error instanceof DiskError) || error.problem === 'too-many-files') throw error
      refused.push(error)
    }
    await Promise.all(makers.map((maker) => work(maker).catch(refuse)))
    const [first] = refused
    if (first !== undefined && refused.length === makers.length) throw first
  }

  /** Resolves when what was made and removed so far survives a power cut, everywhere. Rejects with DiskError. */
  async allSafe(): Promise<void> {
    await Promise.all([...this.#makers.values()].map((maker) => this.#doneOrGone(maker, () => maker.namesSafe())))
  }

  /** A broker that goes meanwhile is passed over, as one that was gone before. */
  #doneOrGone(maker: LogMaker, work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#whenGone.get(maker) ?? new Set()
      this.#whenGone.set(maker, waiting.add(resolve))
      const timer = this.#patience?.clock.after(this.#patience.patienceMs, resolve)
      work()
        .finally(() => {
          timer?.cancel()
          waiting.delete(resolve)
        })
        .then(resolve, reject)
    })
  }

  #plans({ topic, topicId, config, placed }: NewPartitions): [LogMaker, PartitionPlan][] {
    const byNode = new Map<number, number[]>()
    for (const { partitionId, replicas } of placed) {
      for (const nodeId of replicas) {
        const partitions = byNode.get(nodeId)
        if (partitions === undefined) byNode.set(nodeId, [partitionId])
        else partitions.push(partitionId)
      }
    }
    return [...byNode].flatMap(([nodeId, partitions]) => {
      const maker = this.#makers.get(nodeId)
      return maker === undefined ? [] : [[maker, { topic, topicId, config, partitions }] as [LogMaker, PartitionPlan]]
    })
  }
}
