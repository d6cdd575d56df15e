/** The generated code as a whole: it is what the facts give, and its words are Kafka's. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { ApiKey, apiFacts, apiFactsOf, apiName } from '../../src/protocol/api-keys.ts'
import { ErrorCode, errorName, isRetriable } from '../../src/protocol/error-codes.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { MetadataRequest } from '../../src/protocol/generated/api/metadata-request.ts'
import { ProduceResponse } from '../../src/protocol/generated/api/produce-response.ts'
import { apiCodecs } from '../../src/protocol/generated/api/registry.ts'
import { ConsumerGroupMetadataValue } from '../../src/protocol/generated/group-log/consumer-group-metadata-value.ts'
import { EncodeError, Reader } from '../../src/protocol/primitives.ts'
import { factsFolder } from '../../tools/generate-protocol/facts.ts'
import { structTypeName } from '../../tools/generate-protocol/model.ts'
import { encoded } from './messages.ts'

test('the committed code is what the committed facts give', () => {
  const main = `${factsFolder}/../main.ts`
  const output = execFileSync(process.execPath, ['--import', 'tsx', main, '--check'], { encoding: 'utf8' })
  assert.match(output, /are what the facts give/)
})

test('every API key that Kafka serves has a request and a response of its own', () => {
  const served = apiFacts.filter(({ highestVersion }) => highestVersion >= 0)
  assert.deepEqual(
    apiCodecs.map(({ key, name }) => [key, name]),
    served.map(({ key, name }) => [key, name])
  )
  for (const { key, request, response } of apiCodecs) {
    assert.deepEqual([request.apiKey, response.apiKey], [key, key])
    assert.deepEqual([request.lowestVersion, request.highestVersion], [response.lowestVersion, response.highestVersion])
  }
  assert.equal(apiFacts.length, 95)
})

test('an API is known by its key', () => {
  assert.equal(apiName(ApiKey.Fetch), 'Fetch')
  assert.equal(apiName(9999), 'API_9999')
  assert.equal(apiFactsOf(ApiKey.LeaderAndIsr)?.highestVersion, -1)
  assert.equal(apiFactsOf(-1), undefined)
})

test('an error is known by its code', () => {
  assert.equal(ErrorCode.UNKNOWN_SERVER_ERROR, -1)
  assert.equal(errorName(ErrorCode.NOT_LEADER_OR_FOLLOWER), 'NOT_LEADER_OR_FOLLOWER')
  assert.equal(errorName(12_345), 'ERROR_12345')
  assert.ok(isRetriable(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
  assert.ok(!isRetriable(ErrorCode.NONE) && !isRetriable(ErrorCode.TOPIC_AUTHORIZATION_FAILED))
})

test('a value that the version cannot carry is refused, unless the schema lets it be dropped', () => {
  const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }
  const request = (fields: object) => ({
    maxWaitMs: 1,
    minBytes: 1,
    topics: [{ topic: 't', partitions: [partition] }],
    ...fields
  })
  assert.throws(() => encoded(FetchRequest, request({ replicaState: { replicaId: 1 } }), 12), EncodeError)
  assert.deepEqual(encoded(FetchRequest, request({ sessionId: 9 }), 5), encoded(FetchRequest, request({}), 5))
  assert.throws(() => encoded(MetadataRequest, { topics: null }, 0), EncodeError)
  assert.throws(() => encoded(MetadataRequest, { topics: [{ name: null }] }, 9), EncodeError)
})

test('a tagged field with its default is not written', () => {
  const partition = { index: 0, errorCode: 0, baseOffset: 0 }
  const answer = (currentLeader: object | undefined) => ({
    responses: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitionResponses: [{ ...partition, currentLeader }] }]
  })
  const plain = encoded(ProduceResponse, answer(undefined), 13)
  assert.deepEqual(encoded(ProduceResponse, answer({ leaderId: -1, leaderEpoch: -1 }), 13), plain)
  assert.ok(encoded(ProduceResponse, answer({ leaderId: 2, leaderEpoch: -1 }), 13).length > plain.length)
})

test('the hash of a group keeps all its 64 bits', () => {
  const metadataHash = -(2n ** 63n) + 1n
  const bytes = encoded(ConsumerGroupMetadataValue, { epoch: 1, metadataHash }, 0)
  assert.equal(ConsumerGroupMetadataValue.decode(new Reader(bytes), 0).metadataHash, metadataHash)
})

test('a struct is named after its message without saying anything twice', () => {
  assert.equal(structTypeName('FetchRequest', 'FetchTopic'), 'FetchRequestTopic')
  assert.equal(structTypeName('MetadataResponse', 'MetadataResponseBroker'), 'MetadataResponseBroker')
  assert.equal(structTypeName('ProduceRequest', 'TopicProduceData'), 'ProduceRequestTopicProduceData')
})
