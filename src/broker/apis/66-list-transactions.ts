/**
 * ListTransactions (66): which transactions there are (KIP-664).
 *
 * v0 flexible from the start · v1 filter by duration · v2 filter by a pattern of the transactional id
 * Every broker tells those that it looks after. A state that Kafka does not know is told, so that a misspelt filter is noticed; a pattern is
 * RE2's, as in Kafka, and takes time in proportion to the text.
 */
import { RegularExpression } from '../../coordination/regular-expression/regular-expression.ts'
import type { TransactionFilter } from '../../coordination/transactions/describe.ts'
import { transactionStates } from '../../coordination/transactions/state.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListTransactionsRequest } from '../../protocol/generated/api/list-transactions-request.ts'
import { ListTransactionsResponse } from '../../protocol/generated/api/list-transactions-response.ts'
import type { Decoded } from '../../protocol/message.ts'
import { api } from '../api.ts'

/** The last two are never written. */
const states: ReadonlySet<string> = new Set([...transactionStates, 'Dead', 'PrepareEpochFence'])

export const listTransactions = api(ApiKey.ListTransactions, {
  versions: [0, 2],
  request: ListTransactionsRequest,
  response: ListTransactionsResponse,
  authorization: { every: ['describe transactional id'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: (_, { errorCode }) => refused(errorCode),

  async handle(request, { broker }) {
    const filter = filterOf(request)
    if (filter === null) return refused(ErrorCode.INVALID_REGULAR_EXPRESSION)
    const unknownStateFilters = [...new Set(request.stateFilters)].filter((state) => !states.has(state))
    const coordinators = await broker.transactions.coordinators.all()
    const found = coordinators.map(async (coordinator) => {
      // A pattern may take its time with each.
      const count = request.transactionalIdPattern ? Infinity : coordinator.size
      const listed = await broker.walks.allOf(count, coordinator.listSteps(filter))
      return (await coordinator.isSettled()) ? listed : []
    })
    const transactionStates = (await Promise.all(found)).flat()
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, unknownStateFilters, transactionStates }
  }
})

/** Null where the pattern is none. */
function filterOf(request: Decoded<ListTransactionsRequest>): TransactionFilter | null {
  const { stateFilters, producerIdFilters, durationFilter: durationMs, transactionalIdPattern: pattern } = request
  const expression = pattern === null || pattern === '' ? null : RegularExpression.parse(pattern)
  if (expression === 'malformed') return null
  return {
    states: new Set(stateFilters),
    producerIds: new Set(producerIdFilters),
    durationMs,
    matches: (transactionalId) => expression === null || expression.matches(transactionalId)
  }
}

function refused(errorCode: ErrorCode): ListTransactionsResponse {
  return { throttleTimeMs: 0, errorCode, unknownStateFilters: [], transactionStates: [] }
}
