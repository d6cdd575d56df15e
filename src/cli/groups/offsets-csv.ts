/**
 * Apache's file of offsets: one `topic,partition,offset` a line, no heading.
 */
import { wrongUsage } from '../cli-error.ts'
import type { TopicPartition } from '../partitions.ts'

export interface PartitionOffset extends TopicPartition {
  readonly offset: bigint
}

export function parseOffsetsCsv(text: string, source: string): PartitionOffset[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      const found = /^"?([A-Za-z0-9._-]{1,249})"?,(\d{1,9}),(\d{1,18})$/.exec(line)
      if (!found) throw wrongUsage(`${source}, line ${number} is not topic,partition,offset`, line)
      return { topic: found[1] ?? '', partition: Number(found[2]), offset: BigInt(found[3] ?? 0) }
    })
}

export function formatOffsetsCsv(offsets: readonly PartitionOffset[]): string {
  return offsets.map(({ topic, partition, offset }) => `${topic},${partition},${offset}\n`).join('')
}
