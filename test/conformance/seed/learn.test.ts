/**
 * Every claim that `odradek learn` makes, checked against the embedded broker and against Apache Kafka: once by the lesson,
 * once by another client that reads what the lesson has left there.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { allConcepts } from '../../../src/cli/learn/concepts/all.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { freePort } from '../../harness/free-port.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { execJars, skipUnless } from '../../harness/tools.ts'
import { bothBrokers } from './both-brokers.ts'
import { readBroker } from './broker-reading.ts'
import { claimChecks, type Evidence } from './claim-checks.ts'
import { type Hands, type LessonRows, runLessons } from './lessons.ts'
import { startThreeBrokers } from './three-brokers.ts'

const embedded = 'the embedded broker'
const clusterOfOne = 'a cluster of one broker'
const severalBrokers = 'several brokers'

for (const { name, tool, start } of bothBrokers) {
  const title = `all claims on ${name}, as a cluster that the reader stops and starts`
  test(title, { skip: skipUnless(tool()) }, async () => {
    using data = temporaryDirectory('learn')
    const port = await freePort()
    let broker: BrokerProcess = await start({ dataDirectory: data.path, port })
    const hands: Hands = {
      stop: () => broker.kill(),
      async start() {
        broker = await start({ dataDirectory: data.path, port })
      }
    }
    try {
      const lessons = await runLessons(['all', '-b', broker.bootstrap], hands)
      const reading = await readBroker([broker.bootstrap], 'learn-')
      assert.equal(lessons.length, allConcepts.length)
      for (const lesson of lessons) {
        hasClaims(lesson, [clusterOfOne])
        holdsAgain(lesson, { ...reading, dataDirectory: data.path })
      }
    } finally {
      await broker.stop()
    }
  })
}

test('all claims on the brokers that a lesson starts, stops and kills', { skip: skipUnless(odradek()) }, async () => {
  const lessons = await runLessons(['all'])
  try {
    assert.equal(lessons.length, allConcepts.length)
    for (const lesson of lessons) {
      const isOfThree = lesson.concept === 'replication-factor'
      hasClaims(lesson, [isOfThree ? severalBrokers : embedded])
      const dataDirectory = lesson.directory ?? ''
      await using broker = await startOdradek({ dataDirectory, ...(isOfThree && { brokers: 3 }) })
      holdsAgain(lesson, { ...(await readBroker([broker.bootstrap], lesson.prefix)), dataDirectory })
    }
  } finally {
    for (const { directory } of lessons) rmSync(directory ?? '', { recursive: true, force: true })
  }
})

const onThree = 'what several brokers add, on a real cluster of three whose leader is stopped'
test(onThree, { skip: skipUnless(execJars()) }, async () => {
  await using cluster = await startThreeBrokers()
  const bootstrap = [...cluster.bootstrap]
  for (const word of ['broker', 'replication']) {
    const [lesson] = await runLessons([word, '-b', bootstrap.join(',')], cluster)
    assert.ok(lesson)
    hasClaims(lesson, [severalBrokers])
    holdsAgain(lesson, { ...(await readBroker(bootstrap, lesson.prefix)), dataDirectory: null })
  }
})

/** All that have their place everywhere or in one of these places, and no others. */
function hasClaims(lesson: LessonRows, places: readonly string[]): void {
  const concept = allConcepts.find((one) => one.name === lesson.concept)
  const expected = Object.entries(concept?.claims ?? {})
    .filter(([, claim]) => claim.on === undefined || places.includes(claim.on))
    .map(([id]) => id)
  assert.deepEqual(lesson.claims.map((claim) => claim.id).sort(), expected.sort(), lesson.concept)
}

function holdsAgain(lesson: LessonRows, evidence: Evidence): void {
  for (const { id, holds, statement, measured } of lesson.claims) {
    assert.ok(holds, `${lesson.concept}: ${statement}`)
    const check = claimChecks[lesson.concept]?.[id]
    assert.ok(check, `${lesson.concept}: ${id} is checked`)
    check(measured, evidence)
  }
}
