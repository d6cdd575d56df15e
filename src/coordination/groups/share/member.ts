/** A member of a share group, as the log says (KIP-932; Kafka: ShareGroupMember). What it is assigned it has at once: nobody has to give it up first. */
import { limits } from '../../../limits.ts'
import { sameNames } from '../consumer/member.ts'
import { noPartitions, type Partitions, samePartitions } from '../consumer/partitions.ts'

export interface ShareMember {
  readonly memberId: string
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly topicNames: ReadonlySet<string>
  readonly epoch: number
  /** The epoch before, which it may still name as long as it has not heard of the newer one. */
  readonly previousEpoch: number
  readonly assigned: Partitions
}

/** Of a member that leaves. */
export const goneEpoch = -1

export function newShareMember(memberId: string): ShareMember {
  return {
    ...{ memberId, rackId: null, clientId: '', clientHost: '' },
    ...{ topicNames: new Set(), epoch: 0, previousEpoch: -1, assigned: noPartitions }
  }
}

/** About what is held of what the member says of itself. */
export function saidBytes({ memberId, clientId, topicNames }: ShareMember): number {
  let bytes = memberId.length + clientId.length + limits.memberOverheadBytes
  for (const name of topicNames) bytes += name.length + limits.memberOverheadBytes
  return bytes
}

/** Whether two say the same of what a member itself brings: its subscription and who it is. */
export function saysTheSame(one: ShareMember, other: ShareMember): boolean {
  return (
    one.rackId === other.rackId &&
    one.clientId === other.clientId &&
    one.clientHost === other.clientHost &&
    sameNames(one.topicNames, other.topicNames)
  )
}

export function standsTheSame(one: ShareMember, other: ShareMember): boolean {
  return (
    one.epoch === other.epoch &&
    one.previousEpoch === other.previousEpoch &&
    samePartitions(one.assigned, other.assigned)
  )
}
