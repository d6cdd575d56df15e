/**
 * What a group is doing: its state, its members and what is assigned to each. A group of the consumer protocol (KIP-848), a share group
 * (KIP-932) and a streams group (KIP-1071) answer another request than a classic one; the caller sees no difference.
 */
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../cluster.ts'
import { decodeAssignment } from '../consume/assignment.ts'
import { whileCoordinatorMoves } from '../coordinator-moves.ts'
import { ExitCode } from '../exit-codes.ts'
import { kafkaFailure } from '../kafka-failure.ts'
import { shellWord } from '../own-name.ts'
import { coordinatorMoves } from '../passing-errors.ts'
import { refusedIn } from '../refused-in.ts'
import { mostSimilar } from '../similar.ts'
import { everyGroup, type ListedGroup } from './every-group.ts'
import type { GroupDescription } from './group-description.ts'
import { consumerGroupDescribe, shareGroupDescribe } from './modern-group-describe.ts'
import { streamsGroupDescribe } from './streams-group-describe.ts'

export async function describeGroup(cluster: Cluster, group: string): Promise<GroupDescription> {
  return await whileCoordinatorMoves(cluster, async () => describeAt(cluster, await cluster.coordinator(group), group))
}

async function describeAt(cluster: Cluster, coordinator: number, group: string): Promise<GroupDescription> {
  const [modern] = await describeModern(cluster, coordinator, [group], (code) => {
    throw undescribed(cluster, group, code)
  })
  if (modern) return modern
  const [found] = await describeClassic(cluster, coordinator, [group])
  const code = found?.errorCode ?? groupIdNotFound
  if (!found || code === groupIdNotFound) throw await noSuchGroup(cluster, group, 'GROUP_ID_NOT_FOUND (69)')
  if (code !== 0) throw undescribed(cluster, group, code)
  return found
}

function undescribed(cluster: Cluster, group: string, errorCode: number): CliError {
  return refusedIn(cluster, errorCode, `group "${group}" cannot be described`)
}

/** With the name of the one that was probably meant. */
export async function noSuchGroup(cluster: Cluster, group: string, why: string): Promise<CliError> {
  const all = await everyGroup(cluster)
  const similar = mostSimilar(
    group,
    all.map((one) => one.group)
  )
  return new CliError({
    what: `there is no group "${group}"`,
    why: `${why}${similar === undefined ? '' : `; but there is "${similar}"`}`,
    next: similar === undefined ? 'odradek groups list' : `the same command with ${shellWord(similar)}`,
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
      epoch: null,
      clientId: member.clientId,
      host: member.clientHost.replace(/^\//, ''),
      assignment: found.protocolType === 'consumer' ? decodeAssignment(cluster.library, member.memberAssignment) : []
    }))
  }))
}

const groupIdNotFound = 69
const unsupportedVersion = 35

/** Those whose members have epochs; none from a broker that knows none. Who asks for many leaves out those that its coordinator cannot tell of now. */
export async function describeModern(
  cluster: Cluster,
  coordinator: number,
  groups: readonly string[],
  onMoving: (errorCode: number) => void = () => {}
): Promise<GroupDescription[]> {
  const known = new Set((await cluster.over('any', () => cluster.base.listApis())).map(({ name }) => name))
  const kinds = [
    { type: 'consumer', request: 'ConsumerGroupDescribe', api: consumerGroupDescribe(cluster.library) },
    { type: 'share', request: 'ShareGroupDescribe', api: shareGroupDescribe(cluster.library) },
    { type: 'streams', request: 'StreamsGroupDescribe', api: streamsGroupDescribe(cluster.library) }
  ] as const
  const described: GroupDescription[] = []
  for (const { type, request, api } of kinds) {
    const left = groups.filter((name) => !described.some(({ group }) => group === name))
    if (left.length === 0 || !known.has(request)) continue
    const answers = await answersOf(() => cluster.over(coordinator, (connection) => api.async(connection, left)))
    for (const { errorCode, description } of answers) {
      if (coordinatorMoves.has(errorCode)) onMoving(errorCode)
      if (errorCode === 0) described.push({ ...description, type, coordinator })
    }
  }
  return described
}

/** Those of the listed that have members, which share them out: members of a share group take turns. A few requests, however many there are. */
export async function describeActive(
  cluster: Cluster,
  coordinator: number,
  listed: readonly ListedGroup[]
): Promise<GroupDescription[]> {
  const active = listed.filter(({ state }) => state !== 'Empty' && state !== 'Dead')
  const namesOf = (...types: readonly string[]): string[] =>
    active.filter(({ type }) => types.includes(type)).map(({ group }) => group)
  const [classic, modern] = [namesOf('classic'), namesOf('consumer', 'streams')]
  return [
    ...(classic.length === 0 ? [] : await describeClassic(cluster, coordinator, classic)),
    ...(modern.length === 0 ? [] : await describeModern(cluster, coordinator, modern))
  ]
}

async function answersOf<Answer>(ask: () => Promise<Answer[]>): Promise<Answer[]> {
  try {
    return await ask()
  } catch (error) {
    const code = kafkaFailure(error)?.code
    if (code === groupIdNotFound || code === unsupportedVersion) return []
    throw error
  }
}
