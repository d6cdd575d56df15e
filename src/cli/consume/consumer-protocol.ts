/**
 * What one member says to the coordinator of its group by the consumer protocol (KIP-848): everything in heartbeats, of which the answer
 * tells what the member is to have. What it has, and when to say so, is the membership's (consumer-membership.ts).
 */
import { randomUUID } from 'node:crypto'
import type { Cluster, ConsumerGroupHeartbeatResponse } from '../cluster.ts'
import { groupedBy, type TopicPartition } from '../partitions.ts'
import { answerMs, CoordinatorLine, unknownMemberId } from './coordinator-line.ts'
import { rebalanceTimeoutMs } from './group-protocol.ts'

const joining = 0
const leaving = -1
const fencedMemberEpoch = 110

export class ConsumerProtocol {
  readonly #cluster: Cluster
  readonly #line: CoordinatorLine
  /** The member's own choice, for as long as it lives (KIP-1082). */
  readonly #memberId = randomUUID()
  #memberEpoch = joining
  /** Ids of topics by their names, as of the last look. */
  #ids = new Map<string, string>()

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster
    this.#line = new CoordinatorLine(cluster, group)
  }

  get group(): string {
    return this.#line.group
  }

  /** It has to say all anew, and has nothing. */
  get isOut(): boolean {
    return this.#memberEpoch === joining
  }

  /**
   * Says what the member subscribes to and has, and is told what it is to have from now on; undefined: what it was told before. 'out': the group has given it up, and with it its partitions; the next heartbeat joins.
   * Throws what passes, and what ends the membership (`coordinatorMayCome`).
   */
  async heartbeat(
    topics: readonly string[],
    owned: readonly TopicPartition[]
  ): Promise<readonly TopicPartition[] | 'out' | undefined> {
    const coordinator = await this.#line.find()
    if (topics.some((topic) => !this.#ids.has(topic))) await this.#look(topics)
    const answer = await this.#line.inTime(answerMs, this.#send(coordinator, this.#memberEpoch, topics, owned))
    if (answer.errorCode === unknownMemberId || answer.errorCode === fencedMemberEpoch) {
      this.#memberEpoch = joining
      return 'out'
    }
    this.#line.throwUnlessTaken(answer.errorCode, undefined, answer.errorMessage)
    this.#memberEpoch = answer.memberEpoch
    return answer.assignment === null ? undefined : await this.#named(topics, answer.assignment.topicPartitions)
  }

  /** Throws when the coordinator did not take them. */
  async commit(offsets: ReadonlyArray<TopicPartition & { offset: bigint }>): Promise<void> {
    const speaker = { memberId: this.#memberId, generationId: this.#memberEpoch, instanceId: null }
    await this.#line.commit(speaker, offsets)
  }

  async leave(): Promise<void> {
    const coordinator = this.#line.known
    if (coordinator === undefined || this.isOut) return
    await this.#send(coordinator, leaving, [], [])
  }

  forgetCoordinator(): void {
    this.#line.forget()
  }

  async #send(
    coordinator: number,
    memberEpoch: number,
    topics: readonly string[],
    owned: readonly TopicPartition[]
  ): Promise<ConsumerGroupHeartbeatResponse> {
    const partitions = [...groupedBy(owned, ({ topic }) => topic)].flatMap(([topic, ofTopic]) => {
      const topicId = this.#ids.get(topic)
      return topicId === undefined ? [] : [{ topicId, partitions: ofTopic.map(({ partition }) => partition) }]
    })
    return await this.#cluster.answer(
      'ConsumerGroupHeartbeat',
      coordinator,
      this.group,
      this.#memberId,
      memberEpoch,
      null,
      null,
      rebalanceTimeoutMs,
      [...topics],
      null,
      null,
      partitions
    )
  }

  async #look(topics: readonly string[]): Promise<void> {
    const { topics: found } = await this.#cluster.metadata(topics, 'leave')
    for (const { name, topicId, errorCode } of found) if (errorCode === 0 && name) this.#ids.set(name, topicId)
  }

  /** What is of a topic that cannot be found is left out: nobody could read it, and it is told of again. */
  async #named(
    topics: readonly string[],
    assigned: ReadonlyArray<{ readonly topicId: string; readonly partitions: readonly number[] }>
  ): Promise<TopicPartition[]> {
    const isKnown = (id: string): boolean => [...this.#ids.values()].includes(id)
    if (assigned.some(({ topicId }) => !isKnown(topicId))) await this.#look(topics)
    const names = new Map([...this.#ids].map(([name, id]) => [id, name]))
    return assigned.flatMap(({ topicId, partitions }) => {
      const topic = names.get(topicId)
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }))
    })
  }
}
