/** What members of both protocols say to the coordinator of their group alike: where it is, commits; and what its answers mean. */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { isNetworkFailure } from '../outage.ts'
import { failureOf, groupedBy, type TopicPartition } from '../partitions.ts'
import { coordinatorMoves } from '../passing-errors.ts'
import { exitCodeOf, explainFailure } from '../present-error.ts'
import { within } from '../waiting.ts'

/** An answer to a heartbeat or a commit that takes longer is missed. */
export const answerMs = 5000
export const unknownMemberId = 25
/** Illegal generation, unknown member, rebalance in progress, a member epoch that is fenced or old: join again. */
export const joinsAgain = new Set([22, unknownMemberId, 27, 110, 113])

/** As which member something is said. */
export interface Speaker {
  readonly memberId: string
  /** Of the consumer protocol the member's epoch. */
  readonly generationId: number
  readonly instanceId: string | null
}

export class CoordinatorLine {
  readonly group: string
  readonly #cluster: Cluster
  #coordinator: number | undefined

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster
    this.group = group
  }

  /** Undefined as long as it was not asked for, or is to be looked for anew. */
  get known(): number | undefined {
    return this.#coordinator
  }

  async find(): Promise<number> {
    if (this.#coordinator !== undefined) return this.#coordinator
    this.#coordinator = await this.inTime(2 * answerMs, this.#ask())
    return this.#coordinator
  }

  /** After an answer that did not come, or one of who is not the coordinator any more. */
  forget(): void {
    this.#coordinator = undefined
  }

  /** Two requests, the second of which is patient itself. */
  async #ask(): Promise<number> {
    await this.#cluster.metadata([], 'leave')
    return await this.#cluster.coordinator(this.group)
  }

  /** Throws when the coordinator did not take them. */
  async commit(
    { memberId, generationId, instanceId }: Speaker,
    offsets: ReadonlyArray<TopicPartition & { offset: bigint }>
  ): Promise<void> {
    if (offsets.length === 0) return
    const topics = [...groupedBy(offsets, (one) => one.topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1
      }))
    }))
    const coordinator = await this.find()
    const answer = await this.inTime(
      answerMs,
      this.#cluster.answer('OffsetCommit', coordinator, this.group, generationId, memberId, instanceId, topics)
    )
    const what = `the offsets of group "${this.group}" were not committed`
    for (const { partitions } of answer.topics)
      for (const { errorCode } of partitions) this.throwUnlessTaken(errorCode, what)
  }

  /** Throws for an error of Kafka's: one that passes as such, any other as the end of the membership. */
  throwUnlessTaken(
    errorCode: number,
    what = `no longer a member of group "${this.group}"`,
    message?: string | null
  ): void {
    if (errorCode === 0) return
    const failure = failureOf(this.#cluster, errorCode, message)
    const problem = { what, why: explainFailure(failure) }
    if (coordinatorMoves.has(errorCode) || joinsAgain.has(errorCode)) throw new MayPass(problem)
    throw new CliError({ ...problem, exitCode: exitCodeOf(failure) })
  }

  inTime<Answer>(limitMs: number, answer: Promise<Answer>): Promise<Answer> {
    const what = 'the coordinator does not answer'
    return within(limitMs, answer, () => new MayPass({ what, why: `no answer within ${limitMs} ms` }))
  }
}

class MayPass extends CliError {}

/** Whether the same may succeed later, with another coordinator or the same. */
export function coordinatorMayCome(error: unknown): boolean {
  return error instanceof MayPass || isNetworkFailure(error) || coordinatorMoves.has(kafkaFailure(error)?.code ?? 0)
}
