/**
 * Odradek and Apache Kafka in turns on one directory, with a share group in it: each finds members, epochs, assignments and offsets as the one
 * before left them, and its members go on. DumpLogSegments reads every record of the group.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { javaTool } from '../../harness/java-tool.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { until } from '../differential/sequences.ts'
import { fieldOf, type Plain, Session, textOf } from '../differential/session.ts'
import { Api } from './steps.ts'

const group = 'workers'
const skip = skipUnless(odradek(), kafkaJars('broker'), kafkaJars('tools'))
const initializedMs = 300

test('a share group is the same to whoever has the directory', { skip }, async () => {
  using data = temporaryDirectory('share-turns')
  const dataDirectory = data.path
  let left: Plain = null
  for (const [turn, start] of [startOdradek, startRealKafka, startOdradek, startRealKafka].entries()) {
    const broker: BrokerProcess = await start({ dataDirectory })
    const session = new Session(broker.bootstrap)
    try {
      await ready(session)
      if (turn === 0) await begin(session)
      else assert.deepEqual(await describe(session), left, `turn ${turn}`)
      await change(session, turn)
      left = await describe(session)
    } finally {
      session.close()
      await broker.stop()
    }
  }
  await assertReadable(dataDirectory)
})

async function ready(session: Session): Promise<void> {
  const coordinator = { keyType: 0, coordinatorKeys: [group] }
  await until(async () => fieldOf(await session.ask(Api.FindCoordinator, 4, coordinator), 'errorCode') === 0)
  const groupIds = [group]
  await until(async () => {
    const answer = await session.ask(Api.ShareGroupDescribe, 1, { groupIds, includeAuthorizedOperations: false })
    return [0, 69].includes(Number(fieldOf(fieldOf(answer, 'groups') ?? null, 'errorCode')))
  })
}

async function begin(session: Session): Promise<void> {
  const topics = ['orders', 'payments'].map((name) => ({
    ...{ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }
  }))
  await session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
  const configs = [{ name: 'share.assignment.interval.ms', configOperation: 0, value: '0' }]
  const resources = [{ resourceType: 32, resourceName: group, configs }]
  await session.ask(Api.IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  await setTimeout(initializedMs)
  const partitions = [{ partitionIndex: 1, startOffset: 0 }]
  const asked = { groupId: group, topics: [{ topicName: 'payments', partitions }] }
  await until(async () => !/"errorCode":-?[1-9]/.test(textOf(await session.ask(Api.AlterShareGroupOffsets, 0, asked))))
}

/** Who is there says so in the epoch that it heard of, one more joins, and one of before leaves. */
async function change(session: Session, turn: number): Promise<void> {
  const known = await membersOf(session)
  assert.equal(known.length > 0, turn > 0)
  for (const { memberId, memberEpoch } of known) await beat(session, memberId, memberEpoch, null)
  const subscribed = turn % 2 === 0 ? ['orders', 'payments'] : ['orders']
  await beat(session, `member-${turn}`, 0, subscribed)
  await setTimeout(initializedMs)
  if (turn === 2) await beat(session, 'member-0', -1, null)
  for (const { memberId, memberEpoch } of await membersOf(session)) await beat(session, memberId, memberEpoch, null)
}

async function beat(session: Session, memberId: string, memberEpoch: number, topics: string[] | null): Promise<void> {
  const asked = { groupId: group, memberId, memberEpoch, rackId: null, subscribedTopicNames: topics }
  const answer = await session.ask(Api.ShareGroupHeartbeat, 1, asked)
  assert.equal(fieldOf(answer, 'errorCode'), 0, textOf(answer))
}

async function membersOf(session: Session): Promise<{ memberId: string; memberEpoch: number }[]> {
  const members = fieldOf(await describe(session), 'members')
  return (members ?? []) as unknown as { memberId: string; memberEpoch: number }[]
}

/** The group and its offsets, in an order that means something. */
async function describe(session: Session): Promise<Plain> {
  const groupIds = [group]
  const offsets = { groups: [{ groupId: group, topics: null }] }
  return sorted([
    await session.ask(Api.ShareGroupDescribe, 1, { groupIds, includeAuthorizedOperations: false }),
    await session.ask(Api.DescribeShareGroupOffsets, 1, offsets)
  ])
}

function sorted(value: Plain): Plain {
  if (Array.isArray(value)) {
    const elements = value.map(sorted)
    return elements.sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, sorted(inner)]))
}

async function assertReadable(dataDirectory: string): Promise<void> {
  const files = readdirSync(dataDirectory)
    .filter((name) => name.startsWith('__consumer_offsets-'))
    .map((name) => join(dataDirectory, name, '00000000000000000000.log'))
  const args = ['--files', files.join(','), '--deep-iteration', '--offsets-decoder']
  const text = (await javaTool('org.apache.kafka.tools.DumpLogSegments', args)).toString()
  for (const type of [10, 11, 12, 13, 14, 15]) assert.match(text, new RegExp(`"type":"?${type}\\b`), `type ${type}`)
  assert.doesNotMatch(text, /Could not|could not|Unable|Error at offset/)
}
