/** A coordinator in memory, and members of a consumer group that say what an honest client says. */
import type { GroupCoordinator } from '../../../../src/coordination/groups/group-coordinator.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../../src/protocol/generated/api/consumer-group-heartbeat-request.ts'
import type { ConsumerGroupHeartbeatResponse } from '../../../../src/protocol/generated/api/consumer-group-heartbeat-response.ts'
import type { Decoded } from '../../../../src/protocol/message.ts'
import { caller, topics } from '../setup.ts'

type Request = Decoded<ConsumerGroupHeartbeatRequest>
type Owned = Request['topicPartitions']

export function beat(coordinator: GroupCoordinator, memberId: string, fields: Partial<Request> = {}, version = 1) {
  const request: Request = {
    ...{ groupId: 'g', memberId, memberEpoch: 0, instanceId: null, rackId: null, rebalanceTimeoutMs: -1 },
    ...{ subscribedTopicNames: null, subscribedTopicRegex: null, serverAssignor: null, topicPartitions: null },
    ...fields
  }
  return coordinator.consumerGroupHeartbeat(request, caller(version))
}

/** An honest member: it owns what it was told, and gives up what it was told to. */
export class Member {
  readonly #coordinator: () => GroupCoordinator
  readonly id: string
  readonly #fields: Partial<Request>
  epoch = 0
  owned: NonNullable<Owned> = []

  /** Of a coordinator, or of whichever there is when it asks. */
  constructor(coordinator: GroupCoordinator | (() => GroupCoordinator), id: string, fields: Partial<Request> = {}) {
    this.#coordinator = typeof coordinator === 'function' ? coordinator : () => coordinator
    this.id = id
    this.#fields = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t1', 't2'], ...fields }
  }

  async join(): Promise<ConsumerGroupHeartbeatResponse> {
    return this.#told(await beat(this.#coordinator(), this.id, { ...this.#fields, topicPartitions: [] }))
  }

  /** Says what it owns, and nothing else. */
  async beat(fields: Partial<Request> = {}): Promise<ConsumerGroupHeartbeatResponse> {
    const { instanceId = null } = this.#fields
    const said = { memberEpoch: this.epoch, instanceId, topicPartitions: this.owned, ...fields }
    return this.#told(await beat(this.#coordinator(), this.id, said))
  }

  leave(memberEpoch = -1): Promise<ConsumerGroupHeartbeatResponse> {
    return beat(this.#coordinator(), this.id, { memberEpoch, instanceId: this.#fields.instanceId ?? null })
  }

  /** As `t1-0`. */
  get partitions(): string[] {
    return this.owned
      .flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topics.nameOf(topicId)}-${partition}`))
      .sort()
  }

  #told(answer: ConsumerGroupHeartbeatResponse): ConsumerGroupHeartbeatResponse {
    if (answer.errorCode !== 0) return answer
    this.epoch = answer.memberEpoch
    if (answer.assignment)
      this.owned = answer.assignment.topicPartitions.map((one) => ({ ...one, partitions: [...one.partitions] }))
    return answer
  }
}
