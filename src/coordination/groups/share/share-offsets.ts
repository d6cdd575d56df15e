/**
 * How far the partitions of share groups are, as administrators ask for it, change it and delete it: the group's own record says which share
 * partitions there are, share coordinators how far each is. Each request is two decisions with their answers between (Kafka:
 * GroupCoordinatorService.alterShareGroupOffsets, deleteShareGroupOffsets, deleteShareGroups).
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { AlterShareGroupOffsetsRequest } from '../../../protocol/generated/api/alter-share-group-offsets-request.ts'
import type { AlterShareGroupOffsetsResponse } from '../../../protocol/generated/api/alter-share-group-offsets-response.ts'
import type { DeleteShareGroupOffsetsRequest } from '../../../protocol/generated/api/delete-share-group-offsets-request.ts'
import type { DeleteShareGroupOffsetsResponse } from '../../../protocol/generated/api/delete-share-group-offsets-response.ts'
import type { Decoded } from '../../../protocol/message.ts'
import { granted, objection, type ShareStateAnswer } from '../../share-states/objection.ts'
import type { SharePersister } from '../../share-states/persister.ts'
import type { GroupsOptions } from '../groups-options.ts'
import type { GroupTopics } from '../topic-names.ts'
import { type Alteration, alteredAnswer, alterOffsets, unaltered } from './alter-offsets.ts'
import { type AnsweredPartition, askEach } from './ask-each.ts'
import { type Deletion, deleteAllOffsets, deletedAnswer, deleteTopicOffsets, undeleted } from './delete-offsets.ts'
import { statePartitionsRecord } from './records.ts'
import type { ShareGroups } from './share-groups.ts'
import { ShareGroup } from './state.ts'
import {
  finishDeleting,
  type PartitionsByTopic,
  statePartitionsValue,
  type TopicPartition
} from './state-partitions.ts'

export interface ShareOffsetsOptions extends GroupsOptions {
  readonly topics: GroupTopics
  readonly persister: SharePersister
  readonly groups: ShareGroups
}

const notHere = objection(ErrorCode.NOT_COORDINATOR, 'This is not the correct coordinator.')
const invalidId = objection(ErrorCode.INVALID_GROUP_ID, 'The group id is invalid.')
const notEmpty = objection(ErrorCode.NON_EMPTY_GROUP, 'The group is not empty.')

export class ShareOffsets {
  readonly #options: ShareOffsetsOptions

  constructor(options: ShareOffsetsOptions) {
    this.#options = options
  }

  /** The share partitions of the group that are initialized; null when it is not looked after here. */
  initialized(groupId: string): Promise<PartitionsByTopic | null> {
    const { decisions, state } = this.#options
    return decisions.answer<PartitionsByTopic | null>(
      () => null,
      () => state.share(groupId)?.statePartitions?.initialized ?? new Map()
    )
  }

  alter(request: Decoded<AlterShareGroupOffsetsRequest>): Promise<AlterShareGroupOffsetsResponse> {
    const { decisions, clock, persister, topics, groups } = this.#options
    const { groupId } = request
    return groups.work.run(groupId, async () => {
      const begun = await decisions.answer<Alteration | ShareStateAnswer>(
        () => notHere,
        () => {
          const group = this.#toAlter(groupId)
          if ('errorCode' in group) return group
          const alteration = alterOffsets(group, request, topics)
          decisions.append(alteration.records)
          return alteration
        }
      )
      if ('errorCode' in begun) return unaltered(begun.errorCode, begun.errorMessage)
      const group = this.#options.state.share(groupId)
      const stateEpoch = group?.epoch ?? 0
      const answered = await askEach(clock, begun.partitions, ({ topicId, partition, startOffset }) =>
        persister.initialize({ key: { groupId, topicId, partition }, stateEpoch, startOffset })
      )
      const isSafe = await this.#finish(() => {
        if (group !== undefined) groups.finishInitializing(group, answered.filter(isGranted))
      })
      if (isSafe !== granted) return unaltered(isSafe.errorCode, isSafe.errorMessage)
      return alteredAnswer(request, answered, topics)
    })
  }

  delete(request: Decoded<DeleteShareGroupOffsetsRequest>): Promise<DeleteShareGroupOffsetsResponse> {
    const { groups, topics } = this.#options
    const { groupId } = request
    return groups.work.run(groupId, async () => {
      const topicNames = request.topics.map(({ topicName }) => topicName)
      const begun = await this.#beginDeletion(groupId, ({ statePartitions }) =>
        statePartitions === null ? null : deleteTopicOffsets(statePartitions, topicNames, topics)
      )
      if (begun === null) return deletedAnswer(new Map(), [], [])
      if ('errorCode' in begun) return undeleted(begun.errorCode, begun.errorMessage)
      const { failures, deleted } = await this.#deleteStates(groupId, begun)
      const isSafe = await this.#finish(() => this.#finishDeletion(groupId, deleted))
      if (isSafe !== granted) return undeleted(isSafe.errorCode, isSafe.errorMessage)
      const failed = Array.from(failures, ([topicId, answer]) => ({
        ...{ topicId, topicName: begun.topics.get(topicId) ?? '' },
        ...answer
      }))
      return deletedAnswer(deleted, begun.refused, failed)
    })
  }

  /** Has share coordinators forget all of a group that is to be deleted. NONE as well where it is no share group, or there is none. */
  deleteAll(groupId: string): Promise<ErrorCode> {
    const { groups, state, topics } = this.#options
    return groups.work.run<ErrorCode>(groupId, async () => {
      if (state.share(groupId) === undefined) return ErrorCode.NONE
      const begun = await this.#beginDeletion(groupId, ({ statePartitions }) =>
        statePartitions === null ? null : deleteAllOffsets(statePartitions, topics)
      )
      if (begun === null) return ErrorCode.NONE
      if ('errorCode' in begun) return begun.errorCode
      const { failures } = await this.#deleteStates(groupId, begun)
      const [first] = failures.values()
      return first?.errorCode ?? ErrorCode.NONE
    })
  }

  #toAlter(groupId: string): ShareGroup | ShareStateAnswer {
    const { state, groups } = this.#options
    const found = this.#emptyGroup(groupId)
    if (!('errorCode' in found) || found.errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) return found
    if (state.groups.has(groupId)) return found
    const noRoom = groups.roomFor(groupId)
    return noRoom === ErrorCode.NONE ? new ShareGroup(groupId) : { errorCode: noRoom, errorMessage: null }
  }

  #emptyGroup(groupId: string): ShareGroup | ShareStateAnswer {
    const { state, groups } = this.#options
    if (groupId === '') return invalidId
    const group = state.share(groupId)
    if (group === undefined) return objection(ErrorCode.GROUP_ID_NOT_FOUND, groups.whyNot(groupId))
    return group.isEmpty ? group : notEmpty
  }

  #beginDeletion(
    groupId: string,
    decide: (group: ShareGroup) => Deletion | null
  ): Promise<Deletion | ShareStateAnswer | null> {
    const { decisions } = this.#options
    return decisions.answer<Deletion | ShareStateAnswer | null>(
      () => notHere,
      () => {
        const group = this.#emptyGroup(groupId)
        if ('errorCode' in group) return group
        const deletion = decide(group)
        if (deletion !== null && deletion.topics.size > 0) {
          decisions.append([statePartitionsRecord(groupId, statePartitionsValue(deletion.states))])
        }
        return deletion
      }
    )
  }

  /** Which topics' states are gone, and by topic why others are not. */
  async #deleteStates(groupId: string, { partitions, topics }: Deletion) {
    const { clock, persister } = this.#options
    const answered = await askEach(clock, partitions, ({ topicId, partition }) =>
      persister.remove({ groupId, topicId, partition })
    )
    const failures = new Map<string, ShareStateAnswer>()
    for (const { topicId, answer } of answered) {
      if (answer.errorCode !== ErrorCode.NONE && !failures.has(topicId)) failures.set(topicId, answer)
    }
    const deleted = new Map([...topics].filter(([topicId]) => !failures.has(topicId)))
    return { failures, deleted }
  }

  #finishDeletion(groupId: string, deleted: ReadonlyMap<string, string>): void {
    const { state, decisions } = this.#options
    const states = state.share(groupId)?.statePartitions
    if (!states || deleted.size === 0) return
    const left = finishDeleting(states, new Set(deleted.keys()))
    decisions.append([statePartitionsRecord(groupId, statePartitionsValue(left))])
  }

  #finish(decideNow: () => void): Promise<ShareStateAnswer> {
    return this.#options.decisions.answer<ShareStateAnswer>(
      () => notHere,
      () => {
        decideNow()
        return granted
      }
    )
  }
}

function isGranted({ answer }: AnsweredPartition<TopicPartition>): boolean {
  return answer.errorCode === ErrorCode.NONE
}
