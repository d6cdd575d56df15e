/**
 * New topics and new partitions: the logs first, then the records that tell of them. Thousands of logs take seconds to make, so they
 * are made in slices, and what wants logs as well waits for its turn. Meanwhile brokers may go, and a topic may be deleted: what had to
 * wait is decided again, with the replicas where the logs are.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import type { PlacedPartitions, TopicDecision, TopicFailure } from '../coordination/metadata/create-topics.ts'
import type { Clock } from '../host/clock.ts'
import { Slices, stepsInSlices } from '../host/slices.ts'
import type { LogMakers, NewPartitions } from './log-makers.ts'
import { storageFailure } from './storage-failure.ts'

/** A topic that is to be made, or to have more partitions. */
export interface WantedGrowth<Success extends object> {
  /** From the image as it is now. `made`: the logs are there already, and the replicas are to be where they are. */
  decide(made: NewPartitions | null): TopicDecision<Success>
  /** What logs are made for what was decided. */
  partitions(result: Success, placed: PlacedPartitions): NewPartitions
}

export interface Grown<Success extends object> {
  readonly result: Success | TopicFailure
  /** Null when nothing was written. */
  readonly partitions: NewPartitions | null
}

export class Growth {
  readonly #clock: Clock
  readonly #makers: LogMakers
  readonly #append: (records: readonly StateRecord[], partitions: NewPartitions) => void
  /** Resolves when nobody's logs are being made; null when nobody's are. */
  #underWay: Promise<void> | null = null

  /** `append` throws DiskError, with the image as it was. */
  constructor(options: {
    readonly clock: Clock
    readonly makers: LogMakers
    readonly append: (records: readonly StateRecord[], partitions: NewPartitions) => void
  }) {
    this.#clock = options.clock
    this.#makers = options.makers
    this.#append = options.append
  }

  /**
   * Gives what came of each, in their order, to `settled`, whose answer it is. Where nothing has to be waited for, all of it is written when
   * this returns: what is asked first is decided first. `namesFree` gives what the names have to wait for next; null when they can be taken.
   */
  async carryOut<Success extends object, Answer>(
    wanted: readonly WantedGrowth<Success>[],
    namesFree: () => Promise<void> | null,
    settled: (grown: readonly Grown<Success>[]) => Promise<Answer>
  ): Promise<Answer> {
    try {
      for (let next = this.#underWay ?? namesFree(); next !== null; next = this.#underWay ?? namesFree()) await next
    } catch (error) {
      const { refusal } = storageFailure(error)
      return settled(wanted.map(() => ({ result: refusal, partitions: null })))
    }
    return this.#oneByOne(wanted, settled)
  }

  async #oneByOne<Success extends object, Answer>(
    wanted: readonly WantedGrowth<Success>[],
    settled: (grown: readonly Grown<Success>[]) => Promise<Answer>
  ): Promise<Answer> {
    let end = (): void => {}
    this.#underWay = new Promise((resolve) => {
      end = resolve
    })
    const slices = new Slices(this.#clock)
    const grown: Grown<Success>[] = []
    try {
      for (const one of wanted) {
        const came = this.#grow(one, slices)
        grown.push(came instanceof Promise ? await came : came)
      }
    } finally {
      this.#underWay = null
      end()
    }
    return settled(grown)
  }

  #grow<Success extends object>(
    wanted: WantedGrowth<Success>,
    slices: Slices
  ): Grown<Success> | Promise<Grown<Success>> {
    const { records, placed, result } = wanted.decide(null)
    if ('message' in result) return { result, partitions: null }
    const partitions = wanted.partitions(result, placed)
    try {
      const making = stepsInSlices(slices, this.#makers.prepare(partitions))
      if (making !== null) return this.#growOnceMade(wanted, partitions, making, slices)
      this.#append(records, partitions)
      return { result, partitions }
    } catch (error) {
      for (const _ of this.#makers.discard(partitions));
      return { result: storageFailure(error).refusal, partitions: null }
    }
  }

  async #growOnceMade<Success extends object>(
    wanted: WantedGrowth<Success>,
    partitions: NewPartitions,
    making: Promise<void>,
    slices: Slices
  ): Promise<Grown<Success>> {
    let failure: unknown = null
    try {
      await making
      const { records, result } = wanted.decide(partitions)
      if (!('message' in result)) {
        this.#append(records, partitions)
        return { result, partitions }
      }
    } catch (error) {
      failure = error
    }
    await stepsInSlices(slices, this.#makers.discard(partitions))
    // Where it cannot be any more as it was decided, it may be in another way.
    if (failure === null) return this.#grow(wanted, slices)
    return { result: storageFailure(failure).refusal, partitions: null }
  }
}
