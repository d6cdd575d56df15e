/**
 * What a group is doing: its state, its members and what is assigned to each. A group of the consumer protocol (KIP-848)
 * answers another request than a classic one; the caller sees no difference.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { decodeAssignment } from '../consume/assignment.ts'
import { ExitCode } from '../exit-codes.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { failureOf } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'
import { consumerGroupDescribe } from './consumer-group-describe.ts'
import type { GroupDescription } from './group-description.ts'

export async function describeGroup(cluster: Cluster, group: string): Promise<GroupDescription> {
  const coordinator = await cluster.coordinator(group)
  const [modern] = await describeModern(cluster, coordinator, [group])
  if (modern) return modern
  const [found] = await describeClassic(cluster, coordinator, [group])
  const code = found?.errorCode ?? groupIdNotFound
  if (!found || code === groupIdNotFound) throw noSuchGroup(group, 'GROUP_ID_NOT_FOUND (69)')
  if (code !== 0) {
    const failure = failureOf(cluster, code)
    throw new CliError({ what: `group "${group}" cannot be described`, why: explainFailure(failure) })
  }
  return found
}

export function noSuchGroup(group: string, why: string): CliError {
  return new CliError({
    what: `there is no group "${group}"`,
    why,
    next: 'odradek groups list',
    exitCode: ExitCode.notFound
  })
}

/** One request for all of them; each comes back with Kafka's error number. */
export async function describeClassic(
  cluster: Cluster,
  coordinator: number,
  asked: readonly string[]
): Promise<Array<GroupDescription & { readonly errorCode: number }>> {
  const { groups } = await cluster.answer('DescribeGroups', coordinator, [...asked], false)
  return groups.map((found) => ({
    errorCode: found.errorCode,
    group: found.groupId,
    state: found.groupState,
    type: 'classic',
    protocol: found.protocolData,
    coordinator,
    members: found.members.map((member) => ({
      id: member.memberId,
      instanceId: member.groupInstanceId ?? null,
      clientId: member.clientId,
      host: member.clientHost.replace(/^\//, ''),
      assignment: found.protocolType === 'consumer' ? decodeAssignment(cluster.library, member.memberAssignment) : []
    }))
  }))
}

const groupIdNotFound = 69
const unsupportedVersion = 35

/** Those of this kind; none from a broker that knows none. */
export async function describeModern(
  cluster: Cluster,
  coordinator: number,
  groups: readonly string[]
): Promise<GroupDescription[]> {
  const known = await cluster.over('any', () => cluster.base.listApis())
  if (!known.some((api) => api.name === 'ConsumerGroupDescribe')) return []
  const api = consumerGroupDescribe(cluster.library)
  try {
    const answers = await cluster.over(coordinator, (connection) => api.async(connection, groups))
    return answers
      .filter((answer) => answer.errorCode === 0)
      .map(({ description }) => ({ ...description, type: 'consumer', coordinator }))
  } catch (error) {
    const code = kafkaFailure(error)?.code
    if (code === groupIdNotFound || code === unsupportedVersion) return []
    throw error
  }
}
