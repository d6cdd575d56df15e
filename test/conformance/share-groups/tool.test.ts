/** Apache Kafka's own tool for share groups (kafka-share-groups.sh), on ours and on a real Apache Kafka: it says the same of both, and does the same. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { tryJavaTool } from '../../harness/java-tool.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { until } from '../differential/sequences.ts'
import { fieldOf, Session, textOf } from '../differential/session.ts'
import { Api } from './steps.ts'

const tool = 'org.apache.kafka.tools.consumer.group.ShareGroupCommand'
const group = 'workers'
const skip = skipUnless(target(), kafkaJars('broker'), kafkaJars('tools'))

describe('kafka-share-groups.sh says the same of ours', { skip }, () => {
  let brokers: BrokerProcess[] = []
  let sessions: Session[] = []

  before(async () => {
    brokers = await Promise.all([startTarget(), startRealKafka()])
    sessions = brokers.map(({ bootstrap }) => new Session(bootstrap))
    await Promise.all(sessions.map(begin))
  })
  after(async () => {
    for (const session of sessions) session.close()
    await Promise.all(brokers.map((broker) => broker.stop()))
  })

  /** What the tool says on both, which has to be the same. */
  async function same(...args: readonly string[]): Promise<string> {
    const said = await Promise.all(
      brokers.map(async ({ bootstrap }) => {
        const { code, stdout, stderr } = await tryJavaTool(tool, ['--bootstrap-server', bootstrap, ...args])
        const text = `${stdout}\n${stderr}`.replaceAll(bootstrap, 'BROKER').replaceAll(/ +/g, ' ')
        return `${code}\n${text.split('\n').sort().join('\n')}`
      })
    )
    assert.equal(said[0], said[1])
    return said[0] ?? ''
  }

  test('groups, their members, where they start and how they are', async () => {
    assert.match(await same('--list'), /workers/)
    await same('--list', '--state', 'stable')
    assert.match(await same('--describe', '--group', group, '--members', '--verbose'), /only-member/)
    assert.match(await same('--describe', '--group', group, '--offsets', '--verbose'), /orders 0/)
    await same('--describe', '--group', group, '--state', '--verbose')
    await same('--describe', '--all-groups')
    await same('--describe', '--group', 'nobody')
  })

  test('where somebody is in it nothing is reset or deleted', async () => {
    await same('--reset-offsets', '--group', group, '--to-earliest', '--all-topics', '--execute')
    await same('--delete-offsets', '--group', group, '--topic', 'orders')
    await same('--delete', '--group', group)
  })

  test('without members offsets are reset and deleted, and the group', async () => {
    for (const session of sessions) await heartbeat(session, -1)
    await same('--reset-offsets', '--group', group, '--to-earliest', '--topic', 'orders', '--dry-run')
    await same('--reset-offsets', '--group', group, '--to-latest', '--all-topics', '--execute')
    await same('--describe', '--group', group, '--offsets')
    await same('--reset-offsets', '--group', 'new', '--to-earliest', '--topic', 'orders', '--execute')
    await same('--describe', '--group', 'new', '--offsets', '--verbose')
    await same('--delete-offsets', '--group', group, '--topic', 'orders')
    await same('--delete-offsets', '--group', group, '--topic', 'orders')
    await same('--describe', '--group', group, '--offsets')
    await same('--delete', '--group', group)
    await same('--delete', '--group', 'nobody')
    assert.match(await same('--list'), /new/)
  })
})

async function begin(session: Session): Promise<void> {
  const coordinator = { keyType: 0, coordinatorKeys: [group] }
  await until(async () => fieldOf(await session.ask(Api.FindCoordinator, 4, coordinator), 'errorCode') === 0)
  const topics = ['orders', 'payments'].map((name, index) => ({
    ...{ name, numPartitions: index + 1, replicationFactor: 1, assignments: [], configs: [] }
  }))
  await session.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false })
  // What is initialized before anybody joins is assigned at once, so that both are in the same epoch however slow they are.
  const places = topics.map(({ name, numPartitions }) => ({
    topicName: name,
    partitions: Array.from({ length: numPartitions }, (_, partitionIndex) => ({ partitionIndex, startOffset: 0 }))
  }))
  const asked = { groupId: group, topics: places }
  await until(async () => !/"errorCode":-?[1-9]/.test(textOf(await session.ask(Api.AlterShareGroupOffsets, 0, asked))))
  await until(async () => {
    const answer = await heartbeat(session, 0)
    return fieldOf(answer, 'errorCode') === 0 && /"partitions":\[0,1\]/.test(textOf(answer))
  })
}

function heartbeat(session: Session, memberEpoch: number) {
  const subscribedTopicNames = memberEpoch === 0 ? ['orders', 'payments'] : null
  const asked = { groupId: group, memberId: 'only-member', memberEpoch, rackId: null, subscribedTopicNames }
  return session.ask(Api.ShareGroupHeartbeat, 1, asked)
}
