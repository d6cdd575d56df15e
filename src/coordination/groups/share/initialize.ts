/**
 * Which share partitions a group has share coordinators initialize: those of topics that it subscribes to. What is being initialized is
 * written before anybody is asked, so that a deletion of the group finds all that there may be (Kafka:
 * GroupMetadataManager.maybeCreateInitializeShareGroupStateRequest). What was left half done by a restart, or failed, is done again.
 */
import { unknownStartOffset } from '../../share-states/state.ts'
import type { Initialization, ShareDraft } from './draft.ts'
import { statePartitionsRecord } from './records.ts'
import type { ShareGroup } from './state.ts'
import {
  beginInitializing,
  noStatePartitions,
  type PartitionsByTopic,
  statePartitionsValue
} from './state-partitions.ts'

export function initializeMissing(draft: ShareDraft, topicNames: Iterable<string>, epoch: number): void {
  const { group, records, isInitializing } = draft
  if (isInitializing) return
  const missing = missingPartitions(draft, topicNames)
  if (missing.size === 0) return
  if (!isAlreadyWritten(group, missing)) {
    const states = beginInitializing(group.statePartitions ?? noStatePartitions, missing)
    records.push(statePartitionsRecord(group.groupId, statePartitionsValue(states)))
  }
  draft.initialization = { stateEpoch: epoch, partitions: partitionsFrom(group, missing) }
}

/** Looks at each topic, and at the partitions of those alone that lack some. */
function missingPartitions({ group, topics }: ShareDraft, topicNames: Iterable<string>): PartitionsByTopic {
  const missing = new Map<string, { name: string; partitions: Set<number> }>()
  for (const name of topicNames) {
    const topicId = topics.idOf(name)
    const count = topics.partitionCount(name)
    const known = initializedOf(group, topicId)
    if (topicId === undefined || (known?.size ?? 0) >= count) continue
    const partitions = new Set<number>()
    for (let partition = 0; partition < count; partition++) if (!known?.has(partition)) partitions.add(partition)
    missing.set(topicId, { name, partitions })
  }
  return missing
}

/**
 * Where each begins. Of a topic that the group reads already a new partition is read from its beginning: what was written to it before the
 * group has heard of it would be lost otherwise. Else its leader is to find out.
 */
function partitionsFrom(group: ShareGroup, missing: PartitionsByTopic): Initialization['partitions'] {
  return Array.from(missing).flatMap(([topicId, { partitions }]) => {
    const startOffset = initializedOf(group, topicId) === undefined ? unknownStartOffset : 0
    return Array.from(partitions, (partition) => ({ topicId, partition, startOffset }))
  })
}

function initializedOf({ statePartitions }: ShareGroup, topicId: string | undefined): ReadonlySet<number> | undefined {
  return statePartitions?.initialized.get(topicId ?? '')?.partitions
}

/** They were begun before, and are begun again. */
function isAlreadyWritten({ statePartitions }: ShareGroup, partitions: PartitionsByTopic): boolean {
  for (const [topicId, { partitions: numbers }] of partitions) {
    const initializing = statePartitions?.initializing.get(topicId)?.partitions
    for (const number of numbers) if (initializing?.has(number) !== true) return false
    if (statePartitions?.deleting.has(topicId) === true) return false
  }
  return true
}
