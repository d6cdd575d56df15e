/**
 * What a reassignment is made of. While it lasts the replicas are those that shall be, then those that go (KIP-455; Kafka:
 * PartitionReassignmentReplicas, PartitionReassignmentRevert).
 */
import type { PartitionImage } from '../coordination/metadata/image.ts'

export interface Reassignment {
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

export function without(ids: readonly number[], others: readonly number[]): number[] {
  return ids.filter((id) => !others.includes(id))
}

export function isReassigning({ addingReplicas, removingReplicas }: Omit<Reassignment, 'replicas'>): boolean {
  return addingReplicas.length + removingReplicas.length > 0
}

/**
 * The way from the replicas that are to those that shall be. One that is under way goes another way from here; what it was adding
 * is still being added when it shall be, so that all of it can be taken back. (Kafka keeps what the one before was adding or
 * removing when this one adds or removes nothing: such a reassignment takes away what shall be, or waits without end.)
 */
export function reassignmentTo(current: Reassignment, wanted: readonly number[]): Reassignment {
  const removingReplicas = inOrder(without(current.replicas, wanted))
  const stillAdding = current.addingReplicas.filter((id) => wanted.includes(id))
  const addingReplicas = inOrder([...stillAdding, ...without(wanted, current.replicas)])
  return { replicas: [...wanted, ...removingReplicas], addingReplicas, removingReplicas }
}

/**
 * The replicas afterwards, and who of them is in sync; null as long as there is something to wait for, or nothing to complete.
 * It waits for what is added; where fewer are added than go, there will be fewer copies, and so it waits for all that stay.
 */
export function completedReassignment(
  reassignment: Reassignment,
  inSyncReplicas: readonly number[]
): { readonly replicas: readonly number[]; readonly inSyncReplicas: readonly number[] } | null {
  const { addingReplicas, removingReplicas } = reassignment
  if (!isReassigning(reassignment)) return null
  const replicas = without(reassignment.replicas, removingReplicas)
  const inSync = without(inSyncReplicas, removingReplicas)
  const awaited = addingReplicas.length < removingReplicas.length ? [...addingReplicas, ...replicas] : addingReplicas
  const isDone = awaited.every((id) => inSync.includes(id))
  if (!isDone || (removingReplicas.length > 0 && inSync.length === 0)) return null
  return { replicas, inSyncReplicas: inSync }
}

/** The partition as it was before its reassignment; unclean when only replicas that were being added are in sync. */
export function revertedReassignment(partition: PartitionImage): {
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly isUnclean: boolean
} {
  const replicas = without(partition.replicas, partition.addingReplicas)
  const inSyncReplicas = without(partition.inSyncReplicas, partition.addingReplicas)
  const isUnclean = inSyncReplicas.length === 0
  return { replicas, inSyncReplicas: isUnclean ? replicas.slice(0, 1) : inSyncReplicas, isUnclean }
}

function inOrder(ids: number[]): number[] {
  return ids.sort((one, other) => one - other)
}
