/**
 * From what a partition shall become to the record of its change: reassignments are completed, eligible leaders remembered, a
 * leader elected, epochs begun (Kafka: PartitionChangeBuilder; KIP-455, KIP-966). Everything that changes a partition comes by here.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import { DirectoryId, isDirectory } from '../coordination/metadata/directory-id.ts'
import type { PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import {
  LeaderRecoveryState,
  noChange,
  noLeader,
  type PartitionChange,
  sameLeader
} from '../coordination/metadata/partition-image.ts'
import { partitionChangeRecord } from '../coordination/metadata/records.ts'
import { decideCutCandidates } from './cut-replicas.ts'
import { type Elected, type Election, electLeader } from './election.ts'
import { completedReassignment, without } from './reassignment.ts'
import { effectiveMinInSyncReplicas, hasEligibleLeaders, type Scene } from './scene.ts'

/** What is not said stays as it is. */
export interface WantedPartition {
  readonly election?: Election
  readonly replicas?: readonly number[]
  readonly addingReplicas?: readonly number[]
  readonly removingReplicas?: readonly number[]
  readonly inSyncReplicas?: readonly number[]
  readonly leaderRecoveryState?: LeaderRecoveryState
  /** Came back with less than they had: they are no eligible leaders. */
  readonly uncleanReplicas?: readonly number[]
  /** Where replicas lie now that lay elsewhere: nothing of what they had is left. */
  readonly movedTo?: ReadonlyMap<number, string>
  /** Whoever leads begins an epoch, even if nothing else changes. */
  readonly beginsEpoch?: true
}

/** What the partition shall be, without its leader. */
interface Target {
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly eligibleLeaderReplicas: readonly number[]
}

/** Null when nothing changes. */
export function changeOfPartition(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  asked: WantedPartition
): PartitionChange | null {
  const { wanted, undecided } = withoutCut(scene, topic, partition, asked)
  const before = withEligibleLeaders(scene, topic, partition, wanted, targetReplicas(partition, wanted, undecided))
  const lastKnown = partition.lastKnownEligibleLeaderReplicas.filter((id) => hasKept(id, before, wanted))
  const elected = electLeader(
    {
      replicas: before.replicas,
      inSyncReplicas: without(before.inSyncReplicas, undecided),
      eligibleLeaderReplicas: without(before.eligibleLeaderReplicas, undecided),
      leader: partition.leader,
      lastKnownLeader: lastKnownLeader(scene, before, lastKnown),
      isAcceptableLeader: (id) => isAcceptableLeader(scene, partition, id)
    },
    wanted.election ?? 'online'
  )
  const target = withLeader(scene, before, elected, partition)
  const leader = namedLeader(scene, partition, target, elected, wanted)
  const change = {
    leader,
    isr: isUncleanly(elected, partition)
      ? target.inSyncReplicas
      : changed(target.inSyncReplicas, partition.inSyncReplicas),
    replicas: changed(target.replicas, partition.replicas),
    addingReplicas: changed(target.addingReplicas, partition.addingReplicas),
    removingReplicas: changed(target.removingReplicas, partition.removingReplicas),
    directories: changedDirectories(scene, partition, target.replicas, wanted),
    eligibleLeaderReplicas: changed(target.eligibleLeaderReplicas, partition.eligibleLeaderReplicas),
    lastKnownElr: changedLastKnown(scene, partition, lastKnown, hasKept(partition.leader, before, wanted), leader),
    leaderRecoveryState: changedRecovery(partition, elected, wanted)
  }
  return Object.entries(noChange).some(([name, none]) => change[name as keyof PartitionChange] !== none) ? change : null
}

export function recordOfChange(
  { image }: Scene,
  topic: TopicImage,
  { partitionId }: PartitionImage,
  change: PartitionChange
): StateRecord {
  return partitionChangeRecord({ topicId: topic.id, partitionId, ...change }, image.metadataVersion)
}

/** The record of the change, if there is any. */
export function recordsOfPartition(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  wanted: WantedPartition
): StateRecord[] {
  const change = changeOfPartition(scene, topic, partition, wanted)
  return change === null ? [] : [recordOfChange(scene, topic, partition, change)]
}

/**
 * Active, and with the directory in which the replica lies (Kafka: LeaderAcceptor). Who led last may be no replica any more; a
 * replica that is only now added has nothing.
 */
function isAcceptableLeader({ living }: Scene, { replicas, directories }: PartitionImage, id: number): boolean {
  if (!living.isActive(id) || !replicas.includes(id)) return false
  const directory = directories[replicas.indexOf(id)]
  return directory === undefined || isDirectory(directory, living.broker(id)?.directoryId)
}

/** Whose log was cut by a start is in sync and eligible no more where others have everything; while they are away it does not lead. */
function withoutCut(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  asked: WantedPartition
): { readonly wanted: WantedPartition; readonly undecided: readonly number[] } {
  const { inSyncReplicas = partition.inSyncReplicas, uncleanReplicas = [] } = asked
  const candidates = without([...inSyncReplicas, ...partition.eligibleLeaderReplicas], uncleanReplicas)
  const { out, undecided } = decideCutCandidates(candidates, scene.cut.of(topic.id, partition.partitionId), (id) =>
    isAcceptableLeader(scene, partition, id)
  )
  if (out.length === 0) return { wanted: asked, undecided }
  const wanted = {
    ...asked,
    inSyncReplicas: without(inSyncReplicas, out),
    uncleanReplicas: [...uncleanReplicas, ...out]
  }
  return { wanted, undecided }
}

/** A reassignment that has what it waits for is completed, unless nobody knows who has it. */
function targetReplicas(
  partition: PartitionImage,
  wanted: WantedPartition,
  undecided: readonly number[]
): Omit<Target, 'eligibleLeaderReplicas'> {
  const replicas = wanted.replicas ?? partition.replicas
  const addingReplicas = wanted.addingReplicas ?? partition.addingReplicas
  const removingReplicas = wanted.removingReplicas ?? partition.removingReplicas
  const inSyncReplicas = wanted.inSyncReplicas ?? partition.inSyncReplicas
  const completed = completedReassignment({ replicas, addingReplicas, removingReplicas }, inSyncReplicas)
  if (completed === null || undecided.length > 0) return { replicas, addingReplicas, removingReplicas, inSyncReplicas }
  return { ...completed, addingReplicas: [], removingReplicas: [] }
}

/**
 * As long as fewer are in sync than there must be, nothing is acknowledged, and so whoever leaves the in-sync set keeps
 * everything that was: it is remembered (Kafka: maybePopulateTargetElr).
 */
function withEligibleLeaders(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  wanted: WantedPartition,
  target: Omit<Target, 'eligibleLeaderReplicas'>
): Target {
  const isSafe = target.inSyncReplicas.length >= effectiveMinInSyncReplicas(scene, topic)
  if (!hasEligibleLeaders(scene.image) || isSafe) return { ...target, eligibleLeaderReplicas: [] }
  const had = [...partition.eligibleLeaderReplicas, ...partition.inSyncReplicas]
  const others = [...target.inSyncReplicas, ...(wanted.uncleanReplicas ?? [])]
  // Kafka keeps who is no replica any more: added again, with an empty log, it would count as having everything.
  const eligible = without(had, others).filter((id) => target.replicas.includes(id))
  return { ...target, eligibleLeaderReplicas: [...new Set(eligible)].sort((one, other) => one - other) }
}

/** Only when nobody is left of whom it is known that he has everything (Kafka: canElectLastKnownLeader). */
function lastKnownLeader(
  { image }: Scene,
  { inSyncReplicas, eligibleLeaderReplicas }: Target,
  lastKnown: readonly number[]
): number | null {
  const [last = null] = lastKnown
  const isNeeded = inSyncReplicas.length + eligibleLeaderReplicas.length === 0
  return hasEligibleLeaders(image) && isNeeded && lastKnown.length === 1 ? last : null
}

/** Who was elected is in sync: with those who are, or alone. Without eligible leaders the in-sync set is never empty. */
function withLeader({ image }: Scene, target: Target, elected: Elected, partition: PartitionImage): Target {
  const { leader } = elected
  if (isUncleanly(elected, partition)) return { ...target, inSyncReplicas: [leader], eligibleLeaderReplicas: [] }
  if (leader !== partition.leader && target.eligibleLeaderReplicas.includes(leader)) {
    const eligibleLeaderReplicas = without(target.eligibleLeaderReplicas, [leader])
    return { ...target, inSyncReplicas: [leader], eligibleLeaderReplicas }
  }
  const staysInSync = target.inSyncReplicas.length === 0 && !hasEligibleLeaders(image)
  return staysInSync ? { ...target, inSyncReplicas: partition.inSyncReplicas } : target
}

function isUncleanly({ leader, isUnclean }: Elected, partition: PartitionImage): boolean {
  return isUnclean && leader !== partition.leader
}

/**
 * Naming a leader begins an epoch, even when it is the same one: needed when replicas go, who must not take what they have for
 * the partition, and before metadata.version 12 (3.6-IV0) when the in-sync set shrinks (KAFKA-15021).
 */
function namedLeader(
  { image }: Scene,
  partition: PartitionImage,
  target: Target,
  { leader }: Elected,
  wanted: WantedPartition
): number {
  if (leader !== partition.leader) return leader
  const replicasGo = without(partition.replicas, target.replicas).length > 0
  const inSyncGo = without(partition.inSyncReplicas, target.inSyncReplicas).length > 0 && image.metadataVersion < 12
  const isAsked = wanted.beginsEpoch === true && leader !== noLeader
  return replicasGo || inSyncGo || isAsked ? leader : sameLeader
}

function changedDirectories(
  { image, living }: Scene,
  { replicas, directories }: PartitionImage,
  target: readonly number[],
  { movedTo }: WantedPartition
): readonly string[] | null {
  if (image.metadataVersion < 17) return null
  const present = replicas.map((_, index) => directories[index] ?? DirectoryId.migrating)
  const wanted = target.map((id) => {
    const known = movedTo?.get(id) ?? present[replicas.indexOf(id)]
    return known ?? living.broker(id)?.directoryId ?? DirectoryId.unassigned
  })
  return changed(wanted, present)
}

/** What was deleted, with its replica or with its whole disk, is not worth being asked for (Kafka remembers it all the same). */
function hasKept(id: number, { replicas }: Target, { movedTo }: WantedPartition): boolean {
  return replicas.includes(id) && movedTo?.has(id) !== true
}

/** Who led last is remembered when nobody leads any more, and forgotten when somebody does (Kafka: maybeUpdateLastKnownLeader). */
function changedLastKnown(
  { image }: Scene,
  { leader, lastKnownEligibleLeaderReplicas: present }: PartitionImage,
  lastKnown: readonly number[],
  leaderHasKept: boolean,
  named: number
): readonly number[] | null {
  if (!hasEligibleLeaders(image)) return null
  if (named === noLeader && lastKnown.length === 0 && leaderHasKept) return [leader]
  return changed(named >= 0 ? [] : lastKnown, present)
}

function changedRecovery(partition: PartitionImage, elected: Elected, wanted: WantedPartition): number {
  const { leaderRecoveryState } = partition
  const asked = wanted.leaderRecoveryState ?? leaderRecoveryState
  const isUnclean = asked === leaderRecoveryState && isUncleanly(elected, partition)
  const next = isUnclean ? LeaderRecoveryState.recovering : asked
  return next === leaderRecoveryState ? noChange.leaderRecoveryState : next
}

/** Null when they are the same. */
function changed<Value>(wanted: readonly Value[], present: readonly Value[]): readonly Value[] | null {
  const isSame = wanted.length === present.length && wanted.every((value, index) => value === present[index])
  return isSame ? null : wanted
}
