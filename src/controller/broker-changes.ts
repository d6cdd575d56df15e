/**
 * What becomes of partitions when a broker goes, comes, begins to stop, or is no more (Kafka: ReplicationControlManager's
 * handleBrokerFenced and its kin). The records of a broker's registration are written only when it has one in the metadata log.
 */
import type { StateRecord } from '../coordination/coordinator.ts'
import { isDirectory } from '../coordination/metadata/directory-id.ts'
import type { ClusterImage, PartitionImage, TopicImage } from '../coordination/metadata/image.ts'
import { withState } from '../coordination/metadata/living-brokers.ts'
import { noLeader, sameLeader } from '../coordination/metadata/partition-image.ts'
import { brokerRegistrationChangeRecord, unregisterBrokerRecord } from '../coordination/metadata/records.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import {
  changeOfPartition,
  recordOfChange,
  recordsOfPartition,
  undecidedReplicas,
  type WantedPartition
} from './partition-change.ts'
import { without } from './reassignment.ts'
import { allowsUncleanElections, type Scene } from './scene.ts'

/** It is gone: it leaves the in-sync sets, and others lead what it led. */
export function fencedBroker(scene: Scene, id: number): StateRecord[] {
  const registered = scene.image.broker(id)
  const records = leavingInSyncSets({ ...scene, living: withState(scene.living, id, 'fenced') }, id)
  if (registered === undefined || registered.fenced) return records
  return [...records, brokerRegistrationChangeRecord(registered, { fenced: true })]
}

/** It is there: it leads what nobody leads, where it has everything. Where its log may have lost something, that is decided. */
export function unfencedBroker(scene: Scene, id: number): StateRecord[] {
  const registered = scene.image.broker(id)
  const then = { ...scene, living: withState(scene.living, id, 'active') }
  const records = changesOf(
    then,
    ({ leader, partitionId }, topic) => leader === noLeader || scene.ends.of(topic.id, partitionId)(id) !== undefined,
    () => ({})
  )
  if (registered === undefined || !registered.fenced) return records
  return [brokerRegistrationChangeRecord(registered, { fenced: false }), ...records]
}

/**
 * It begins a controlled shutdown (KIP-841): it leaves the in-sync sets, and others lead what it led. A broker that leads nothing
 * may go at once; one that does may go when the others have heard of these records.
 */
export function stoppingBroker(
  scene: Scene,
  id: number
): { readonly records: readonly StateRecord[]; readonly result: { readonly mayGoAtOnce: boolean } } {
  const registered = scene.image.broker(id)
  const mayGoAtOnce = !leadsAny(scene.image, id)
  const records = leavingInSyncSets({ ...scene, living: withState(scene.living, id, 'in controlled shutdown') }, id)
  if (registered === undefined || registered.inControlledShutdown) return { records, result: { mayGoAtOnce } }
  const registration = brokerRegistrationChangeRecord(registered, { inControlledShutdown: true })
  return { records: [registration, ...records], result: { mayGoAtOnce } }
}

export interface Return {
  readonly id: number
  /** Its stop before was clean: it has everything that it had (KIP-966). */
  readonly isClean: boolean
  /** Of its log directory now. */
  readonly directoryId: string
}

/**
 * It has been away and registers again, still fenced. After a crash it may have less than it had, so that it is in sync and
 * eligible nowhere; with another directory it has nothing, and its replicas are assigned to that one (KIP-858).
 */
export function returnedBroker(scene: Scene, { id, isClean, directoryId }: Return): StateRecord[] {
  const then = { ...scene, living: withState(scene.living, id, 'fenced') }
  const movedTo = new Map([[id, directoryId]])
  return changesOf(
    then,
    (partition) => partition.replicas.includes(id),
    (partition) => {
      const hasMoved = liesElsewhere(partition, id, directoryId)
      const inSyncReplicas = without(partition.inSyncReplicas, [id])
      const unclean = isClean && !hasMoved ? {} : { uncleanReplicas: [id] }
      return { inSyncReplicas, ...unclean, ...(hasMoved ? { movedTo } : {}) }
    }
  )
}

/** It has said where logs of it end: who leads them is decided anew. */
export function comparedReplicas(scene: Scene, id: number): StateRecord[] {
  return changesOf(
    scene,
    ({ partitionId }, topic) => scene.ends.of(topic.id, partitionId)(id) !== undefined,
    () => ({})
  )
}

export interface OfflineReplica {
  readonly topicId: string
  readonly partitionId: number
}

/**
 * Its disk has lost or damaged these: there it is in sync and eligible no more, and others lead (Kafka: handleDirectoriesOffline). Where
 * there is nobody else who can, all stays as it is: its disk may give back what it has.
 */
export function offlineReplicas(scene: Scene, id: number, offline: readonly OfflineReplica[]): StateRecord[] {
  return offline.flatMap(({ topicId, partitionId }) => {
    const topic = scene.image.topicById(topicId)
    const partition = topic?.partitions[partitionId]
    if (topic === undefined || partition === undefined) return []
    const { inSyncReplicas, eligibleLeaderReplicas } = partition
    if (!inSyncReplicas.includes(id) && !eligibleLeaderReplicas.includes(id)) return []
    return offlineReplica(scene, id, topic, partition, electionOf(scene, topic))
  })
}

/** The same of one, with this election. */
export function offlineReplica(
  scene: Scene,
  id: number,
  topic: TopicImage,
  partition: PartitionImage,
  election: 'unclean' | 'online'
): StateRecord[] {
  const then = { ...scene, living: withState(scene.living, id, 'fenced') }
  const inSyncReplicas = without(partition.inSyncReplicas, [id])
  const change = changeOfPartition(then, topic, partition, { election, inSyncReplicas, uncleanReplicas: [id] })
  const leader = change === null || change.leader === sameLeader ? partition.leader : change.leader
  if (change === null || leader === noLeader) return []
  // Of whom a start has cut something, this one may have it, once it can be opened.
  if (election === 'online' && undecidedReplicas(scene, topic, partition).includes(leader)) return []
  return [recordOfChange(then, topic, partition, change)]
}

/** It is taken out of the cluster: it is in sync and eligible nowhere, and has no registration any more. */
export function unregisteredBroker(
  scene: Scene,
  id: number
): {
  readonly records: readonly StateRecord[]
  readonly result: { readonly error: ErrorCode; readonly message: string | null }
} {
  const registered = scene.image.broker(id)
  if (registered === undefined && scene.living.broker(id) === undefined) {
    const message = `Broker ID ${id} is not currently registered`
    return { records: [], result: { error: ErrorCode.BROKER_ID_NOT_REGISTERED, message } }
  }
  const records = changesOf(
    { ...scene, living: withState(scene.living, id, 'fenced') },
    (partition) => partition.inSyncReplicas.includes(id) || partition.eligibleLeaderReplicas.includes(id),
    ({ inSyncReplicas }) => ({ inSyncReplicas: without(inSyncReplicas, [id]), uncleanReplicas: [id] })
  )
  const unregistration = registered === undefined ? [] : [unregisterBrokerRecord(registered)]
  return { records: [...records, ...unregistration], result: { error: ErrorCode.NONE, message: null } }
}

function leavingInSyncSets(scene: Scene, id: number): StateRecord[] {
  return changesOf(
    scene,
    ({ inSyncReplicas }) => inSyncReplicas.includes(id),
    ({ inSyncReplicas }) => ({ inSyncReplicas: without(inSyncReplicas, [id]) })
  )
}

/** Every topic's election is unclean where the topic allows it (Kafka: generateLeaderAndIsrUpdates). */
function changesOf(
  scene: Scene,
  isConcerned: (partition: PartitionImage, topic: TopicImage) => boolean,
  wanted: (partition: PartitionImage) => WantedPartition
): StateRecord[] {
  const records: StateRecord[] = []
  for (const topic of scene.image.topics()) {
    const election = electionOf(scene, topic)
    for (const partition of topic.partitions) {
      if (!isConcerned(partition, topic)) continue
      records.push(...recordsOfPartition(scene, topic, partition, { election, ...wanted(partition) }))
    }
  }
  return records
}

function electionOf(scene: Scene, topic: TopicImage): 'unclean' | 'online' {
  return allowsUncleanElections(scene, topic) ? 'unclean' : 'online'
}

function leadsAny(image: ClusterImage, id: number): boolean {
  for (const { partitions } of image.topics()) {
    if (partitions.some(({ leader }) => leader === id)) return true
  }
  return false
}

/** Whether the broker has a replica of it, in another directory than this one. */
export function liesElsewhere({ replicas, directories }: PartitionImage, id: number, directoryId: string): boolean {
  const assigned = directories[replicas.indexOf(id)]
  return assigned !== undefined && !isDirectory(assigned, directoryId)
}
