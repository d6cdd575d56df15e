/** Consumer groups of the classic protocol, and their offsets. */
import { Api, type Case, TOPIC } from './case.ts'
import { fieldOf, type Plain, type Session } from './session.ts'

const MEMBER_ID_REQUIRED = 79
const protocols = [{ name: 'range', metadata: Buffer.from('metadata') }]

function joining(version: number, groupId: string, memberId: string): object {
  const base = { groupId, sessionTimeoutMs: 30_000, memberId, protocolType: 'consumer', protocols }
  return version >= 1 ? { ...base, rebalanceTimeoutMs: 30_000 } : base
}

function noteMember(answer: Plain, version: number, session: Session): void {
  const id = fieldOf(answer, 'memberId')
  const code = fieldOf(answer, 'errorCode')
  if (typeof id === 'string' && (code === 0 || code === MEMBER_ID_REQUIRED))
    session.known.set(`member of joined-${version}`, id)
}

/** The group that joined in version 2, whose member and generation are known. */
const stable = (session: Session) => ({
  groupId: 'joined-2',
  generationId: 1,
  memberId: session.recall('member of joined-2')
})

const place = (partitionIndex: number, committedOffset: number) => ({
  partitionIndex,
  committedOffset,
  committedMetadata: 'm'
})
const offsetTopic = (version: number, session: Session, byIdFrom: number) =>
  version >= byIdFrom ? { topicId: session.recall(`topic ${TOPIC}`) } : { name: TOPIC }

function fetchedOffsets(groupId: string): Case['request'] {
  return (version, session) => {
    if (version < 8) return { groupId, topics: [{ name: TOPIC, partitionIndexes: [0, 1, 9] }] }
    const topics = [{ ...offsetTopic(version, session, 10), partitionIndexes: [0, 1, 9] }]
    return { groups: [{ groupId, topics }] }
  }
}

export const groupCases: readonly Case[] = [
  {
    api: Api.FindCoordinator,
    what: 'of a group',
    request: (version) => (version >= 4 ? { keyType: 0, coordinatorKeys: ['a', 'b'] } : { key: 'a' })
  },
  {
    api: Api.FindCoordinator,
    what: 'of an unknown type',
    from: 1,
    request: (version) => (version >= 4 ? { keyType: 9, coordinatorKeys: ['a'] } : { key: 'a', keyType: 9 })
  },
  {
    api: Api.JoinGroup,
    what: 'without a member id',
    request: (version) => joining(version, `joined-${version}`, ''),
    note: noteMember
  },
  {
    api: Api.JoinGroup,
    what: 'with the member id',
    from: 4,
    request: (version, session) => joining(version, `joined-${version}`, session.recall(`member of joined-${version}`)),
    note: noteMember
  },
  {
    api: Api.JoinGroup,
    what: 'as an unknown member',
    request: (version) => joining(version, `joined-${version}`, 'stranger')
  },
  { api: Api.JoinGroup, what: 'an empty group id', request: (version) => joining(version, '', '') },
  {
    api: Api.JoinGroup,
    what: 'a session that is too short',
    request: (version) => ({ ...joining(version, 'hasty', ''), sessionTimeoutMs: 1 })
  },
  {
    api: Api.SyncGroup,
    what: 'the leader assigns',
    request: (version, session) => ({
      ...stable(session),
      ...(version >= 5 && { protocolType: 'consumer', protocolName: 'range' }),
      assignments: [{ memberId: stable(session).memberId, assignment: Buffer.from('all') }]
    })
  },
  {
    api: Api.SyncGroup,
    what: 'as a stranger',
    request: (_, session) => ({ ...stable(session), memberId: 'stranger', assignments: [] })
  },
  { api: Api.Heartbeat, what: 'of a member', request: (_, session) => stable(session) },
  {
    api: Api.Heartbeat,
    what: 'of a stranger',
    request: (_, session) => ({ ...stable(session), memberId: 'stranger' })
  },
  {
    api: Api.Heartbeat,
    what: 'of another generation',
    request: (_, session) => ({ ...stable(session), generationId: 9 })
  },
  {
    api: Api.OffsetCommit,
    what: 'from outside of a group',
    request: (version, session) => ({
      groupId: 'offsets',
      generationIdOrMemberEpoch: -1,
      topics: [{ ...offsetTopic(version, session, 10), partitions: [place(0, 3), place(9, 1)] }]
    })
  },
  {
    api: Api.OffsetCommit,
    what: 'as a stranger to a group with members',
    request: (version, session) => ({
      groupId: 'joined-2',
      generationIdOrMemberEpoch: 1,
      memberId: 'stranger',
      topics: [{ ...offsetTopic(version, session, 10), partitions: [place(0, 3)] }]
    })
  },
  { api: Api.OffsetFetch, what: 'of a group', request: fetchedOffsets('offsets') },
  { api: Api.OffsetFetch, what: 'of an unknown group', request: fetchedOffsets('nobody') },
  {
    api: Api.OffsetFetch,
    what: 'of all topics',
    from: 2,
    to: 7,
    request: () => ({ groupId: 'offsets', topics: null })
  },
  {
    api: Api.DescribeGroups,
    what: 'a group, offsets only, unknown',
    request: () => ({ groups: ['joined-2', 'offsets', 'nobody'] })
  },
  { api: Api.ListGroups, what: 'all', request: () => ({}) },
  { api: Api.ListGroups, what: 'the stable ones', from: 4, request: () => ({ statesFilter: ['Stable'] }) },
  {
    api: Api.OffsetDelete,
    what: 'an offset, and of an unknown group',
    request: () => ({
      groupId: 'offsets',
      topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0 }, { partitionIndex: 9 }] }]
    })
  },
  { api: Api.OffsetDelete, what: 'of an unknown group', request: () => ({ groupId: 'nobody', topics: [] }) },
  {
    api: Api.DeleteGroups,
    what: 'one with members and an unknown one',
    request: () => ({ groupsNames: ['joined-2', 'nobody'] })
  },
  {
    api: Api.LeaveGroup,
    what: 'a stranger',
    request: (version) =>
      version >= 3
        ? { groupId: 'joined-2', members: [{ memberId: 'stranger' }] }
        : { groupId: 'joined-2', memberId: 'stranger' }
  },
  {
    api: Api.LeaveGroup,
    what: 'a member',
    request: (version, session) => {
      const groupId = `joined-${version}`
      const memberId = session.recall(`member of ${groupId}`)
      return version >= 3 ? { groupId, members: [{ memberId }] } : { groupId, memberId }
    }
  },
  { api: Api.DeleteGroups, what: 'an empty one', request: (version) => ({ groupsNames: [`joined-${version}`] }) }
]
