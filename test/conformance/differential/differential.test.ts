/**
 * The same requests to ours and to a real Apache Kafka, in every version that both advertise: the answers must be the same,
 * apart from what each names by itself. With `--target kafka` it compares Apache Kafka with itself, which proves the cases.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { adminCases } from './admin-cases.ts'
import { Api, type Case } from './case.ts'
import { configCases } from './config-cases.ts'
import { groupCases } from './group-cases.ts'
import { differences, normalForm } from './normal-form.ts'
import { refusalCases, refusalTopics } from './refusal-cases.ts'
import { fieldOf, type Plain, Session } from './session.ts'
import { topicCases } from './topic-cases.ts'
import { zstdCases } from './zstd-cases.ts'

const LINES_SHOWN = 40
const cases: readonly Case[] = [
  ...refusalTopics,
  ...topicCases,
  ...zstdCases,
  ...refusalCases,
  ...groupCases,
  ...configCases,
  ...adminCases
]
/** Topics go last, because all else speaks of them. */
const ordered = [
  ...cases.filter(({ api }) => api !== Api.DeleteTopics),
  ...cases.filter(({ api }) => api === Api.DeleteTopics)
]

type Ranges = ReadonlyMap<number, readonly [lowest: number, highest: number]>

describe('the same answers as Apache Kafka', { skip: skipUnless(target(), kafkaJars('broker')) }, () => {
  let brokers: BrokerProcess[] = []
  let ours: Session
  let theirs: Session
  let ranges: readonly [ours: Ranges, theirs: Ranges]

  before(async () => {
    brokers = await Promise.all([startTarget(), startRealKafka()])
    const [own, reference] = brokers
    assert.ok(own && reference)
    ours = new Session(own.bootstrap)
    theirs = new Session(reference.bootstrap)
    ranges = [await advertised(ours), await advertised(theirs)]
    for (const session of [ours, theirs]) await coordinatorsReady(session)
  })

  after(async () => {
    ours?.close()
    theirs?.close()
    await Promise.all(brokers.map((broker) => broker.stop()))
  })

  test('ours advertises nothing that Apache Kafka does not', () => {
    const [own, reference] = ranges
    for (const [api, [lowest, highest]] of own) {
      const [kafkaLowest, kafkaHighest] = reference.get(api) ?? [0, -1]
      assert.ok(lowest >= kafkaLowest && highest <= kafkaHighest, `api ${api}: ${lowest} to ${highest}`)
    }
  })

  test('ours has every API of this comparison in all of its versions', () => {
    const [own, reference] = ranges
    const lacking = [...new Set(cases.map(({ api }) => api))].filter(
      (api) => String(own.get(api)) !== String(reference.get(api))
    )
    assert.deepEqual(lacking, [])
  })

  for (const one of ordered) {
    const name = Object.entries(Api).find(([, key]) => key === one.api)?.[0]
    test(`${name}: ${one.what}`, async () => {
      assert.deepEqual(await compare(one), [])
    })
  }

  async function compare(one: Case): Promise<string[]> {
    const [own, reference] = ranges.map((range) => range.get(one.api) ?? ([0, -1] as const))
    const lowest = Math.max(own?.[0] ?? 0, reference?.[0] ?? 0, one.from ?? 0)
    const highest = Math.min(own?.[1] ?? -1, reference?.[1] ?? -1, one.to ?? Number.POSITIVE_INFINITY)
    const found: string[] = []
    for (let version = lowest; version <= highest; version += 1) {
      const [answer, expected] = await Promise.all([exchange(one, version, ours), exchange(one, version, theirs)])
      const lines = differences(normalForm(answer, one.own), normalForm(expected, one.own))
      found.push(...lines.map((line) => `v${version} ${line}`))
    }
    return found.length > LINES_SHOWN
      ? [...found.slice(0, LINES_SHOWN), `and ${found.length - LINES_SHOWN} more`]
      : found
  }
})

async function exchange(one: Case, version: number, session: Session): Promise<Plain> {
  const request = one.request(version, session)
  const answer = await session.ask(one.api, version, request)
  if (one.api === Api.CreateTopics && !isOnlyValidated(request)) await untilKnown(session, answer)
  one.note?.(answer, version, session)
  return answer
}

function isOnlyValidated(request: unknown): boolean {
  return typeof request === 'object' && request !== null && 'validateOnly' in request && request.validateOnly === true
}

/** A broker of Kafka hears of a topic a moment after the controller has answered that it is made: what comes next may be asked too early. */
async function untilKnown(session: Session, answer: Plain): Promise<void> {
  const made = topicsOf(answer).filter((topic) => fieldOf(topic, 'errorCode') === 0)
  for (const name of made.map((topic) => fieldOf(topic, 'name'))) {
    for (let left = 1000; ; left -= 1) {
      const known = await session.ask(Api.Metadata, 4, { topics: [{ name }], allowAutoTopicCreation: false })
      if (topicsOf(known).every((topic) => fieldOf(topic, 'errorCode') === 0)) break
      if (left === 0) throw new Error(`${String(name)} is made, and not known`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function topicsOf(answer: Plain): readonly Plain[] {
  const topics = fieldOf(answer, 'topics')
  return Array.isArray(topics) ? topics : []
}

async function advertised(session: Session): Promise<Ranges> {
  const answer = await session.ask(Api.ApiVersions, 0, {})
  assert.ok(typeof answer === 'object' && answer !== null && 'apiKeys' in answer && Array.isArray(answer.apiKeys))
  return new Map(
    answer.apiKeys.map((range): [number, [number, number]] => {
      assert.ok(typeof range === 'object' && range !== null && 'apiKey' in range)
      return [Number(range.apiKey), [Number(range.minVersion), Number(range.maxVersion)]]
    })
  )
}

/** The topic of the groups' offsets comes into being with the first question for it, and so do producer ids. */
async function coordinatorsReady(session: Session): Promise<void> {
  const warmUps: [api: number, version: number, request: object][] = [
    [Api.FindCoordinator, 0, { key: 'warm-up' }],
    [Api.OffsetFetch, 2, { groupId: 'warm-up', topics: [] }],
    [Api.InitProducerId, 0, { transactionalId: null, transactionTimeoutMs: 60_000 }]
  ]
  for (const [api, version, request] of warmUps) {
    for (let left = 300; fieldOf(await session.ask(api, version, request), 'errorCode') !== 0; left -= 1) {
      if (left === 0) throw new Error(`API ${api} did not come up`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
