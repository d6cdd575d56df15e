/**
 * How far every group is with one message: its bookmark in the partition, and the member that owns the partition now.
 *
 * Each broker lists the groups it coordinates, so each is asked for its own; many groups go into one request.
 */
import type { Cluster } from '../cluster.ts'
import { describeActive } from '../groups/describe-group.ts'
import { groupsOf, type ListedGroup } from '../groups/every-group.ts'
import type { GroupMember } from '../groups/group-description.ts'
import { failureOf, type TopicPartition } from '../partitions.ts'
import { explainFailure } from '../present-error.ts'
import type { GroupProgress } from './trace.ts'

const groupsPerRequest = 200

interface Bookmark {
  /** Null: none. */
  readonly committed: bigint | null
  readonly note: string | null
}

export async function groupProgress(cluster: Cluster, place: TopicPartition, offset: bigint): Promise<GroupProgress[]> {
  const all = await Promise.all(cluster.nodeIds.map((node) => progressAt(cluster, node, place, offset)))
  return all.flat().sort((a, b) => (a.group < b.group ? -1 : 1))
}

async function progressAt(
  cluster: Cluster,
  coordinator: number,
  place: TopicPartition,
  offset: bigint
): Promise<GroupProgress[]> {
  const listed = await groupsOf(cluster, coordinator)
  const progress: GroupProgress[] = []
  for (let at = 0; at < listed.length; at += groupsPerRequest) {
    const some = listed.slice(at, at + groupsPerRequest)
    const [bookmarks, owners] = await Promise.all([
      bookmarksOf(cluster, coordinator, some, place),
      ownersOf(cluster, coordinator, some, place)
    ])
    for (const one of some) progress.push(judge(one, bookmarks.get(one.group), owners.get(one.group), offset))
  }
  return progress
}

async function bookmarksOf(
  cluster: Cluster,
  coordinator: number,
  groups: readonly ListedGroup[],
  { topic, partition }: TopicPartition
): Promise<Map<string, Bookmark>> {
  const asked = groups.map(({ group }) => ({
    groupId: group,
    memberId: null,
    memberEpoch: -1,
    topics: [{ name: topic, partitionIndexes: [partition] }]
  }))
  const answer = await cluster.answer('OffsetFetch', coordinator, asked, false)
  return new Map(
    answer.groups.map(({ groupId, errorCode, topics }) => {
      const found = topics[0]?.partitions[0]
      const code = errorCode || (found?.errorCode ?? 0)
      const note = code === 0 ? null : explainFailure(failureOf(cluster, code))
      const committed = found && found.committedOffset >= 0n ? found.committedOffset : null
      return [groupId, { committed, note }]
    })
  )
}

/** The members that own the partition, by group. */
async function ownersOf(
  cluster: Cluster,
  coordinator: number,
  groups: readonly ListedGroup[],
  { topic, partition }: TopicPartition
): Promise<Map<string, GroupMember>> {
  const described = await describeActive(cluster, coordinator, groups)
  return new Map(
    described.flatMap(({ group, members }) => {
      const owner = members.find(({ assignment }) =>
        assignment.some((one) => one.topic === topic && one.partition === partition)
      )
      return owner ? [[group, owner] as const] : []
    })
  )
}

/** What a bookmark says about one message. A group that is changing hands cannot tell who owns what. */
export function judge(
  { group, type, state }: Pick<ListedGroup, 'group' | 'type' | 'state'>,
  bookmark: Bookmark | undefined,
  owner: GroupMember | undefined,
  offset: bigint
): GroupProgress {
  const committed = bookmark?.committed ?? null
  const member = owner ? { id: owner.id, clientId: owner.clientId, host: owner.host } : null
  const base = { group, type, state, committed, member, before: null, note: null }
  if (bookmark?.note) return { ...base, status: 'unknown', note: bookmark.note }
  if (committed !== null && committed > offset) return { ...base, status: 'read' }
  if (committed !== null) return { ...base, status: 'waiting', before: offset - committed }
  if (member !== null) return { ...base, status: 'waiting' }
  if (type === 'share') return { ...base, status: 'unknown', note: 'a share group keeps no bookmark' }
  if (/rebalanc|assigning|reconciling/i.test(state)) {
    return { ...base, status: 'unknown', note: 'its members are being given their partitions' }
  }
  return { ...base, status: 'never' }
}
