/** FindCoordinator of share partitions: of keys that are some, and of keys that nearly are, ours and a real Apache Kafka think the same. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from '../../harness/properties.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { until } from '../differential/sequences.ts'
import { fieldOf, Session } from '../differential/session.ts'
import { Api, strangeId } from './steps.ts'

const shareKeyType = 2
const keysOfARun = 60

const piece = fc.oneof(
  fc.constantFrom('g', 'a b', ' ', '', '\t', '\u00a0', 'é', ':'),
  fc.constantFrom(
    strangeId,
    `${strangeId}=`,
    `${strangeId}==`,
    `${strangeId}x`,
    strangeId.slice(1),
    `+${strangeId.slice(1)}`
  ),
  fc.constantFrom('0', '-1', '+7', '007', '1 ', '0x1', '2147483647', '2147483648', '-2147483648', '-2147483649', '1.0')
)
const wellFormed = fc
  .tuple(fc.constantFrom('g', 'g:h', 'é', ' g', ' ', '\t', '\u00a0', '\u2003', '\u0000', '\u200b'), fc.nat(9))
  .map(([g, p]) => `${g}:${strangeId}:${p}`)
const key = fc.oneof(
  { weight: 3, arbitrary: wellFormed },
  { weight: 6, arbitrary: fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(':')) }
)

test('FindCoordinator of share partitions', { skip: skipUnless(target(), kafkaJars('broker')) }, async () => {
  const brokers = await Promise.all([startTarget(), startRealKafka()])
  const sessions = brokers.map(({ bootstrap }) => new Session(bootstrap))
  const told = async (session: Session, coordinatorKeys: readonly string[], version: number) => {
    const answer = await session.ask(Api.FindCoordinator, version, { keyType: shareKeyType, coordinatorKeys })
    const coordinators = fieldOf(answer, 'coordinators')
    assert.ok(Array.isArray(coordinators))
    return coordinators.map((one) => ({ key: fieldOf(one, 'key'), errorCode: fieldOf(one, 'errorCode') }))
  }
  try {
    const known = [`g:${strangeId}:0`]
    for (const session of sessions) await until(async () => (await told(session, known, 6))[0]?.errorCode === 0)
    const keys = fc.sample(key, { numRuns: 5 * keysOfARun, seed: 932 })
    for (let first = 0; first < keys.length; first += keysOfARun) {
      const some = keys.slice(first, first + keysOfARun)
      for (const version of [4, 5, 6]) {
        const [ours, theirs] = await Promise.all(sessions.map((session) => told(session, some, version)))
        assert.deepEqual(ours, theirs)
        if (version === 6) assert.ok(new Set(ours?.map(({ errorCode }) => errorCode)).size > 1, 'keys of both kinds')
      }
    }
  } finally {
    for (const session of sessions) session.close()
    await Promise.all(brokers.map((broker) => broker.stop()))
  }
})
