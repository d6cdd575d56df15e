/** Ids that stand for no directory in particular (KIP-858; Kafka: DirectoryId). */
export const DirectoryId = {
  /** The broker has not said yet where the replica lies. */
  unassigned: 'AAAAAAAAAAAAAAAAAAAAAA',
  /** From a time when partitions had no directories. */
  migrating: 'AAAAAAAAAAAAAAAAAAAAAg'
} as const

const anyDirectory: ReadonlySet<string> = new Set(Object.values(DirectoryId))

/** Whether a replica that the metadata puts into the first directory may be found in the second. */
export function isDirectory(id: string, actual: string | undefined): boolean {
  return id === actual || anyDirectory.has(id)
}
