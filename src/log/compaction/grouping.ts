/**
 * Which segments are cleaned into one: as many as fit, so that a log that shrinks has no more segments than it needs
 * (Kafka: Cleaner.groupSegmentsBySize).
 */
import { relativeOffsetMax } from '../rolling.ts'
import type { LogConfig } from '../types.ts'

export interface GroupedSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly offsetIndex: { readonly file: { readonly sizeBytes: number } }
  readonly timeIndex: { readonly file: { readonly sizeBytes: number } }
}

type Bounds = Pick<LogConfig, 'segmentBytes' | 'segmentIndexBytes'>

/** Given the segments in their order, and where those begin that are left alone. What is in a group fits into one segment as it is. */
export function groupsOf<Of extends GroupedSegment>(
  segments: readonly Of[],
  endOffset: number,
  bounds: Bounds
): Of[][] {
  const groups: Of[][] = []
  let group: Of[] = []
  for (const [index, segment] of segments.entries()) {
    const lastOffset = (segments[index + 1]?.baseOffset ?? endOffset) - 1
    if (group.length > 0 && fits(group, segment, lastOffset, bounds)) {
      group.push(segment)
    } else {
      group = [segment]
      groups.push(group)
    }
  }
  return groups
}

function fits(group: readonly GroupedSegment[], next: GroupedSegment, lastOffset: number, bounds: Bounds): boolean {
  const all = [...group, next]
  const sum = (sizeOf: (segment: GroupedSegment) => number): number =>
    all.reduce((total, segment) => total + sizeOf(segment), 0)
  // An empty segment is taken along however far it reaches: else one would be left for each 2^31 offsets.
  const reach = next.sizeBytes === 0 ? 0 : lastOffset - (group[0] ?? next).baseOffset
  return (
    reach <= relativeOffsetMax &&
    sum(({ sizeBytes }) => sizeBytes) <= bounds.segmentBytes &&
    sum(({ offsetIndex }) => offsetIndex.file.sizeBytes) <= bounds.segmentIndexBytes &&
    sum(({ timeIndex }) => timeIndex.file.sizeBytes) <= bounds.segmentIndexBytes
  )
}
