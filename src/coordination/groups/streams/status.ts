/** What a heartbeat is told of the state of its group, in Kafka's order and words (KIP-1071; Kafka: StreamsGroupHeartbeatResponse.Status). */
import type { StreamsDraft } from './draft.ts'
import type { StreamsMember } from './member.ts'
import type { StreamsSubscribed } from './subscribe.ts'
import { type ConfiguredTopology, type Status, StatusCode } from './topology/configure.ts'

export interface Standing {
  readonly member: StreamsMember
  readonly subscribed: StreamsSubscribed
  /** Why there is no newer target. */
  readonly delay: string | null
  readonly apiVersion: number
  readonly mayCreateTopics: boolean
}

const firstVersionWithMissingTags = 1

export function statusOf(draft: StreamsDraft, standing: Standing): Status[] {
  const { member, subscribed, delay, apiVersion, mayCreateTopics } = standing
  const statuses = [
    staleTopology(member, subscribed.topology.epoch),
    delay === null ? null : { statusCode: StatusCode.assignmentDelayed, statusDetail: delay },
    mayCreateTopics ? topicsStatus(subscribed.configured, draft.creationErrors) : unauthorized(subscribed.configured),
    shutdown(draft.softNext.shutdownBy),
    apiVersion < firstVersionWithMissingTags ? null : missingTags(member, draft.settings.rackAwareTags)
  ]
  return statuses.filter((status) => status !== null)
}

function staleTopology({ topologyEpoch }: StreamsMember, epoch: number): Status | null {
  if (topologyEpoch >= epoch) return null
  const statusDetail = `The member's topology epoch ${topologyEpoch} is behind the group's topology epoch ${epoch}.`
  return { statusCode: StatusCode.staleTopology, statusDetail }
}

function topicsStatus({ status, missingTopics }: ConfiguredTopology, errors: ReadonlyMap<string, string>) {
  const failed = missingTopics.filter(({ name }) => errors.has(name))
  if (status === null || failed.length === 0) return status
  const why = failed.map(({ name }) => `${name} (${errors.get(name)})`).join(', ')
  return { ...status, statusDetail: `${status.statusDetail}; Creation failed: ${why}.` }
}

/** Nobody makes them for a member that may not. */
function unauthorized({ status, missingTopics }: ConfiguredTopology): Status | null {
  if (status === null || missingTopics.length === 0) return status
  const names = missingTopics.map(({ name }) => name).join(', ')
  return { ...status, statusDetail: `${status.statusDetail}; Unauthorized to CREATE on topics ${names}.` }
}

function shutdown(memberId: string | null): Status | null {
  if (memberId === null) return null
  const what = 'encountered a fatal error and requested a shutdown for the entire application.'
  return { statusCode: StatusCode.shutdownApplication, statusDetail: `Streams group member ${memberId} ${what}` }
}

function missingTags({ clientTags }: StreamsMember, wanted: readonly string[]): Status | null {
  const missing = wanted.filter((tag) => !clientTags.has(tag))
  if (missing.length === 0) return null
  const what = `Missing required client tags for rack-aware standby assignment: [${missing.join(', ')}].`
  const how = "Configure them via 'client.tag.<tagKey>' in your Streams config."
  return { statusCode: StatusCode.missingClientTags, statusDetail: `${what} ${how}` }
}
