import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiKey } from '../../src/protocol/api-keys.ts'
import {
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  requestHeaderVersion,
  responseHeaderVersion
} from '../../src/protocol/frame.ts'
import { ApiVersionsRequest } from '../../src/protocol/generated/api/api-versions-request.ts'
import { ApiVersionsResponse } from '../../src/protocol/generated/api/api-versions-response.ts'
import { FetchResponse } from '../../src/protocol/generated/api/fetch-response.ts'
import { RequestHeader } from '../../src/protocol/generated/api/request-header.ts'
import { ProtocolError, Reader } from '../../src/protocol/primitives.ts'

test('flexible versions have the headers with tagged fields', () => {
  assert.equal(requestHeaderVersion(ApiKey.Fetch, 11), 1)
  assert.equal(requestHeaderVersion(ApiKey.Fetch, 12), 2)
  assert.equal(responseHeaderVersion(ApiKey.Fetch, 11), 0)
  assert.equal(responseHeaderVersion(ApiKey.Fetch, 12), 1)
  assert.equal(requestHeaderVersion(ApiKey.SaslHandshake, 1), 1)
})

test('ApiVersions is answered with the oldest header in every version', () => {
  for (const version of [0, 3, 4, 99]) assert.equal(responseHeaderVersion(ApiKey.ApiVersions, version), 0)
  assert.equal(requestHeaderVersion(ApiKey.ApiVersions, 99), 2)
})

test('the header of a request is read as the generated codec writes it', () => {
  for (const [apiVersion, clientId] of [
    [2, 'me'],
    [3, 'me'],
    [4, null],
    [0, null]
  ] as const) {
    const value = { ...ApiVersionsHeader, requestApiVersion: apiVersion, clientId }
    const [frame = Buffer.alloc(0)] = encodeRequest(7, clientId, ApiVersionsRequest, apiVersion, {})
    assert.equal(frame.readInt32BE(0), frame.length - 4)
    const byCodec = RequestHeader.decode(new Reader(frame, 4), apiVersion >= 3 ? 2 : 1)
    assert.deepEqual(decodeRequestHeader(new Reader(frame, 4)), value)
    assert.deepEqual(byCodec, value)
  }
})

const ApiVersionsHeader = { requestApiKey: 18, requestApiVersion: 0, correlationId: 7, clientId: null }

test('a key that Kafka does not serve gives no header, since nothing is known of what follows', () => {
  for (const key of [4, 7, 52_00, -1]) {
    const bytes = Buffer.alloc(12)
    bytes.writeInt16BE(key)
    assert.equal(decodeRequestHeader(new Reader(bytes)), null)
  }
  assert.throws(() => decodeRequestHeader(new Reader(Buffer.from('0012000000', 'hex'))), ProtocolError)
})

test('records in an answer are passed through, not copied', () => {
  const records = Buffer.alloc(4096, 9)
  const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 5, records }
  const value = { responses: [{ topic: 't', partitions: [partition] }] }
  const chunks = encodeResponse(3, FetchResponse, 12, value)
  assert.ok(chunks.includes(records))
  const frame = Buffer.concat(chunks)
  assert.equal(frame.readInt32BE(0), frame.length - 4)
  const decoded = decodeResponse(new Reader(frame, 4), 3, FetchResponse, 12)
  assert.deepEqual(decoded.responses[0]?.partitions[0]?.records, records)
})

test('an answer to another request is refused', () => {
  const frame = Buffer.concat(encodeResponse(3, ApiVersionsResponse, 3, { errorCode: 0, apiKeys: [] }))
  assert.throws(() => decodeResponse(new Reader(frame, 4), 4, ApiVersionsResponse, 3), ProtocolError)
})
