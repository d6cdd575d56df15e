/**
 * DescribeClientQuotas (48): which quotas match a filter (KIP-546).
 *
 * v1 flexible
 * There are no quotas here, so that no filter matches any; a filter that could match none is refused with Kafka's words
 * (ClientQuotasImage.describe).
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeClientQuotasRequest } from '../../protocol/generated/api/describe-client-quotas-request.ts'
import { DescribeClientQuotasResponse } from '../../protocol/generated/api/describe-client-quotas-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'

type Component = Decoded<DescribeClientQuotasRequest>['components'][number]
type Objection = { readonly errorCode: ErrorCode; readonly errorMessage: string }

const entityTypes: ReadonlySet<string> = new Set(['user', 'client-id', 'ip'])
const matchExactly = 0
/** Kafka's names for the match types that take no text: the default entity, and any entity that is named. */
const textlessMatches: ReadonlyMap<number, string> = new Map([
  [1, 'MATCH_TYPE_DEFAULT'],
  [2, 'MATCH_TYPE_SPECIFIED']
])

export const describeClientQuotas = api(ApiKey.DescribeClientQuotas, {
  versions: [0, 1],
  request: DescribeClientQuotasRequest,
  response: DescribeClientQuotasResponse,
  authorization: { every: ['describeConfigs cluster'] },
  memoryBytes: limits.decodedFewBytes,
  stage: 'at once',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, entries: null }),

  handle({ components }) {
    const objection = objectionTo(components)
    if (objection !== null) return { throttleTimeMs: 0, ...objection, entries: null }
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: '', entries: [] }
  }
})

function objectionTo(components: readonly Component[]): Objection | null {
  const seen = new Set<string>()
  for (const component of components) {
    const objection = objectionToEntity(component, seen) ?? objectionToMatch(component)
    if (objection !== null) return objection
    seen.add(component.entityType)
  }
  if (!seen.has('ip') || seen.size === 1) return null
  const rule = 'IP filter component should not be used with user or clientId filter component.'
  return invalid(`Invalid entity filter component combination. ${rule}`)
}

function objectionToEntity({ entityType }: Component, seen: ReadonlySet<string>): Objection | null {
  if (entityType === '') return invalid('Invalid empty entity type.')
  if (seen.has(entityType)) return invalid(`Entity type ${entityType} cannot appear more than once in the filter.`)
  if (entityTypes.has(entityType)) return null
  return { errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage: `Unsupported entity type ${entityType}` }
}

function objectionToMatch({ matchType, match }: Component): Objection | null {
  if (matchType === matchExactly) {
    return match === null ? invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.') : null
  }
  const name = textlessMatches.get(matchType)
  if (name === undefined) return invalid(`Unknown match type ${matchType}`)
  return match === null ? null : invalid(`Request specified ${name}, but also specified a match string.`)
}

function invalid(errorMessage: string): Objection {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage }
}
