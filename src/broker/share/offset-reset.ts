/**
 * Where a share group begins to read a partition that it has not read before, by what it has configured as share.auto.offset.reset (KIP-932,
 * KIP-1106; Kafka: ShareGroupAutoOffsetResetStrategy, SharePartition.startOffsetDuringInitialization).
 */
import type { Replica } from '../replication/replica.ts'

const durationPrefix = 'by_duration:'
const duration = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?)?$/i
const msPer = [24 * 60 * 60_000, 60 * 60_000, 60_000, 1000] as const

/** Null where there is no such place: the log has nothing that is as young as that. Throws DiskError. */
export function resetOffset(strategy: string, replica: Replica, nowMs: number): number | null {
  if (strategy === 'earliest') return replica.log.logStartOffset
  if (!strategy.startsWith(durationPrefix)) return replica.highWatermark
  const sinceMs = Math.max(0, nowMs - durationMs(strategy.slice(durationPrefix.length)))
  const found = replica.log.offsetForTimestamp(sinceMs)
  return found === null || found.offset >= replica.highWatermark ? null : found.offset
}

/** Of a length of time as configurations write it (ISO 8601: P1DT2H3M4.5S). */
export function durationMs(text: string): number {
  const parts = duration.exec(text)?.slice(1) ?? []
  return parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (msPer[index] ?? 0), 0)
}
