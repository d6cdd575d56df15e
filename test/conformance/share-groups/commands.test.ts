/** `odradek groups` of share groups, on ours and on a real Apache Kafka: what is listed, described, moved and deleted. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CommandLine, commandLineAt } from '../../cli/command-line.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { until } from '../differential/sequences.ts'
import { fieldOf, Session } from '../differential/session.ts'
import { Api } from './steps.ts'

const group = 'workers'
const topics = ['orders', 'payments']

const sides = [
  { name: 'our', needs: target(), start: startTarget },
  { name: "Kafka's", needs: kafkaJars('broker'), start: startRealKafka }
]

for (const { name, needs, start } of sides)
  describe(`the commands of groups, of ${name} share groups`, { skip: skipUnless(needs) }, () => {
    let broker: BrokerProcess
    let session: Session
    let cli: CommandLine

    before(async () => {
      broker = await start()
      session = new Session(broker.bootstrap)
      cli = commandLineAt(broker.bootstrap)
      for (const topic of topics) await cli.text(['topics', 'create', topic, '-p', '2'])
      await cli.text(['produce', 'orders', '-P', '0'], 'a\nb\nc\n')
      const coordinator = { keyType: 0, coordinatorKeys: [group] }
      await until(async () => fieldOf(await session.ask(Api.FindCoordinator, 4, coordinator), 'errorCode') === 0)
      // A group obeys its interval between assignments, a second.
      await until(async () => {
        for (const memberId of ['a', 'b', 'c']) {
          if (fieldOf(await beat(memberId, 0), 'errorCode') !== 0) return false
        }
        return (await membersOf()).every(({ partitions }) => partitions.length > 0)
      })
    })
    after(async () => {
      session?.close()
      await broker?.stop()
    })

    const beat = (memberId: string, memberEpoch: number) =>
      session.ask(Api.ShareGroupHeartbeat, 1, {
        ...{ groupId: group, memberId, memberEpoch, rackId: null },
        subscribedTopicNames: memberEpoch === 0 ? topics : null
      })

    async function membersOf(): Promise<{ id: string; epoch: number; partitions: string[] }[]> {
      const [described] = await cli.rows(['groups', 'describe', group])
      const members = described?.members as { id: string; epoch: number; partitions: string[] }[]
      return members.sort((one, other) => (one.id < other.id ? -1 : 1))
    }

    test('a group is listed with its kind, and described with its members, their epochs and what they read', async () => {
      const listed = await cli.rows(['groups', 'list'])
      assert.deepEqual(listed, [{ group, state: 'Stable', type: 'share', protocol: 'share' }])
      const [described] = await cli.rows(['groups', 'describe', group])
      assert.deepEqual([described?.type, described?.protocol, described?.state], ['share', 'simple', 'Stable'])
      const members = await membersOf()
      assert.deepEqual(
        members.map(({ id }) => id),
        ['a', 'b', 'c']
      )
      assert.ok(members.every(({ epoch }) => epoch === members[0]?.epoch))
      assert.deepEqual(
        new Set(members.flatMap(({ partitions }) => partitions)),
        new Set(topics.flatMap((topic) => [`${topic}:0`, `${topic}:1`]))
      )
    })

    test('the table fits 80 columns, and says who reads what', async () => {
      const table = await cli.text(['groups', 'describe', group, '-o', 'table'])
      assert.match(table, /^workers {2}Stable, 3 members, share protocol simple/)
      assert.match(table, /^MEMBER {2}EPOCH {2}CLIENT {8}PARTITIONS$/m)
      for (const line of table.split('\n')) assert.ok(line.length <= 80, line)
    })

    test('where a member is in it nothing is moved or deleted', async () => {
      const moved = await cli.run(['groups', 'reset', group, '--to', 'latest', '--execute'])
      assert.match(moved.stderr.toString(), /NON_EMPTY_GROUP/)
      const deleted = await cli.run(['groups', 'delete', group, '--yes'])
      assert.match(deleted.stderr.toString(), /NON_EMPTY_GROUP/)
    })

    test('without members it starts where it is told to, lags behind, and is deleted', async () => {
      for (const memberId of ['a', 'b', 'c']) await beat(memberId, -1)
      const reset = ['groups', 'reset', group, '--topic', 'orders:0']
      const [dry] = await cli.rows([...reset, '--to', '1'])
      assert.deepEqual(dry, { topic: 'orders', partition: 0, before: null, after: 1, start: 0, end: 3, lag: 2 })
      await cli.text([...reset, '--to', '1', '--execute'])
      const [described] = await cli.rows(['groups', 'describe', group])
      assert.equal(described?.lag, 2)
      const [shifted] = await cli.rows([...reset, '--shift', '1', '--execute'])
      assert.deepEqual([shifted?.before, shifted?.after], [1, 2])
      assert.equal((await cli.text(['groups', 'delete', group, '--yes'])).trim(), '')
      assert.deepEqual(await cli.rows(['groups', 'list']), [])
    })
  })
