/**
 * ListTransactions (66): which transactions there are (KIP-664).
 *
 * v0 flexible from the start · v1 filter by duration · v2 filter by a pattern of the transactional id
 * There are none; a state that Kafka does not know is told, so that a misspelt filter is noticed (TransactionState).
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListTransactionsRequest } from '../../protocol/generated/api/list-transactions-request.ts'
import { ListTransactionsResponse } from '../../protocol/generated/api/list-transactions-response.ts'
import { api } from '../api.ts'

const states: ReadonlySet<string> = new Set([
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence'
])

export const listTransactions = api(ApiKey.ListTransactions, {
  versions: [0, 2],
  request: ListTransactionsRequest,
  response: ListTransactionsResponse,
  authorization: { every: ['describe transactional id'] },
  memoryBytes: limits.decodedFewBytes,
  stage: 'at once',
  failed: (_, { errorCode }) => ({ throttleTimeMs: 0, errorCode, unknownStateFilters: [], transactionStates: [] }),

  handle({ stateFilters }) {
    const unknownStateFilters = [...new Set(stateFilters)].filter((state) => !states.has(state))
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, unknownStateFilters, transactionStates: [] }
  }
})
