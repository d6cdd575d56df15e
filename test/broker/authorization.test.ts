/** What each API takes is asked of the authorizer before a request is handled, and nothing is done for who may not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allApis } from '../../src/broker/apis/all.ts'
import { type Authorizer, allowEverything, type Permission, refusalOf } from '../../src/broker/authorizer.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'
import { CreateTopicsRequest } from '../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../src/protocol/generated/api/create-topics-response.ts'
import { HeartbeatRequest } from '../../src/protocol/generated/api/heartbeat-request.ts'
import { HeartbeatResponse } from '../../src/protocol/generated/api/heartbeat-response.ts'
import { ask, session, startBroker } from './apis/setup.ts'

const only = (...allowed: readonly Permission[]): Authorizer => ({
  allows: (_, permission) => allowed.includes(permission)
})
const codeOf = (authorizer: Authorizer, authorization: Parameters<typeof refusalOf>[2]) =>
  refusalOf(authorizer, session, authorization)?.errorCode ?? ErrorCode.NONE

test('of every permission that an API takes the first that is missing says what the error is', () => {
  const commit = { every: ['read group', 'read topic'] } as const
  assert.equal(codeOf(only('read group', 'read topic'), commit), ErrorCode.NONE)
  assert.equal(codeOf(only('read group'), commit), ErrorCode.TOPIC_AUTHORIZATION_FAILED)
  assert.equal(codeOf(only('read topic'), commit), ErrorCode.GROUP_AUTHORIZATION_FAILED)
  assert.equal(codeOf(only(), commit), ErrorCode.GROUP_AUTHORIZATION_FAILED)
})

test('where one of several permissions is enough, none of them is too little', () => {
  const create = { some: ['create cluster', 'create topic'] } as const
  assert.equal(codeOf(only('create cluster'), create), ErrorCode.NONE)
  assert.equal(codeOf(only('create topic'), create), ErrorCode.NONE)
  assert.equal(codeOf(only('alter topic'), create), ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
  const list = { every: ['describe transactional id'] } as const
  assert.equal(codeOf(only(), list), ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
})

test('versions and the cluster are told to anybody; everything else has to be allowed, and is', () => {
  const open = [...allApis.values()].filter(({ authorization }) => codeOf(only(), authorization) === ErrorCode.NONE)
  assert.deepEqual(
    open.map(({ name }) => name),
    ['ApiVersions', 'DescribeCluster']
  )
  for (const { authorization } of allApis.values()) assert.equal(codeOf(allowEverything, authorization), ErrorCode.NONE)
})

test('who may not is answered as Kafka answers, and nothing is done', async () => {
  const broker = await startBroker()
  const told: Permission[] = []
  broker.authorizer = {
    allows: (who, permission) => {
      assert.equal(who, session)
      told.push(permission)
      return false
    }
  }
  const topics = [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  const created = await ask(broker, CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs: 1000 })
  assert.equal(created.topics[0]?.errorCode, ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
  assert.equal(created.topics[0]?.errorMessage, 'Cluster authorization failed.')
  assert.equal(broker.image.topicByName('orders'), undefined)
  const group = { groupId: 'billing', generationId: 1, memberId: 'm' }
  const { errorCode } = await ask(broker, HeartbeatRequest, HeartbeatResponse, 4, group)
  assert.equal(errorCode, ErrorCode.GROUP_AUTHORIZATION_FAILED)
  assert.deepEqual(told, ['create cluster', 'create topic', 'read group'])
  await broker.stop()
})
