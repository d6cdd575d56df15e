/**
 * One broker of three is killed in the process that serves them, again and again, and comes back, by the door of `odradek brokers
 * kill` and under the clients of the other crash test and kcat. The two that are left lead what it led: nothing may be lost, doubled or
 * out of order, and no client may see an error that it does not try again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knock } from '../../src/cli/brokers/door/knock.ts'
import type { DoorRequest } from '../../src/cli/brokers/door/requests.ts'
import { kcat } from '../conformance/clients/kcat.ts'
import { odradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { confluentPython, kafkaJars, kcat as kcatTool, skipUnless } from '../harness/tools.ts'
import { java } from './clients/java.ts'
import { kafkajs } from './clients/kafkajs.ts'
import { KcatRuns } from './clients/kcat-runs.ts'
import { librdkafka } from './clients/librdkafka.ts'
import { addressesFrom, assertCopiesAreAlike, assertFilesAreSound, freePorts, startBrokers } from './cluster-process.ts'
import { createTopic, Pair } from './kept.ts'
import { findFaults } from './ledger.ts'

const ROUNDS = Number(process.env.ODRADEK_CRASH_ROUNDS ?? 3)
const BROKERS = 3
const KCAT_TOPIC = 'of-kcat'
const timeout = 120_000 + ROUNDS * 30_000
const skip = skipUnless(odradek(), confluentPython(), kcatTool(), kafkaJars('tools'))

test(`one of three brokers is killed ${ROUNDS} times: the others go on`, { skip, timeout }, async (context) => {
  using data = temporaryDirectory('crash-brokers')
  const port = await freePorts(BROKERS)
  const addresses = addressesFrom(port, BROKERS)
  const process = await startBrokers(BROKERS, data.path, port)
  const pairs: Pair[] = []
  await createTopic(addresses, KCAT_TOPIC)
  const runs = new KcatRuns(addresses, KCAT_TOPIC)
  try {
    for (const client of [librdkafka, java, kafkajs]) pairs.push(await Pair.start(client, addresses))
    const everybody = () => Promise.all(pairs.map((pair) => pair.progress()))
    for (let round = 0; round < ROUNDS; round += 1) {
      await everybody()
      await pause((round * 37) % 150)
      const broker = (round % BROKERS) + 1
      const promised = pairs.map((pair) => pair.promised())
      await change(addresses, { what: 'kill', broker })
      for (const [index, pair] of pairs.entries()) await pair.assertKept(promised[index] ?? assert.fail())
      // Every other time they get further without it; else it is back before most of them have noticed.
      if (round % 2 === 0) await everybody()
      await change(addresses, { what: 'start', broker })
      for (const pair of pairs) pair.assertUntroubled()
      assert.deepEqual(runs.failures, [])
    }
    await everybody()
    const written = await runs.end()
    assert.deepEqual(runs.failures, [])
    await assertKcatIsWhole(addresses, written)
    const counts = [`${written} of kcat in ${runs.runs} runs`]
    for (const pair of pairs) counts.push(`${await pair.assertWhole()} of ${pair.name}`)
    context.diagnostic(`${ROUNDS} deaths, acknowledged records: ${counts.join(', ')}`)
  } catch (error) {
    throw new Error(`${error}\n${process.log()}\n${pairs.map((pair) => pair.said()).join('\n')}`, { cause: error })
  } finally {
    await Promise.all([runs.end(), ...pairs.map((pair) => pair.kill())])
    await process.stop()
  }
  const records = await assertFilesAreSound(data.path, BROKERS)
  context.diagnostic(
    `DumpLogSegments read ${records} records; ${assertCopiesAreAlike(data.path, BROKERS)} copies are alike`
  )
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function change(addresses: string, deed: DoorRequest['deed']): Promise<void> {
  const answer = await knock(addresses.split(','), deed)
  assert.equal(answer?.kind, 'done', JSON.stringify(answer))
}

async function assertKcatIsWhole(bootstrap: string, written: number): Promise<void> {
  const consumed = await kcat.consume(bootstrap, { topic: KCAT_TOPIC, count: written })
  const stored = consumed.map(({ partition, offset, value }) => ({
    partition,
    offset,
    number: Number(value?.toString())
  }))
  assert.deepEqual(findFaults(stored, [], written), [])
}
