/** Where a broker of a directory listens, how long is waited, and what is told when it cannot be reached. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { limits } from '../../../src/limits.ts'
import { StartError } from '../../../src/server/start-error.ts'
import {
  answerMs,
  firstPlace,
  isHopeless,
  missingBroker,
  otherPlace,
  pauseMs
} from '../../../src/server/takeover/choices.ts'
import * as fc from '../../harness/properties.ts'

const chance = new SeededChance(1)
const fresh = { remembered: null, wantedPort: 0, isTakeover: false }
const remembered = { host: 'localhost', port: 9092 }

test('a new directory gets a port by chance, one that no system lends to outgoing connections', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const place = firstPlace(fresh, new SeededChance(seed))
      assert.equal(place.host, '127.0.0.1')
      assert.ok(place.port >= 20_000 && place.port < 32_768, `${place.port}`)
    })
  )
})

test('a directory that was served before is served there again', () => {
  assert.deepEqual(firstPlace({ ...fresh, remembered }, chance), remembered)
  assert.deepEqual(firstPlace({ ...fresh, remembered, isTakeover: true }, chance), remembered)
})

test('a port that is asked for counts for the first who serves; in a takeover clients hold the remembered one', () => {
  const wishes = { remembered, wantedPort: 9500, isTakeover: false }
  assert.deepEqual(firstPlace(wishes, chance), { host: 'localhost', port: 9500 })
  assert.deepEqual(firstPlace({ ...wishes, isTakeover: true }, chance), remembered)
  assert.equal(firstPlace({ ...wishes, remembered: null, isTakeover: true }, chance).port, 9500)
})

test('what was served to a network is taken over for this machine only', () => {
  for (const host of ['192.168.1.5', 'kafka.example', '::', '128.0.0.1'])
    assert.deepEqual(firstPlace({ ...fresh, remembered: { host, port: 9092 } }, chance), {
      host: '127.0.0.1',
      port: 9092
    })
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1'])
    assert.deepEqual(firstPlace({ ...fresh, remembered: { host, port: 9092 } }, chance), { host, port: 9092 })
})

test('a port that a stranger has is given up for another, but not before anyone could hold one that was asked for', () => {
  const other = otherPlace(remembered, { ...fresh, remembered }, chance)
  assert.equal(other?.host, 'localhost')
  assert.notEqual(other?.port, 9092)
  assert.equal(otherPlace(remembered, { ...fresh, wantedPort: 9092 }, chance), null)
  assert.notEqual(otherPlace(remembered, { remembered, wantedPort: 9092, isTakeover: true }, chance), null)
})

test('pauses begin short, never grow long, and differ by chance', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000 }), fc.nat(), (attempt, seed) => {
      const pause = pauseMs(attempt, new SeededChance(seed))
      assert.ok(pause >= 4 && pause <= limits.takeoverPauseMs + 1, `${pause}`)
    })
  )
  const pauses = (attempt: number) => Array.from({ length: 200 }, (_, seed) => pauseMs(attempt, new SeededChance(seed)))
  assert.ok(Math.max(...pauses(0)) <= 10)
  assert.ok(new Set(pauses(8)).size > 10)
})

test('a silent one is waited for longer each time, up to a limit', () => {
  const waits = Array.from({ length: 40 }, (_, silences) => answerMs(silences))
  assert.equal(waits[0], 200)
  assert.deepEqual(
    waits,
    waits.toSorted((a, b) => a - b)
  )
  assert.equal(waits.at(-1), limits.peerAnswerMs)
})

test('whoever opens is told at once of a foreign holder, and after a while of one that cannot be reached', () => {
  assert.equal(isHopeless('foreign', 0), true)
  assert.equal(isHopeless('unreachable', limits.openUnreachableMs - 1), false)
  assert.equal(isHopeless('unreachable', limits.openUnreachableMs), true)
  assert.equal(isHopeless('silent', limits.openUnreachableMs), false)
  assert.equal(isHopeless('silent', limits.openSilentMs), true)
})

test('a holder that cannot be used is told with its process, why, and what to do', () => {
  const inUse = new StartError('directory-in-use', 'The directory /data is in use by process 7.\n  why: …\n  try: …')
  const lines = missingBroker(inUse, 'unreachable', null).message.split('\n')
  assert.deepEqual(lines, [
    'The directory /data is in use by process 7.',
    '  why: that process does not say where it listens',
    '  try: Connect to it by its own address, or stop it and start this program again.'
  ])
  const whys = (['unreachable', 'silent', 'foreign'] as const).map(
    (missing) => missingBroker(inUse, missing, { host: '::1', port: 9092 }).message.split('\n')[1]
  )
  assert.deepEqual(whys, [
    '  why: its broker is not at [::1]:9092',
    '  why: whoever is at [::1]:9092 does not answer',
    '  why: it is locked as Apache Kafka does it, which does not say where it listens'
  ])
})
