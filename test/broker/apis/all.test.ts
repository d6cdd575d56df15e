import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { allApis } from '../../../src/broker/apis/all.ts'
import { ApiVersionsRequest } from '../../../src/protocol/generated/api/api-versions-request.ts'
import { ApiVersionsResponse } from '../../../src/protocol/generated/api/api-versions-response.ts'
import { ask, startBroker } from './setup.ts'

/** What Apache Kafka 4.4.0 advertises for these keys, read from its answer to ApiVersions. */
const kafka: Readonly<Record<number, readonly [number, number]>> = {
  0: [0, 13],
  1: [4, 18],
  2: [1, 11],
  3: [0, 13],
  8: [2, 10],
  9: [1, 10],
  10: [0, 6],
  11: [0, 9],
  12: [0, 4],
  13: [0, 5],
  14: [0, 5],
  15: [0, 6],
  16: [0, 5],
  18: [0, 5],
  19: [2, 7],
  20: [1, 6],
  21: [0, 2],
  22: [0, 5],
  23: [2, 4],
  24: [0, 5],
  25: [0, 4],
  26: [0, 5],
  27: [1, 2],
  28: [0, 6],
  29: [1, 3],
  30: [1, 3],
  31: [1, 3],
  32: [1, 4],
  33: [0, 2],
  34: [1, 2],
  35: [1, 5],
  37: [0, 3],
  42: [0, 3],
  43: [0, 2],
  44: [0, 1],
  45: [0, 1],
  46: [0, 0],
  47: [0, 0],
  48: [0, 1],
  50: [0, 0],
  55: [0, 2],
  60: [0, 2],
  61: [0, 0],
  64: [0, 0],
  65: [0, 0],
  66: [0, 2],
  68: [0, 1],
  69: [0, 1],
  74: [0, 1],
  75: [0, 0],
  76: [1, 1],
  77: [1, 1],
  78: [1, 2],
  79: [1, 2],
  83: [0, 0],
  84: [0, 0],
  85: [0, 1],
  86: [0, 0],
  87: [0, 1],
  88: [0, 1],
  89: [0, 1],
  90: [0, 1],
  91: [0, 0],
  92: [0, 0],
  93: [0, 0]
}

test('every file of the folder is in the list, under the key in its name', () => {
  const folder = new URL('../../../src/broker/apis/', import.meta.url)
  const keys = readdirSync(folder).flatMap((name) => (/^\d+-/.test(name) ? [Number.parseInt(name, 10)] : []))
  assert.deepEqual(
    [...allApis.keys()].sort((one, other) => one - other),
    keys.sort((one, other) => one - other)
  )
})

test('each API is advertised in the versions in which Apache Kafka 4.4.0 advertises it', async () => {
  const broker = await startBroker()
  const request = { clientSoftwareName: 'a-test', clientSoftwareVersion: '1.0' }
  for (let version = 0; version <= 5; version++) {
    const body = version >= 3 ? request : {}
    const { errorCode, apiKeys } = await ask(broker, ApiVersionsRequest, ApiVersionsResponse, version, body)
    assert.equal(errorCode, 0)
    const told = Object.fromEntries(
      apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]])
    )
    assert.deepEqual(told, kafka)
  }
})

test('a client that means another cluster or node is sent back to its bootstrap servers', async () => {
  const broker = await startBroker()
  const request = { clientSoftwareName: 'a-test', clientSoftwareVersion: '1.0' }
  const errorFor = async (more: object): Promise<number> =>
    (await ask(broker, ApiVersionsRequest, ApiVersionsResponse, 5, { ...request, ...more })).errorCode
  assert.equal(await errorFor({ clusterId: 'another', nodeId: -1 }), 129)
  assert.equal(await errorFor({ clusterId: broker.clusterId, nodeId: broker.nodeId + 1 }), 129)
  assert.equal(await errorFor({ clusterId: broker.clusterId, nodeId: broker.nodeId }), 0)
})
