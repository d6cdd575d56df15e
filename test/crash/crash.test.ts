/**
 * kill -9 of the process, again and again, with one broker and with three, under idempotent acks=all producers and committing
 * groups of librdkafka, Java and kafkajs. Nothing acknowledged may be lost, doubled or out of order, no confirmed commit forgotten,
 * nothing read that later is not there, no client may see an error that it does not try again, and Apache Kafka's
 * DumpLogSegments must find no fault in the files.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDirectory } from '../harness/paths.ts'
import { target, targetName } from '../harness/target.ts'
import { confluentPython, kafkaJars, kcat, skipUnless } from '../harness/tools.ts'
import { java } from './clients/java.ts'
import { kafkajs } from './clients/kafkajs.ts'
import { librdkafka } from './clients/librdkafka.ts'
import { addressesFrom, assertCopiesAreAlike, assertFilesAreSound, freePorts, startBrokers } from './cluster-process.ts'
import { Pair } from './kept.ts'

const ROUNDS = Number(process.env.ODRADEK_CRASH_ROUNDS ?? 3)
const timeout = 120_000 + ROUNDS * 30_000
const wanted = (process.env.ODRADEK_CRASH_BROKERS ?? '1,3').split(',').map(Number)
const brokerCounts = targetName === 'kafka' ? [1] : wanted
const skip = skipUnless(target(), confluentPython(), kcat(), kafkaJars('tools'))

for (const brokers of brokerCounts) {
  const title = `${brokers === 1 ? 'one broker' : `${brokers} brokers`}, killed ${ROUNDS} times: nothing acknowledged is lost`
  test(title, { skip, timeout }, async (context) => {
    using data = temporaryDirectory('crash')
    const port = await freePorts(brokers)
    let broker = await startBrokers(brokers, data.path, port)
    const pairs: Pair[] = []
    try {
      for (const client of [librdkafka, java, kafkajs])
        pairs.push(await Pair.start(client, addressesFrom(port, brokers)))
      for (let round = 0; round < ROUNDS; round += 1) {
        await Promise.all(pairs.map((pair) => pair.progress()))
        // Not at the moment of an answer: anywhere in the work.
        await new Promise((resolve) => setTimeout(resolve, (round * 37) % 150))
        await broker.kill()
        const promised = pairs.map((pair) => pair.promised())
        broker = await startBrokers(brokers, data.path, port)
        for (const [index, pair] of pairs.entries()) await pair.assertKept(promised[index] ?? assert.fail())
        for (const pair of pairs) pair.assertUntroubled()
      }
      await Promise.all(pairs.map((pair) => pair.progress()))
      const counts = []
      for (const pair of pairs) counts.push(`${await pair.assertWhole()} of ${pair.name}`)
      context.diagnostic(`${brokers} brokers, ${ROUNDS} deaths, acknowledged records: ${counts.join(', ')}`)
    } catch (error) {
      const said = pairs.map((pair) => pair.said()).join('\n')
      throw new Error(`${error}\n${broker.log()}\n${said}`, { cause: error })
    } finally {
      for (const pair of pairs) await pair.kill()
      await broker.stop()
    }
    const records = await assertFilesAreSound(data.path, brokers)
    const copies = assertCopiesAreAlike(data.path, brokers)
    assert.ok(brokers === 1 || copies > 0, 'there were copies to compare')
    context.diagnostic(`DumpLogSegments read ${records} records and found no fault; ${copies} copies are alike`)
  })
}
