/**
 * Kafka Streams counts words with exactly_once_v2, by the classic group protocol and by that of streams groups (KIP-1071), on one broker
 * and on three. Its two instances and the brokers are killed in turn. A reader of what is committed must see each word counted 1, 2, 3, …
 * up to how often it was written.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createTopic } from '../../crash/kept.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { target } from '../../harness/target.ts'
import { java, kafkaJars, kcat } from '../../harness/tools.ts'
import { Cluster, sessionTimeoutMs, sizes } from '../cluster.ts'
import { committedIn, committedWhen } from '../committed.ts'
import type { Framework, Proof } from '../framework.ts'
import { compile, JavaProcess } from '../java-process.ts'
import { faultsIn, wordsIn } from './counts.ts'
import { Lines } from './lines.ts'

const program = join(import.meta.dirname, '../../conformance/streams-clients/WordCount.java')
const protocols = ['classic', 'streams'] as const
type Protocol = (typeof protocols)[number]
/** All words are in so many, and all partitions. */
const firstLines = 96

export const wordCount: Framework = {
  name: 'word-count',
  tools: () => [target(), java(), kafkaJars('streams'), kcat()],
  async prove(proof) {
    using scratch = temporaryDirectory('word-count')
    const classes = join(scratch.path, 'classes')
    await compile(program, 'streams', classes)
    let counted = 0
    for (const size of sizes())
      for (const protocol of protocols) {
        const name = `${protocol}, ${size} ${size === 1 ? 'broker' : 'brokers'}`
        const directory = join(scratch.path, `${protocol}-${size}`)
        counted += await count({ ...proof, tell: (line) => proof.tell(`${name}: ${line}`) }, protocol, size, {
          classes,
          directory
        })
      }
    return `each of ${counted} words was counted exactly once`
  }
}

interface Places {
  readonly classes: string
  readonly directory: string
}

/** Gives how many words were counted. */
async function count(proof: Proof, protocol: Protocol, size: number, places: Places): Promise<number> {
  await using cluster = await Cluster.start(size)
  const { bootstrap } = cluster
  for (const topic of ['lines', 'counts']) await createTopic(bootstrap, topic)
  const applications = [1, 2].map((number) => instance(number, bootstrap, protocol, places))
  const lines = await Lines.start(bootstrap, 'lines')
  /** All that was written until now is counted. */
  const caughtUp = async (): Promise<number> => {
    const words = wordsIn(lines.written)
    const what = () =>
      `${words} words are counted, of ${lines.written} lines now\n${applications.map((one) => one.said()).join('\n')}`
    return (await committedWhen(bootstrap, 'counts', (counts) => counts.length >= words, what)).length
  }
  try {
    for (const application of applications) application.start()
    await lines.reach(firstLines)
    proof.tell(`${await caughtUp()} words counted`)
    for (let round = 0; round < proof.rounds; round += 1) {
      const application = applications[round % applications.length] ?? assert.fail()
      await application.kill()
      // Every other time the other goes on alone until it has caught up.
      if (round % 2 === 1) await caughtUp()
      application.start()
      const died = await cluster.killAndStart()
      const counted = await caughtUp()
      proof.tell(`round ${round + 1}: killed ${application.name} and ${died}; ${counted} words counted`)
      for (const one of applications) assert.equal(one.end, null)
    }
    await lines.end()
    await caughtUp()
  } catch (error) {
    throw new Error(`${error}\n${cluster.log()}`, { cause: error })
  } finally {
    await Promise.all([lines.end().catch(() => {}), ...applications.map((one) => one.stop())])
  }
  const counts = (await committedIn(bootstrap, 'counts')) ?? assert.fail('the counts could not be read')
  assert.deepEqual(faultsIn(counts, lines.written).slice(0, 20), [])
  return counts.length
}

/** With the state that it left when it was killed. */
function instance(number: number, bootstrap: string, protocol: Protocol, { classes, directory }: Places): JavaProcess {
  const state = join(directory, String(number))
  mkdirSync(state, { recursive: true })
  const settings = ['processing.guarantee=exactly_once_v2', `group.protocol=${protocol}`, 'num.stream.threads=1']
  // By the protocol of streams groups it is the broker's.
  const session = [`consumer.session.timeout.ms=${sessionTimeoutMs}`, 'consumer.heartbeat.interval.ms=2000']
  const args = [bootstrap, state, ...settings, ...(protocol === 'classic' ? session : [])]
  return new JavaProcess({ name: `instance ${number}`, jars: 'streams', classes, main: 'WordCount', args })
}
