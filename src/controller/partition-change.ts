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
import { type Elected, type Election, electLeader } from './election.ts'
import { completedReassignment, without } from './reassignment.ts'
import { type Compared, compareEnds } from './replica-ends.ts'
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
  const { wanted, undecided } = withoutDoubtful(scene, topic, partition, asked)
  const before = withEligibleLeaders(scene, topic, partition, wanted, targetReplicas(partition, wanted, undecided))
  const lastKnown = partition.lastKnownEligibleLeaderReplicas.filter((id) => hasKept(id, before, wanted))
  const elected = electLeader(
    {
      replicas: before.replicas,
      inSyncReplicas: without(before.inSyncReplicas, undecided),
      eligibleLeaderReplicas: without(before.eligibleLeaderReplicas, undecided),
      leader: partition.leader,
      lastKnownLeader: lastKnownLeader(scene, before, lastKnown),
      isAcceptableLeader: (id) =>
        isAcceptableLeader(scene, partition, id) && mayServe(scene, topic, partition, wanted, id)
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

/**
 * Whose log cannot be opened is not elected where others may have everything as well: once it can be, they are compared
 * (`BrokerHeartbeat.opened`). Who leads, and can serve no more, leads on as long as nobody else may.
 */
function mayServe(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  { beginsEpoch }: WantedPartition,
  id: number
): boolean {
  if (!isOffline(scene, topic, partition, id)) return true
  const { leader, inSyncReplicas, eligibleLeaderReplicas } = partition
  if (id === leader && beginsEpoch !== true) return true
  return without([...inSyncReplicas, ...eligibleLeaderReplicas], [id]).length === 0
}

function isOffline(
  { offline }: Scene,
  { id: topicId }: TopicImage,
  { partitionId }: PartitionImage,
  id: number
): boolean {
  return offline.has(id, { topicId, partitionId })
}

/** Of whom it is not known whether he has everything, as long as others that may have it are away, or cannot be opened. */
export function undecidedReplicas(scene: Scene, topic: TopicImage, partition: PartitionImage): readonly number[] {
  return compared(scene, topic, partition, partition).undecided
}

function compared(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  candidates: Pick<PartitionImage, 'inSyncReplicas' | 'eligibleLeaderReplicas'>
): Compared {
  const ends = scene.ends.of(topic.id, partition.partitionId)
  // The metadata has lost its end, and with it who was in sync: a leader would write over what was acknowledged since.
  if (partition.replicas.some((id) => ends(id) === 'ahead'))
    return { out: [], undecided: [...candidates.inSyncReplicas, ...candidates.eligibleLeaderReplicas] }
  return compareEnds(
    candidates,
    ends,
    (id) => isAcceptableLeader(scene, partition, id) && !isOffline(scene, topic, partition, id)
  )
}

/** Who may have lost something is in sync and eligible no more where others have more; whom a start has cut does not lead while they are away. */
function withoutDoubtful(
  scene: Scene,
  topic: TopicImage,
  partition: PartitionImage,
  asked: WantedPartition
): { readonly wanted: WantedPartition; readonly undecided: readonly number[] } {
  const { inSyncReplicas = partition.inSyncReplicas, uncleanReplicas = [] } = asked
  const candidates = {
    inSyncReplicas: without(inSyncReplicas, uncleanReplicas),
    eligibleLeaderReplicas: without(partition.eligibleLeaderReplicas, [...inSyncReplicas, ...uncleanReplicas])
  }
  const { out, undecided } = compared(scene, topic, partition, candidates)
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
