/** How far the states on members' disks are, as they report: kept beside the log, for the assignor and for descriptions. */
import { limits } from '../../../limits.ts'

export interface TaskOffset {
  readonly subtopologyId: string
  readonly partition: number
  readonly offset: number
}

/** What a member reports of its states; empty where it has not reported. */
export interface TaskOffsets {
  readonly offsets: readonly TaskOffset[]
  readonly endOffsets: readonly TaskOffset[]
}

export const noTaskOffsets: TaskOffsets = { offsets: [], endOffsets: [] }

/** What the members of one group report. */
export interface ReportedOffsets {
  readonly byMember: ReadonlyMap<string, TaskOffsets>
  /** About what is held of it. */
  readonly bytes: number
}

export const noReportedOffsets: ReportedOffsets = { byMember: new Map(), bytes: 0 }

/**
 * With what a member reports now. A report that there is no room for is let go, and the one before stays: it only says who would be quick to
 * take a task up.
 */
export function withReport(
  reported: ReportedOffsets,
  memberId: string,
  report: TaskOffsets,
  roomBytes: number
): ReportedOffsets {
  const known = reported.byMember.get(memberId) ?? noTaskOffsets
  const more = bytesOf(report) - bytesOf(known)
  const bytes = reported.bytes + more
  if (more > 0 && (bytes > limits.streamsTaskOffsetsBytes || more > roomBytes)) return reported
  return { byMember: new Map(reported.byMember).set(memberId, report), bytes }
}

/** Without those of a member that is gone. */
export function withoutReport(reported: ReportedOffsets, memberId: string): ReportedOffsets {
  const known = reported.byMember.get(memberId)
  if (known === undefined) return reported
  const byMember = new Map(reported.byMember)
  byMember.delete(memberId)
  return { byMember, bytes: reported.bytes - bytesOf(known) }
}

function bytesOf({ offsets, endOffsets }: TaskOffsets): number {
  let bytes = 0
  for (const reports of [offsets, endOffsets]) {
    for (const { subtopologyId } of reports) bytes += limits.taskOffsetBytes + subtopologyId.length
  }
  return bytes
}
