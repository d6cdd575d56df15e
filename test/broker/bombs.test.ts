/** No request becomes larger in memory than its API declares, however few bytes it has: it is refused before. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { allApis } from '../../src/broker/apis/all.ts'
import { limits } from '../../src/limits.ts'
import { ApiKey } from '../../src/protocol/api-keys.ts'
import { ProtocolError } from '../../src/protocol/errors.ts'
import { decodeRequestHeader, encodeRequest } from '../../src/protocol/frame.ts'
import { FetchRequest } from '../../src/protocol/generated/api/fetch-request.ts'
import { SyncGroupRequest } from '../../src/protocol/generated/api/sync-group-request.ts'
import { Reader } from '../../src/protocol/reader.ts'
import { session, startBroker } from './apis/setup.ts'
import { type Bomb, bombsOf, codecOf } from './bombs.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const plenty = 0x7fff_ffff
const frameBytes = 8 * 1024
const mediumFrameBytes = 128 * 1024
const largeFrameBytes = 1024 * 1024
/** Each is decoded so often, as other things need memory as well. */
const times = 16
const noiseBytes = 512 * 1024

describe('what is decoded takes no more memory than was reckoned', () => {
  for (const { key, name, versions } of allApis.values()) {
    test(name, () => {
      const bombs = bombsOf(key, versions[1], frameBytes, ['lean', 'costly'])
      for (const bomb of bombs) decode(key, bomb, plenty)
      for (const bomb of bombs) {
        const before = memoryInUse()
        const decoded = Array.from({ length: times }, () => decode(key, bomb, plenty))
        const growth = (memoryInUse() - before) / times
        // Of a text each byte may become two.
        const reckoned = 2 * bomb.frame.length + Math.max(...decoded.map(({ memoryTaken }) => memoryTaken))
        assert.ok(growth <= reckoned + noiseBytes / times, `${bomb.name}: ${growth} bytes, ${reckoned} reckoned`)
      }
    })
  }
})

test('a request that would become larger than its API declares is refused before it is; any other is decoded', () => {
  const refused: string[] = []
  for (const { key, memoryBytes, versions } of allApis.values()) {
    for (const bomb of bombsOf(key, versions[1], mediumFrameBytes, ['lean'])) {
      const reckoned = decode(key, bomb, plenty).memoryTaken
      if (reckoned <= memoryBytes) decode(key, bomb, memoryBytes)
      else {
        assert.throws(() => decode(key, bomb, memoryBytes), ProtocolError, bomb.name)
        refused.push(bomb.name)
      }
    }
  }
  for (const name of ['JoinGroup', 'LeaveGroup', 'SyncGroup', 'ListGroups'])
    assert.ok(
      refused.some((bomb) => bomb.startsWith(`${name}Request`)),
      name
    )
})

test('2 MB of the shortest elements there are become no longer list than any API may have', () => {
  const key = ApiKey.AlterReplicaLogDirs
  const [bomb] = bombsOf(key, 2, 2 * largeFrameBytes, ['lean'])
  assert.ok(bomb !== undefined)
  assert.throws(() => decode(key, bomb, limits.decodedListBytes), ProtocolError)
})

test('every API without lists declares that it needs no memory for them, and no other does', () => {
  for (const { key, name, memoryBytes, versions } of allApis.values())
    assert.equal(memoryBytes === 0, bombsOf(key, versions[1], 100, ['lean']).length === 0, name)
})

test('a broker closes the connection of a bomb, and says what is wrong', async () => {
  const broker = await startBroker()
  const [bomb] = bombsOf(ApiKey.JoinGroup, 9, largeFrameBytes, ['lean'])
  assert.ok(bomb !== undefined)
  const answer = await broker.answer(session, bomb.frame)
  assert.ok(answer.kind === 'close')
  assert.match(
    answer.reason,
    /^JoinGroupRequest, byte \d+: an array of \d+ elements takes more memory than may be taken$/
  )
  await broker.stop()
})

test('the largest that clients may well ask for is decoded: 100,000 topics, and the members of a large group', () => {
  const partitions = [{ partition: 0, fetchOffset: 2 ** 40, partitionMaxBytes: limits.fetchBytes }]
  const topics = new Array(100_000).fill({ topic: 'the records of a tenant', partitions })
  const fetched = encodeRequest(7, 'c', FetchRequest, 12, { maxWaitMs: 500, minBytes: 1, topics })
  decode(ApiKey.Fetch, { version: 12, frame: frameOf(fetched) }, limits.decodedListBytes)
  const assignments = new Array(limits.groupMembers).fill({ memberId: 'a member', assignment: Buffer.alloc(100) })
  const synced = encodeRequest(7, 'c', SyncGroupRequest, 5, {
    groupId: 'g',
    generationId: 1,
    memberId: 'm',
    assignments
  })
  decode(ApiKey.SyncGroup, { version: 5, frame: frameOf(synced) }, limits.decodedMembersBytes)
})

function frameOf(chunks: readonly Buffer[]): Buffer {
  return Buffer.concat(chunks).subarray(4)
}

function decode(key: ApiKey, { frame, version }: Omit<Bomb, 'name'>, memoryBytes: number) {
  const reader = new Reader(frame)
  decodeRequestHeader(reader)
  reader.memoryLeft = memoryBytes
  const request = codecOf(key).request.decode(reader, version)
  assert.ok(typeof request === 'object' && request !== null)
  return { request, memoryTaken: memoryBytes - reader.memoryLeft }
}

function memoryInUse(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
