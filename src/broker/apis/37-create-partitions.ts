/**
 * CreatePartitions (37): gives topics more partitions.
 *
 * v2 flexible · v3 throttling as an error
 * Partitions are only added, never taken away. The answer leaves when they are durable and have leaders.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreatePartitionsRequest } from '../../protocol/generated/api/create-partitions-request.ts'
import { CreatePartitionsResponse } from '../../protocol/generated/api/create-partitions-response.ts'
import { api } from '../api.ts'

export const createPartitions = api(ApiKey.CreatePartitions, {
  versions: [0, 3],
  request: CreatePartitionsRequest,
  response: CreatePartitionsResponse,
  authorization: { every: ['alter topic'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ topics }, failure) => ({ throttleTimeMs: 0, results: topics.map(({ name }) => ({ name, ...failure })) }),

  async handle(request, { broker }) {
    const counts = new Map<string, number>()
    for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1)
    const repeated = [...counts].filter(([, count]) => count > 1).map(([name]) => name)
    const wanted = request.topics.filter(({ name }) => counts.get(name) === 1)
    const mode = request.validateOnly ? 'validate-only' : 'carry-out'
    const outcomes = await broker.controller.ask((controller) => controller.createPartitions(wanted, mode))
    const results = wanted.map(({ name }, index) => {
      const outcome = outcomes[index]
      const errorMessage = outcome !== undefined && 'message' in outcome ? outcome.message : null
      return { name, errorCode: outcome?.error ?? ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage }
    })
    const refused = repeated.map((name) => ({
      name,
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: 'Duplicate topic name.'
    }))
    return { throttleTimeMs: 0, results: [...results, ...refused] }
  }
})
