/**
 * DescribeTransactions (65): where the transactions of transactional ids stand (KIP-664).
 *
 * v0 flexible from the start
 * Each is told by whoever looks after it.
 */
import { type described, undescribed } from '../../coordination/transactions/describe.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeTransactionsRequest } from '../../protocol/generated/api/describe-transactions-request.ts'
import { DescribeTransactionsResponse } from '../../protocol/generated/api/describe-transactions-response.ts'
import { api } from '../api.ts'
import type { Broker } from '../broker.ts'

export const describeTransactions = api(ApiKey.DescribeTransactions, {
  versions: [0, 0],
  request: DescribeTransactionsRequest,
  response: DescribeTransactionsResponse,
  authorization: { every: ['describe transactional id'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed: ({ transactionalIds }, { errorCode }) => ({
    throttleTimeMs: 0,
    transactionStates: transactionalIds.map((transactionalId) => undescribed(transactionalId, errorCode))
  }),

  async handle({ transactionalIds }, { broker }) {
    const transactionStates = await Promise.all(
      transactionalIds.map((transactionalId) => describe(transactionalId, broker))
    )
    return { throttleTimeMs: 0, transactionStates }
  }
})

async function describe(transactionalId: string, { transactions }: Broker): Promise<ReturnType<typeof described>> {
  if (transactionalId === '') return undescribed(transactionalId, ErrorCode.INVALID_REQUEST)
  const coordinator = await transactions.coordinators.of(transactionalId)
  return coordinator?.describe(transactionalId) ?? undescribed(transactionalId, ErrorCode.NOT_COORDINATOR)
}
