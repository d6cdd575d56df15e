/** Kafka Streams by `group.protocol=streams` (KIP-1071): every word is counted, the broker makes the topics in between, and the commands tell of
 * its tasks. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type CommandLine, commandLineAt } from '../../cli/command-line.ts'
import { LineProcess } from '../../harness/child-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { quickJava } from '../../harness/quick-java.ts'
import { startTarget, target } from '../../harness/target.ts'
import { classPath, kafkaJars, skipUnless } from '../../harness/tools.ts'
import { until } from '../differential/sequences.ts'
import { fieldOf, Session, textOf } from '../differential/session.ts'
import { batchOf } from '../share-clients/records.ts'

const [partitions, lines] = [3, 30]
const program = join(import.meta.dirname, 'WordCount.java')
const internal = ['repartition', 'changelog'].map((kind) => `words-KSTREAM-AGGREGATE-STATE-STORE-0000000003-${kind}`)

test(
  'a word count runs, with a repartition topic and a changelog that the broker makes',
  { skip: skipUnless(target(), kafkaJars('streams')) },
  async () => {
    const directory = temporaryDirectory('streams')
    const broker = await startTarget()
    const session = new Session(broker.bootstrap)
    const jvm = ['-Xmx300m', ...quickJava('streams'), '-cp', classPath('streams')]
    let words: LineProcess | null = null
    try {
      const topics = ['lines', 'counts'].map((name) => ({
        ...{ name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
      }))
      await session.ask(19, 7, { topics, timeoutMs: 10_000, validateOnly: false })
      // Kafka answers before the partitions have leaders.
      await until(async () => !/"errorCode":[^0]/.test(textOf(await latestOffsets(session, 'lines'))))
      const texts = Array.from({ length: lines }, (_, index) => `the quick the ${index}`)
      const partitionData = [0, 1, 2].map((index) => ({
        index,
        records: batchOf(texts.filter((_, at) => at % 3 === index))
      }))
      const topicData = [{ name: 'lines', partitionData }]
      const produced = await session.ask(0, 12, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
      assert.doesNotMatch(textOf(produced), /"errorCode":[^0]/)
      words = new LineProcess('java', [...jvm, program, broker.bootstrap, directory.path])
      // At least once: a task that moves between the threads before it has committed reads again what it had counted.
      await until(async () => (await ends(session, 'counts')) >= 4 * lines)
      const described = await session.ask(89, 1, {
        ...{ groupIds: ['words'], includeAuthorizedOperations: false, includeTopologyDescription: false }
      })
      assert.equal(fieldOf(described, 'groupState'), 'Stable', textOf(described))
      for (const name of internal)
        assert.ok(textOf(described).includes(`"name":"${name}","partitions":${partitions}`), name)
      await assertDescribed(commandLineAt(broker.bootstrap))
    } finally {
      await words?.stop()
      session.close()
      await broker.stop()
      directory.remove()
    }
  }
)

/** The commands show its member with its tasks, and how far it has come in what the tasks read. */
async function assertDescribed(cli: CommandLine): Promise<void> {
  const describe = async () => (await cli.rows(['groups', 'describe', 'words']))[0]
  const membersOf = (found: Record<string, unknown> | undefined) =>
    found?.members as readonly { tasks: Record<string, string[]>; partitions: string[] }[]
  const tasks = [0, 1].flatMap((subtopology) => [0, 1, 2].map((partition) => `${subtopology}_${partition}`))
  const activeOf = (found: Record<string, unknown> | undefined) =>
    membersOf(found)
      .flatMap(({ tasks: { active = [] } }) => active)
      .sort()
  // A task that moves is nobody's for a moment.
  await until(async () => activeOf(await describe()).join() === tasks.join())
  const found = await describe()
  assert.deepEqual([found?.type, found?.state, found?.protocol], ['streams', 'Stable', 'streams'])
  // Each of its threads is a member.
  const members = membersOf(found)
  assert.equal(members.length, 2)
  for (const { tasks: of } of members) assert.deepEqual([of.standby, of.warmup], [[], []])
  const read = ['lines', internal[0]].flatMap((topic) => [0, 1, 2].map((partition) => `${topic}:${partition}`))
  assert.deepEqual(members.flatMap((member) => member.partitions).sort(), read.sort())
  const table = await cli.text(['groups', 'describe', 'words', '-o', 'table'])
  assert.match(table, /2 members, streams protocol streams,/)
  assert.match(table, /member +epoch +client +active +standby +warm-up\n.* \d_\d \d_\d \d_\d/i)
  assert.doesNotMatch(table, /without partitions/)
  await until(async () => Number((await describe())?.lag) === 0)
  assert.match(await cli.text(['groups', 'why', 'words', '-o', 'table']), /at the end/)
}

/** How many records the topic has. */
async function ends(session: Session, name: string): Promise<number> {
  const told = textOf(await latestOffsets(session, name))
  return [...told.matchAll(/"offset":(\d+)/g)].reduce((sum, [, offset]) => sum + Number(offset), 0)
}

function latestOffsets(session: Session, name: string): ReturnType<Session['ask']> {
  const asked = [0, 1, 2].map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 }))
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions: asked }] }
  return session.ask(2, 5, request)
}
