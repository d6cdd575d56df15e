/**
 * Odradek and Apache Kafka in turns on the same directories, with one broker and with three, by `odradek graduate`: each finds every
 * record at its offset, every setting and every committed offset of the other, creates, grows, deletes and reconfigures topics, and
 * writes to all of them. Where there are several brokers, the last one is stopped before the others, and misses what is written then.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knock } from '../../../src/cli/brokers/door/knock.ts'
import { assertCopiesAreAlike, freePorts } from '../../crash/cluster-process.ts'
import { runToSuccess } from '../../harness/child-process.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { kafkaWith } from '../../harness/real-kafka.ts'
import { found, kafkaJars, kcat, skipUnless } from '../../harness/tools.ts'
import { waitForMetadata } from '../../harness/wire.ts'
import { Ledger } from './cluster-ledger.ts'

interface Stay {
  readonly by: 'odradek' | 'kafka'
  readonly end: 'stop' | 'kill'
}

/** `graduate` takes what was stopped cleanly; a Kafka may go as it likes. */
const stays: readonly Stay[] = [
  { by: 'odradek', end: 'stop' },
  { by: 'kafka', end: 'stop' },
  { by: 'odradek', end: 'stop' },
  { by: 'kafka', end: 'kill' },
  { by: 'odradek', end: 'stop' }
]
const startMs = 120_000
const settings = { 'offsets.topic.num.partitions': '3' }
const skip = skipUnless(odradek(), kafkaJars('broker'), kcat())

interface Place {
  readonly directory: string
  readonly brokers: number
  readonly port: number
}

/** What a stay does, and what it does when the last of several brokers is stopped. */
interface Work {
  readonly withAll: () => Promise<void>
  readonly withoutLast: () => Promise<void>
}

for (const brokers of [1, 3]) {
  test(`${brokers === 1 ? 'one broker' : `${brokers} brokers`}, in turns`, { skip }, async (context) => {
    using data = temporaryDirectory('turns')
    // The last is for the controller of Apache Kafka.
    const place = { directory: data.path, brokers, port: await freePorts(brokers + 1) }
    const addresses = Array.from({ length: brokers }, (_, index) => `localhost:${place.port + index}`)
    const ledger = new Ledger(addresses)
    for (const [stay, { by, end }] of stays.entries()) {
      const withAll = async (): Promise<void> => {
        await ledger.assertKept()
        await ledger.goOn(stay, by)
        await ledger.assertKept()
      }
      const work = { withAll, withoutLast: () => ledger.writeToAll(stay, `${by}, without the last`) }
      const served = by === 'odradek' ? servingOurs(place, work) : servingKafka(place, end, work)
      await served.catch((error: unknown) => {
        throw new Error(`stay ${stay + 1}, ${by}: ${String(error)}`, { cause: error })
      })
      if (end === 'stop') await runToSuccess(process.execPath, [found(odradek()), 'check', data.path])
      if (brokers > 1) assert.ok(assertCopiesAreAlike(data.path, brokers) > 0)
      context.diagnostic(`stay ${stay + 1}, ${by}, ${end}: ${ledger.describe()}`)
    }
  })
}

async function servingOurs({ directory, brokers, port }: Place, work: Work): Promise<void> {
  const ours = await startOdradek({ dataDirectory: directory, port, brokers, configs: settings })
  try {
    await work.withAll()
    if (brokers > 1) {
      const stopped = await knock([ours.bootstrap], { what: 'stop', broker: brokers })
      assert.equal(stopped?.kind, 'done')
      await work.withoutLast()
    }
  } catch (error) {
    throw new Error(`${error}\n${ours.log()}`, { cause: error })
  } finally {
    await ours.stop()
  }
}

async function servingKafka(place: Place, end: Stay['end'], work: Work): Promise<void> {
  const { brokers, port } = place
  const nodes = await graduate(place)
  const processes = nodes.map(({ properties }) => kafkaWith(properties, '300m'))
  try {
    for (let index = 0; index < brokers; index += 1) {
      await waitForMetadata(`localhost:${port + index}`, startMs, () => processes.every(({ isAlive }) => isAlive))
    }
    await work.withAll()
    if (brokers > 1) {
      await processes.at(-1)?.stop(60_000)
      await work.withoutLast()
    }
  } catch (error) {
    const said = processes.map(({ lines, stderr }) => [...lines.slice(-20), stderr.slice(-2000)].join('\n'))
    throw new Error(`${error}\n${said.join('\n---\n')}`, { cause: error })
  } finally {
    // The controller last: brokers hand over what they lead.
    for (const node of processes.reverse()) await (end === 'stop' ? node.stop(60_000) : node.kill())
  }
}

async function graduate({ directory, brokers, port }: Place): Promise<readonly { readonly properties: string }[]> {
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = ['graduate', directory, '--brokers', String(brokers), '-p', String(port), ...given, '-o', 'jsonl']
  const output = await runToSuccess(process.execPath, [found(odradek()), ...args])
  const nodes: { readonly node: number; readonly properties: string }[] = output
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const ids = nodes.map(({ node }) => node)
  assert.deepEqual(ids, brokers === 1 ? [1] : [1000, 1, 2, 3])
  return nodes
}
