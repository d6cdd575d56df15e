/**
 * Who may do what (Kafka: Authorizer, AclOperation, ResourceType). Each API declares what it takes; it is asked before a request is
 * handled whether this client may do so with any resource of the kind at all (Kafka: authorizeByResourceType), else all of it is refused.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Failure } from './api.ts'
import type { Operation } from './authorized-operations.ts'
import type { Session } from './session.ts'

export type ResourceType = 'topic' | 'group' | 'cluster' | 'transactional id'
export type Permission = `${Operation} ${ResourceType}`

/** Everything that is named, one of it, or nothing. */
export type Authorization =
  | { readonly every: readonly Permission[] }
  | { readonly some: readonly Permission[] }
  | 'open to all'

export interface Authorizer {
  allows(session: Session, permission: Permission): boolean
}

/** There are no users yet to tell apart. */
export const allowEverything: Authorizer = { allows: () => true }

const refusals: readonly (readonly [ResourceType, Failure])[] = [
  ['topic', { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, errorMessage: 'Topic authorization failed.' }],
  ['group', { errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, errorMessage: 'Group authorization failed.' }],
  ['cluster', { errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, errorMessage: 'Cluster authorization failed.' }],
  [
    'transactional id',
    {
      errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      errorMessage: 'Transactional Id authorization failed.'
    }
  ]
]

/** Why a request is refused as a whole; null when it is not. Costs no memory: every request comes here. */
export function refusalOf(authorizer: Authorizer, session: Session, authorization: Authorization): Failure | null {
  if (authorization === 'open to all') return null
  const isEvery = 'every' in authorization
  const permissions = isEvery ? authorization.every : authorization.some
  let missing: Permission | null = null
  for (let index = 0; index < permissions.length; index++) {
    const permission = permissions[index]
    if (permission === undefined) continue
    const isAllowed = authorizer.allows(session, permission)
    if (isAllowed && !isEvery) return null
    if (!isAllowed) missing ??= permission
  }
  return missing === null ? null : failureFor(missing)
}

function failureFor(missing: Permission): Failure {
  const refusal = refusals.find(([type]) => missing.endsWith(` ${type}`))
  if (refusal === undefined) throw new RangeError(`${missing} is of no known kind of resource`)
  return refusal[1]
}
