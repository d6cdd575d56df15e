/**
 * FindCoordinator (10): which broker looks after a group.
 *
 * v1 key type, error message · v3 flexible · v4 many keys at once · v5, v6 new errors and key types
 * It is the leader of the group's partition of `__consumer_offsets`, a topic that is made on first use, as Kafka does.
 * Transactions and share groups have no coordinator here: their key types get UNSUPPORTED_VERSION, which clients show at once,
 * where COORDINATOR_NOT_AVAILABLE would have them try for minutes.
 */
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FindCoordinatorRequest } from '../../protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../protocol/generated/api/find-coordinator-response.ts'
import { api, type RequestContext } from '../api.ts'
import { describeBroker } from '../described-brokers.ts'

interface Found {
  readonly key: string
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
}

const groupKeyType = 0
/** Kinds of coordinators that Kafka has and this broker has not. */
const absentKinds: ReadonlyMap<number, string> = new Map([
  [1, 'transactions'],
  [2, 'share groups']
])
const firstVersionWithManyKeys = 4

export const findCoordinator = api(ApiKey.FindCoordinator, {
  versions: [0, 6],
  request: FindCoordinatorRequest,
  response: FindCoordinatorResponse,
  authorization: { some: ['describe group', 'describe transactional id'] },
  memoryBytes: limits.decodedListBytes,
  stage: 'may wait',
  failed({ coordinatorKeys }, { errorCode, errorMessage }, apiVersion) {
    if (apiVersion < firstVersionWithManyKeys) return notFound('', errorCode, errorMessage)
    return { coordinators: coordinatorKeys.map((key) => notFound(key, errorCode, errorMessage)) }
  },

  async handle(request, context) {
    const keys = context.apiVersion >= firstVersionWithManyKeys ? request.coordinatorKeys : [request.key]
    const coordinators = await Promise.all(keys.map((key) => find(key, request.keyType, context)))
    if (context.apiVersion >= firstVersionWithManyKeys) return { coordinators }
    const only = coordinators[0] ?? notFound('', ErrorCode.INVALID_REQUEST, 'no key was given')
    // Before version 4 Kafka names the error even when there is none.
    return { ...only, errorMessage: only.errorMessage ?? 'NONE' }
  }
})

async function find(key: string, keyType: number, { broker, session }: RequestContext): Promise<Found> {
  if (keyType !== groupKeyType) {
    const kind = absentKinds.get(keyType)
    if (kind === undefined) return notFound(key, ErrorCode.INVALID_REQUEST, `There is no coordinator type ${keyType}.`)
    return notFound(key, ErrorCode.UNSUPPORTED_VERSION, `This broker has no coordinator for ${kind}.`)
  }
  if (!(await broker.ensureGroupCoordinators())) {
    return notFound(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, 'The topic __consumer_offsets could not be made.')
  }
  const nodeId = broker.groupCoordinatorNode(key)
  if (nodeId === broker.nodeId && (await broker.groupCoordinatorFor(key)) === undefined) {
    const message = 'The log of this group is offline: see what the broker has logged.'
    return notFound(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, message)
  }
  const coordinator = describeBroker(broker, session, nodeId)
  if (coordinator === null) {
    return notFound(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, 'Nobody leads the partition that has this group.')
  }
  const { host, port } = coordinator
  return { key, nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: null }
}

function notFound(key: string, errorCode: ErrorCode, errorMessage: string): Found {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage }
}
