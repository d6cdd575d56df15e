/**
 * How long a member waits until it says again that it lives, decided alike for consumer, share and streams groups: their members hear of what
 * they are to have, and may take what others gave up, with a heartbeat only, and take the interval from each answer (Java's
 * AbstractHeartbeatRequestManager, librdkafka, franz-go). In Kafka it is the same at all times.
 *
 * Where something has just changed more is about to: one gives up, another takes. So the members of such a group come back sooner, and the
 * later the longer nothing has changed: whatever changes is heard of after another tenth of the time that it took. A group that cannot come to
 * rest, because somebody gives up nothing, is a quiet one as well, and its members are back at their usual interval in the same time.
 */
import { limits } from '../../limits.ts'

export interface Unrest {
  /** Since the group has changed; Infinity when nobody remembers that it has. */
  readonly quietMs: number
  /** Of all groups of the broker that have changed of late. */
  readonly members: number
}

export interface Beat {
  readonly settings: {
    readonly heartbeatIntervalMs: number
    /** Somebody has set it, for the group or for the broker: then it holds at all times. */
    readonly isHeartbeatIntervalChosen: boolean
  }
  /** What the heartbeat itself changes. */
  readonly records: readonly unknown[]
  readonly unrest: Unrest
}

export function heartbeatInterval({ settings, records, unrest }: Beat): number {
  const { heartbeatIntervalMs: usualMs, isHeartbeatIntervalChosen } = settings
  if (isHeartbeatIntervalChosen) return usualMs
  const quietMs = records.length > 0 ? 0 : unrest.quietMs
  const fadingMs = (usualMs * quietMs) / limits.groupSettlesMs
  const spreadMs = (unrest.members * 1000) / limits.settlingHeartbeatsPerSecond
  return Math.min(usualMs, Math.ceil(Math.max(limits.settlingHeartbeatMs, fadingMs, spreadMs)))
}
