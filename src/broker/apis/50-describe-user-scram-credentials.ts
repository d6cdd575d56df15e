/**
 * DescribeUserScramCredentials (50): which users can log in with a password (KIP-554).
 *
 * v0 flexible from the start
 * There are none, because nobody logs in. Kafka: ScramImage.describe.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeUserScramCredentialsRequest } from '../../protocol/generated/api/describe-user-scram-credentials-request.ts'
import { DescribeUserScramCredentialsResponse } from '../../protocol/generated/api/describe-user-scram-credentials-response.ts'
import { api } from '../api.ts'

export const describeUserScramCredentials = api(ApiKey.DescribeUserScramCredentials, {
  versions: [0, 0],
  request: DescribeUserScramCredentialsRequest,
  response: DescribeUserScramCredentialsResponse,
  authorization: { every: ['describe cluster'] },
  memoryBytes: limits.decodedMembersBytes,
  stage: 'at once',
  failed: (_, failure) => ({ throttleTimeMs: 0, ...failure, results: [] }),

  handle({ users }) {
    const timesNamed = new Map<string, number>()
    for (const { name } of users ?? []) timesNamed.set(name, (timesNamed.get(name) ?? 0) + 1)
    const results = [...timesNamed].map(([user, times]) => ({ user, ...reason(user, times), credentialInfos: [] }))
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: '', results }
  }
})

function reason(user: string, times: number): { errorCode: ErrorCode; errorMessage: string } {
  if (times === 1) {
    const errorMessage = `Attempt to describe a user credential that does not exist: ${user}`
    return { errorCode: ErrorCode.RESOURCE_NOT_FOUND, errorMessage }
  }
  const errorMessage = `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`
  return { errorCode: ErrorCode.DUPLICATE_RESOURCE, errorMessage }
}
