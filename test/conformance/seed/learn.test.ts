/**
 * Every claim that `odradek learn` makes, checked against the embedded broker and against Apache Kafka: once by the lesson,
 * once by another client that reads what the lesson has left there.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { concepts } from '../../../src/cli/learn/concepts/all.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { freePort } from '../../harness/free-port.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { execJars, found, skipUnless } from '../../harness/tools.ts'
import { Exec } from '../../withkafka/exec-sh.ts'
import { bothBrokers } from './both-brokers.ts'
import { readBroker } from './broker-reading.ts'
import { claimChecks, type Evidence } from './claim-checks.ts'
import { type Hands, type LessonRows, runLessons } from './lessons.ts'

const embedded = 'the embedded broker'
const oneBroker = 'one broker'
const clusterOfOne = 'a cluster of one broker'
const severalBrokers = 'a cluster of several brokers'

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
      assert.equal(lessons.length, concepts.length)
      for (const lesson of lessons) {
        hasClaims(lesson, [oneBroker, clusterOfOne])
        holdsAgain(lesson, { ...reading, dataDirectory: data.path })
      }
    } finally {
      await broker.stop()
    }
  })
}

test('all claims on a broker that a lesson starts, stops and kills', { skip: skipUnless(odradek()) }, async () => {
  const lessons = await runLessons(['all'])
  try {
    assert.equal(lessons.length, concepts.length)
    for (const lesson of lessons) {
      hasClaims(lesson, [embedded, oneBroker])
      const dataDirectory = lesson.directory ?? ''
      await using broker = await startOdradek({ dataDirectory })
      holdsAgain(lesson, { ...(await readBroker([broker.bootstrap], lesson.prefix)), dataDirectory })
    }
  } finally {
    for (const { directory } of lessons) rmSync(directory ?? '', { recursive: true, force: true })
  }
})

const onThree = 'what several brokers add, on a real cluster of three whose leader is stopped'
test(onThree, { skip: skipUnless(execJars()) }, async () => {
  using scratch = temporaryDirectory('learn-cluster')
  const port = await freeBasePort()
  const exec = new Exec(scratch.path, { KAFKA_PORT: String(port), KAFKA_JARS: found(execJars()) })
  const hands: Hands = {
    stop: async (broker) => void (await exec.done('stop-broker', String(broker))),
    start: async (broker) => void (await exec.done('start-broker', String(broker)))
  }
  const bootstrap = [0, 1, 2].map((more) => `localhost:${port + more}`)
  try {
    await exec.done('up', 'cluster')
    for (const word of ['broker', 'replication']) {
      const [lesson] = await runLessons([word, '-b', bootstrap.join(',')], hands)
      assert.ok(lesson)
      hasClaims(lesson, [severalBrokers])
      holdsAgain(lesson, { ...(await readBroker(bootstrap, lesson.prefix)), dataDirectory: null })
    }
  } finally {
    await exec.done('down', '--delete-data')
  }
})

/** All that have their place everywhere or in one of these places, and no others. */
function hasClaims(lesson: LessonRows, places: readonly string[]): void {
  const concept = concepts.find((one) => one.name === lesson.concept)
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

/** A port at which exec.sh can start a cluster: this one and the next two are free, and their controllers' ten above. */
async function freeBasePort(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 10_000)
    const ports = [0, 1, 2, 10, 11, 12].map((distance) => base + distance)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
