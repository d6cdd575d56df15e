/** `partition.metadata`: which topic the directory belongs to, by id (Kafka: PartitionMetadataFile). */
import type { Disk } from '../host/disk.ts'
import { writeNewFile } from './new-file.ts'

export const partitionMetadataFile = 'partition.metadata'

export function writePartitionMetadata(disk: Disk, directory: string, topicId: string): void {
  writeNewFile(disk, `${directory}/${partitionMetadataFile}`, Buffer.from(`version: 0\ntopic_id: ${topicId}\n`))
}

/** Null when there is no such file, or none that says it. */
export function readTopicId(disk: Disk, directory: string): string | null {
  const path = `${directory}/${partitionMetadataFile}`
  if (!disk.exists(path)) return null
  return /^topic_id: (\S+)$/m.exec(disk.readFile(path).toString('utf8'))?.[1] ?? null
}
