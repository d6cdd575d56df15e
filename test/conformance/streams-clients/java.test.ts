/** Kafka Streams by `group.protocol=streams` (KIP-1071): every word is counted once, and the broker makes the topics in between. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
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
      const texts = Array.from({ length: lines }, (_, index) => `the quick the ${index}`)
      const partitionData = [0, 1, 2].map((index) => ({
        index,
        records: batchOf(texts.filter((_, at) => at % 3 === index))
      }))
      await session.ask(0, 12, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 5000,
        topicData: [{ name: 'lines', partitionData }]
      })
      words = new LineProcess('java', [...jvm, program, broker.bootstrap, directory.path])
      await until(async () => (await ends(session, 'counts')) === 4 * lines)
      const described = await session.ask(89, 1, {
        ...{ groupIds: ['words'], includeAuthorizedOperations: false, includeTopologyDescription: false }
      })
      assert.equal(fieldOf(described, 'groupState'), 'Stable', textOf(described))
      for (const name of internal)
        assert.ok(textOf(described).includes(`"name":"${name}","partitions":${partitions}`), name)
    } finally {
      await words?.stop()
      session.close()
      await broker.stop()
      directory.remove()
    }
  }
)

/** How many records the topic has. */
async function ends(session: Session, name: string): Promise<number> {
  const asked = [0, 1, 2].map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1 }))
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions: asked }] }
  const told = textOf(await session.ask(2, 5, request))
  return [...told.matchAll(/"offset":(\d+)/g)].reduce((sum, [, offset]) => sum + Number(offset), 0)
}
