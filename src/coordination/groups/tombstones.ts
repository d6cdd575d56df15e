/** What takes members and groups out of the log, of the kinds whose partitions the broker gives out: all have the same records, of their own keys. */
import type { Message } from '../../protocol/message.ts'
import type { StateRecord } from '../coordinator.ts'
import { keyBytes } from './record-bytes.ts'

type KeyOfGroup = Message<{ groupId: string }>
type KeyOfMember = Message<{ groupId: string; memberId: string }>

export interface KeysOfKind {
  readonly current: KeyOfMember
  readonly target: KeyOfMember
  readonly assignment: KeyOfGroup
  readonly member: KeyOfMember
  /** What else there is of the group, in the order in which it goes. */
  readonly last: readonly KeyOfGroup[]
}

/** Takes a member out. */
export function memberTombstones(
  { current, target, member }: KeysOfKind,
  groupId: string,
  memberId: string
): StateRecord[] {
  return tombstones([current, target, member].map((of) => keyBytes(of, { groupId, memberId })))
}

/** Takes the whole group out, in Kafka's order: what leans on something else goes before it. `more`: keys that go before the last ones. */
export function groupTombstones(
  { current, target, assignment, member, last }: KeysOfKind,
  groupId: string,
  memberIds: Iterable<string>,
  more: readonly Buffer[] = []
): StateRecord[] {
  const ids = [...memberIds]
  const ofMembers = (of: KeyOfMember): Buffer[] => ids.map((memberId) => keyBytes(of, { groupId, memberId }))
  const ofGroup = (of: KeyOfGroup): Buffer => keyBytes(of, { groupId })
  return tombstones([
    ...[...ofMembers(current), ...ofMembers(target), ofGroup(assignment), ...ofMembers(member)],
    ...[...more, ...last.map(ofGroup)]
  ])
}

function tombstones(keys: readonly Buffer[]): StateRecord[] {
  return keys.map((key) => ({ key, value: null }))
}
