/** `odradek groups why` and `consume --explain`: each cause of silence, on ours and on a real Apache Kafka. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fieldOf, Session } from '../conformance/differential/session.ts'
import { createTopic, TransactionalProducer } from '../conformance/transactions/producer.ts'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { startRealKafka } from '../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../harness/tools.ts'
import { type CommandLine, commandLineAt } from './command-line.ts'

interface Told {
  readonly cause: string
  readonly partitions: readonly string[]
  readonly text: string
  readonly next: string | null
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await isSo()) return
    await setTimeout(200)
  }
  assert.fail('it did not come to that')
}

const brokers = [
  { name: 'Odradek', tool: odradek(), start: startOdradek },
  { name: 'Apache Kafka', tool: kafkaJars('broker'), start: startRealKafka }
] as const

for (const { name, tool, start } of brokers)
  suite(`why a consumer of ${name} is given nothing`, { skip: skipUnless(tool) }, () => {
    let broker: BrokerProcess
    let cli: CommandLine
    let session: Session
    before(async () => {
      broker = await start()
      cli = commandLineAt(broker.bootstrap)
      session = new Session(cli.bootstrap)
    })
    after(async () => {
      session?.close()
      await broker?.stop()
    })

    const why = async (group: string, ...topics: string[]): Promise<Told[]> =>
      (await cli.rows(['groups', 'why', group, ...topics])) as unknown as Told[]
    const causes = (told: readonly Told[]): string[] =>
      told.map(({ cause, partitions }) => [cause, ...partitions].join(' '))

    async function topicWith(values: readonly string[], partitions = 1): Promise<string> {
      const topic = cli.unique('why')
      await createTopic(session, topic, partitions)
      if (values.length > 0) await cli.text(['produce', topic, '-P', '0'], values.map((value) => `${value}\n`).join(''))
      return topic
    }

    /** A group that has read all of a topic and left. */
    async function readBy(topic: string, ...options: string[]): Promise<string> {
      const group = cli.unique('readers')
      await cli.text(['consume', topic, '-g', group, '-e', ...options])
      return group
    }

    /** With a consumer of the group that stays until the work is done. */
    async function whileReading(args: readonly string[], work: () => Promise<void>): Promise<void> {
      const consumer = cli.start(['consume', ...args])
      try {
        await work()
      } finally {
        await consumer.stop()
      }
    }

    /** As a consumer that has a partition of its own choice. */
    async function commit(groupId: string, name: string, committedOffset: number): Promise<void> {
      const alone = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
      const partitions = [{ partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, committedMetadata: null }]
      const request = { groupId, ...alone, topics: [{ name, partitions }] }
      await until(async () => fieldOf(await session.ask(8, 8, request), 'errorCode') === 0)
    }

    const hasMembers = async (group: string, count: number): Promise<boolean> => {
      const [described] = await cli.rows(['groups', 'describe', group, '-o', 'jsonl']).catch(() => [])
      return described?.state === 'Stable' && (described.members as unknown[]).length === count
    }

    test('nobody is in the group; all is read; a topic of it that it does not read', async () => {
      const topic = await topicWith(['a', 'b'])
      const other = await topicWith(['c'])
      const empty = await topicWith([])
      const group = await readBy(topic)
      const told = await why(group, other, empty)
      assert.deepEqual(causes(told).sort(), [
        `at the end ${topic}:0`,
        `empty ${empty}:0`,
        'no member',
        `nothing committed ${other}:0`
      ])
      assert.match(
        told.find(({ cause }) => cause === 'nothing committed')?.text ?? '',
        /by the default, latest, it passes over the 1 offset/
      )
      assert.match(
        told.find(({ cause }) => cause === 'nothing committed')?.next ?? '',
        /groups reset \S+ -t \S+ --to earliest/
      )
    })

    test('what waits for a group without members', async () => {
      const topic = await topicWith(['a'])
      const group = await readBy(topic)
      await cli.text(['produce', topic], 'b\nc\n')
      const told = await why(group)
      assert.deepEqual(causes(told), ['no member', `no member ${topic}:0`])
      assert.match(told[1]?.text ?? '', /^2 offsets wait, from 1 on\.$/)
    })

    test('what was to be read next was removed', async () => {
      const topic = await topicWith(['a', 'b', 'c'])
      const group = await readBy(topic, '-n', '1')
      await cli.text(['topics', 'trim', topic, '--before', 'end', '--yes'])
      await cli.text(['produce', topic], 'd\n')
      const told = (await why(group)).find(({ cause }) => cause === 'removed before it was read')
      assert.match(told?.text ?? '', /^Offset 1 was to be read next, and the log begins at 3: 2 offsets went/)
    })

    test('a topic that was made again behind what is committed of it', async () => {
      const topic = await topicWith(['a', 'b'])
      const group = cli.unique('ahead')
      await commit(group, topic, 7)
      const [told] = (await why(group)).filter(({ cause }) => cause === 'made again')
      assert.match(
        told?.text ?? '',
        /^Offset 7 was to be read next, and the log ends at 2: the topic was deleted and made again/
      )
      assert.match(told?.next ?? '', new RegExp(`groups reset ${group} -t ${topic} --to earliest`))
    })

    test('an open transaction holds back what comes behind it, and it is said whose; an aborted one gives nothing', async () => {
      const topic = await topicWith(['a'])
      const group = await readBy(topic)
      const producer = await TransactionalProducer.begin(session, cli.unique('payer'))
      await producer.write(topic, 0, 'b')
      const [open] = (await why(group)).filter(({ cause }) => cause === 'open transaction')
      assert.match(
        open?.text ?? '',
        new RegExp(`^1 offset from 1 on belong to an open transaction of ${producer.transactionalId}`)
      )
      assert.match(open?.next ?? '', new RegExp(`transactions describe ${producer.transactionalId}$`))
      const { stderr } = await cli.run([
        'consume',
        topic,
        '--from',
        '1',
        '--isolation',
        'committed',
        '--explain',
        '--timeout',
        '5s'
      ])
      assert.match(stderr, new RegExp(`belong to an open transaction of ${producer.transactionalId}`))
      await producer.end('abort')
      await until(async () => (await why(group)).some(({ cause }) => cause === 'aborted'))
      const [aborted] = (await why(group)).filter(({ cause }) => cause === 'aborted')
      assert.match(aborted?.text ?? '', /^Offsets 1 to 2 are of aborted transactions/)
      const committed = ['-e', '--isolation', 'committed', '--explain']
      const read = await cli.run(['consume', topic, '--from', '1', ...committed])
      assert.equal(read.stdout.toString(), '')
      assert.match(read.stderr, /Offsets 1 to 2 hold nothing for who reads what is committed: they are of aborted/)
      const unexplained = await cli.run(['consume', topic, '--from', '1', '-e', '--isolation', 'committed'])
      assert.match(unexplained.stderr, new RegExp(`^${topic}:0: Offsets 1 to 2 hold nothing for who reads what is`))
      const some = await cli.run(['consume', topic, '-e', '--isolation', 'committed', '-o', 'raw'])
      assert.deepEqual([some.stdout.toString(), some.stderr], ['a\n', ''])
      const inGroup = await cli.run(['consume', topic, '-g', group, ...committed])
      assert.match(inGroup.stderr, /Offsets 1 to 2 hold nothing for who reads what is committed: they are of aborted/)
      assert.doesNotMatch(inGroup.stderr, /had read this before/)
    })

    test('a group that is busy reading is said to be, while its topic grows', async () => {
      const topic = await topicWith(['a'])
      const group = cli.unique('busy')
      const producer = cli.start(['produce', topic, '--template', 'orders', '--rate', '200/s'])
      try {
        await whileReading([topic, '-g', group], async () => {
          await until(() => hasMembers(group, 1))
          await until(async () => (await why(group)).some(({ cause }) => cause === 'is being read'))
          for (let count = 0; count < 3; count += 1) {
            const told = await why(group)
            assert.ok(!told.some(({ cause }) => cause === 'made again'), JSON.stringify(told))
          }
        })
      } finally {
        await producer.stop()
      }
    })

    test('of more members than partitions one is given nothing; a member that gets on is seen to', async () => {
      const topic = await topicWith(['a'])
      const group = cli.unique('many')
      await whileReading([topic, '-g', group], async () => {
        await until(() => hasMembers(group, 1))
        await whileReading([topic, '-g', group, '--explain'], async () => {
          await until(() => hasMembers(group, 2))
          const told = await why(group)
          assert.ok(causes(told).includes('member without partitions'), JSON.stringify(told))
          assert.ok(causes(told).includes(`at the end ${topic}:0`))
        })
      })
    })

    test('a member that has a partition and does not get on', async () => {
      const topic = await topicWith(['a', 'b'])
      const group = await readBy(topic, '-n', '1')
      // It commits nothing: to the cluster that is the same as a consumer that is paused, or busy.
      await whileReading([topic, '-g', group, '--no-commit'], async () => {
        await until(() => hasMembers(group, 1))
        const [told] = (await why(group)).filter(({ cause }) => cause === 'does not get on')
        assert.match(
          told?.text ?? '',
          / has it and does not get on: 1 offset wait from 1 on\..* paused the partition, is busy/
        )
      })
    })

    test('a topic that none of the members subscribes to', async () => {
      const [topic, left] = [await topicWith(['a']), await topicWith(['b'])]
      const group = cli.unique('moved')
      await cli.text(['consume', topic, left, '-g', group, '-e'])
      await whileReading([topic, '-g', group], async () => {
        await until(() => hasMembers(group, 1))
        const told = await why(group)
        assert.deepEqual(causes(told).sort(), [`at the end ${topic}:0`, `nobody has it ${left}:0`])
      })
    })

    test('a share group: nobody is in it, then all of it is read', async () => {
      const topic = await topicWith(['a'])
      const group = cli.unique('workers')
      await whileReading([topic, '--share', group], async () => {
        await until(async () =>
          (await why(group).catch(() => [])).some(
            ({ cause }) => cause === 'nothing committed' || cause === 'at the end'
          )
        )
      })
      await until(async () => (await why(group)).some(({ cause }) => cause === 'no member'))
    })

    test('a group that nobody knows', async () => {
      const { code, stderr } = await cli.run(['groups', 'why', cli.unique('nobody')])
      assert.equal(code, 5)
      assert.match(stderr, /there is no group/)
    })

    test('consume says that its group has read all, that nothing matches, that another member has it, that it began at the end', async () => {
      const topic = await topicWith(['a', 'b'])
      const group = await readBy(topic)
      const explained = async (...args: string[]): Promise<string> =>
        (await cli.run(['consume', topic, '-e', '--explain', ...args])).stderr.toString()
      assert.match(
        await explained('-g', group),
        new RegExp(`${topic}:0: The group ${group} goes on where it stopped, and it had read this before\\.`)
      )
      assert.match(
        await explained('--filter-value', 'z*', '--where', 'offset > 9'),
        /2 records came, and 2 of them do not match --filter-value 'z\*' and --where 'offset > 9'\./
      )
      assert.match(await explained('--from', 'end'), /Reading began at the end, and passed over what was there/)
    })

    test('consume says which partitions another member of its group has', async () => {
      const topic = await topicWith(['a'], 2)
      const group = cli.unique('shared')
      await whileReading([topic, '-g', group], async () => {
        await until(() => hasMembers(group, 1))
        const { stderr } = await cli.run(['consume', topic, '-g', group, '--explain', '--timeout', '10s'])
        assert.match(stderr.toString(), new RegExp(`${topic}:[01]: \\S+ of the same group has it\\.`))
      })
    })
  })

const Operation = { read: 3, describe: 8 } as const
const Permission = { deny: 2, allow: 3 } as const

/** Ours has no authorizer yet. */
test(
  'what may not be read is told as that, by a Kafka with an authorizer',
  { skip: skipUnless(kafkaJars('broker')) },
  async () => {
    const configs = {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true'
    }
    await using broker = await startRealKafka({ configs })
    const cli = commandLineAt(broker.bootstrap)
    const session = new Session(broker.bootstrap)
    const [topic, group] = [cli.unique('secret'), cli.unique('curious')]
    const permit = async (operation: number, permissionType: number): Promise<void> => {
      const who = { principal: 'User:ANONYMOUS', host: '*', operation, permissionType }
      const creations = [{ resourceType: 2, resourceName: topic, resourcePatternType: 3, ...who }]
      assert.equal(fieldOf(await session.ask(30, 3, { creations }), 'errorCode'), 0)
    }
    await createTopic(session, topic, 1)
    await cli.text(['produce', topic], 'a\nb\n')
    await cli.text(['consume', topic, '-g', group, '-n', '1'])
    await permit(Operation.describe, Permission.allow)
    await permit(Operation.read, Permission.deny)
    await until(async () => {
      const told = (await cli.rows(['groups', 'why', group])) as unknown as Told[]
      return told.some(
        ({ cause, text }) => cause === 'not authorized' && text.includes('TOPIC_AUTHORIZATION_FAILED (29)')
      )
    })
    await permit(Operation.describe, Permission.deny)
    await until(async () => (await cli.run(['groups', 'why', group, topic])).code === 4)
    session.close()
  }
)
