/**
 * FindCoordinator (10): which broker looks after a group, a transactional id, or a share partition.
 *
 * v1 key type, error message · v3 flexible · v4 many keys at once · v5 new errors · v6 share partitions
 * It is the leader of the key's partition of `__consumer_offsets`, `__transaction_state` or `__share_group_state`, topics that are made on first
 * use, as in Kafka.
 */
import { nameOfKey } from '../../coordination/share-states/state.ts'
import { limits } from '../../limits.ts'
import { ApiKey } from '../../protocol/api-keys.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FindCoordinatorRequest } from '../../protocol/generated/api/find-coordinator-request.ts'
import { FindCoordinatorResponse } from '../../protocol/generated/api/find-coordinator-response.ts'
import { api, type RequestContext } from '../api.ts'
import type { Broker } from '../broker.ts'
import { describeBroker } from '../described-brokers.ts'
import type { StateTopic } from '../state-topic.ts'

interface Found {
  readonly key: string
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
}

const groupKeyType = 0
const transactionKeyType = 1
const shareKeyType = 2
const firstVersionWithManyKeys = 4
const firstVersionWithShares = 6

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

async function find(key: string, keyType: number, { broker, session, apiVersion }: RequestContext): Promise<Found> {
  const kind = kindOf(keyType, broker)
  if (kind === null || (keyType === shareKeyType && apiVersion < firstVersionWithShares))
    return notFound(key, ErrorCode.INVALID_REQUEST, `There is no coordinator type ${keyType}.`)
  const name = kind.nameOf(key)
  if (name === null) return notFound(key, ErrorCode.INVALID_REQUEST, `${key} is no key of a ${kind.keys}.`)
  const { topic, of, keys } = kind
  if (!(await topic.ensure())) {
    return notFound(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, `The topic ${topic.name} could not be made.`)
  }
  const nodeId = topic.nodeOf(name)
  if (nodeId === broker.nodeId && (await of(name)) === undefined) {
    const message = `The log of this ${keys} is offline: see what the broker has logged.`
    return notFound(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, message)
  }
  const coordinator = describeBroker(broker, session, nodeId)
  if (coordinator === null) {
    return notFound(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, `Nobody leads the partition that has this ${keys}.`)
  }
  const { host, port } = coordinator
  return { key, nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: null }
}

interface Kind {
  readonly topic: StateTopic
  readonly of: (name: string) => Promise<object | undefined>
  readonly keys: string
  /** By what the topic's partition is chosen; null for a key that is none. */
  readonly nameOf: (key: string) => string | null
}

function kindOf(keyType: number, { groups, transactions, shares }: Broker): Kind | null {
  const asItIs = (key: string): string => key
  if (keyType === groupKeyType)
    return { topic: groups.topic, of: (name) => groups.of(name), keys: 'group', nameOf: asItIs }
  if (keyType === transactionKeyType) {
    const { coordinators } = transactions
    return { topic: coordinators.topic, of: (name) => coordinators.of(name), keys: 'transactional id', nameOf: asItIs }
  }
  if (keyType !== shareKeyType) return null
  const { coordinators } = shares
  return { topic: coordinators.topic, of: (name) => coordinators.of(name), keys: 'share partition', nameOf: nameOfKey }
}

function notFound(key: string, errorCode: ErrorCode, errorMessage: string): Found {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage }
}
