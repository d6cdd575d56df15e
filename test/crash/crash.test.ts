/**
 * kill -9, again and again, under an idempotent acks=all producer and a committing group. Nothing acknowledged may be lost,
 * doubled or out of order, no confirmed commit forgotten, and Apache Kafka's DumpLogSegments must find no fault in the files.
 */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { kafkajs } from '../conformance/clients/kafkajs.ts'
import { kcat } from '../conformance/clients/kcat.ts'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { LineProcess } from '../harness/child-process.ts'
import { freePort } from '../harness/free-port.ts'
import { harnessDirectory, temporaryDirectory } from '../harness/paths.ts'
import { createByAsking } from '../harness/raw-requests.ts'
import { startTarget, target } from '../harness/target.ts'
import { confluentPython, found, kafkaJars, kcat as kcatTool, skipUnless } from '../harness/tools.ts'
import { RawConnection } from '../harness/wire.ts'
import { dumpLogs } from './dump-log.ts'
import { type Acknowledged, findFaults } from './ledger.ts'
import { committedOffsets, endOffsets } from './partition-requests.ts'

const ROUNDS = Number(process.env.ODRADEK_CRASH_ROUNDS ?? 5)
const PARTITIONS = 3
const TOPIC = 'ledger'
const GROUP = 'auditors'
const ACKNOWLEDGED_PER_ROUND = 200
const PROGRESS_TIMEOUT_MS = 60_000

const skip = skipUnless(target(), confluentPython(), kcatTool())

describe('kill -9 under load', { skip }, () => {
  test(`${ROUNDS} times: nothing acknowledged is lost, doubled or out of order`, async (context) => {
    using data = temporaryDirectory('crash')
    const options = {
      dataDirectory: data.path,
      port: await freePort(),
      configs: { 'num.partitions': String(PARTITIONS) }
    }
    let broker = await startTarget(options)
    await createTopic(broker.bootstrap)
    const producer = load('produce', broker, String(PARTITIONS))
    const group = load('commit', broker, GROUP)
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await progress(producer, group)
        // Not at the moment of an answer: anywhere in the work.
        await new Promise((resolve) => setTimeout(resolve, (round * 37) % 150))
        const promised = { acknowledged: acknowledgedBy(producer), committed: committedBy(group) }
        await broker.kill()
        broker = await startTarget(options)
        await assertKept(broker, promised.acknowledged, promised.committed)
      }
      await progress(producer, group)
      producer.send('stop')
      assert.equal(await producer.exited, 0, producer.stderr)
      await assertWhole(broker, producer)
      group.send('stop')
      await group.exited
      await assertKept(broker, acknowledgedBy(producer), committedBy(group))
      context.diagnostic(`${acknowledgedBy(producer).length} records acknowledged over ${ROUNDS} deaths`)
    } catch (error) {
      throw new Error(`${error}\n${broker.log()}`, { cause: error })
    } finally {
      await producer.kill()
      await group.kill()
      await broker.stop()
    }
    await assertFilesAreSound(context, data.path)
  })
})

describe('DumpLogSegments as a judge', { skip: skipUnless(target(), kafkaJars('tools')) }, () => {
  test('reports a damaged file, and only that', async () => {
    using data = temporaryDirectory('dump')
    using copy = temporaryDirectory('dump-damaged')
    await using broker = await startTarget({ dataDirectory: data.path })
    await createTopic(broker.bootstrap)
    const records = Array.from({ length: 500 }, (_, index) => ({ key: 'k', value: `value ${index}`, headers: {} }))
    await kafkajs.produce(broker.bootstrap, records, { topic: TOPIC, codec: 'none', acks: 'all' })
    await broker.stop()
    const sound = await dumpLogs(data.path)
    assert.deepEqual(sound.faults, [])
    assert.ok(sound.records >= 500)

    cpSync(data.path, copy.path, { recursive: true })
    const damaged = damage(copy.path)
    const { faults } = await dumpLogs(copy.path)
    assert.ok(faults.length > 0, 'the damage is reported')
    assert.ok(
      faults.every((fault) => fault.includes(damaged)),
      faults.join('\n')
    )
  })
})

async function createTopic(bootstrap: string): Promise<void> {
  const connection = await RawConnection.open(bootstrap)
  await createByAsking(connection, TOPIC)
  connection.close()
}

function load(verb: 'produce' | 'commit', broker: BrokerProcess, argument: string): LineProcess {
  const script = join(harnessDirectory, '..', 'crash', 'load.py')
  return new LineProcess(found(confluentPython()), [script, verb, broker.bootstrap, TOPIC, argument])
}

/** Resolves when both have got further, so that each death happens under load. */
async function progress(producer: LineProcess, group: LineProcess): Promise<void> {
  const wanted = producer.lines.length + ACKNOWLEDGED_PER_ROUND
  await producer.until((lines) => (lines.length >= wanted ? true : undefined), 'acknowledgements', PROGRESS_TIMEOUT_MS)
  const commits = group.lines.length
  await group.until((lines) => (lines.length > commits ? true : undefined), 'commits', PROGRESS_TIMEOUT_MS)
}

function numbersOf(process: LineProcess, word: string): number[][] {
  return process.lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ').slice(1).map(Number))
}

function acknowledgedBy(producer: LineProcess): Acknowledged[] {
  return numbersOf(producer, 'acked').map(([partition = -1, offset = -1, number = -1]) => ({
    partition,
    offset,
    number
  }))
}

function committedBy(group: LineProcess): Map<number, number> {
  return new Map(numbersOf(group, 'committed').map(([partition = -1, offset = -1]) => [partition, offset]))
}

/** Right after a restart: the log reaches as far as was acknowledged, and the commits are there. */
async function assertKept(
  broker: BrokerProcess,
  acknowledged: readonly Acknowledged[],
  committed: ReadonlyMap<number, number>
): Promise<void> {
  const kept = await committedOffsets(broker.bootstrap, GROUP, TOPIC, PARTITIONS)
  const ends = await endOffsets(broker.bootstrap, TOPIC, PARTITIONS)
  for (const { partition, offset } of acknowledged) {
    const end = ends.get(partition) ?? -1
    assert.ok(end > offset, `${partition}@${offset} was acknowledged; the end is ${end}`)
  }
  for (const [partition, offset] of committed) {
    const found = kept.get(partition) ?? -1
    assert.ok(found >= offset, `${offset} was committed for partition ${partition}; it says ${found}`)
    assert.ok(found <= (ends.get(partition) ?? -1), `${found} is committed for partition ${partition}, beyond its end`)
  }
}

async function assertWhole(broker: BrokerProcess, producer: LineProcess): Promise<void> {
  const written = numbersOf(producer, 'written')[0]?.[0] ?? -1
  const consumed = await kcat.consume(broker.bootstrap, { topic: TOPIC, count: written })
  const stored = consumed.map(({ partition, offset, value }) => ({
    partition,
    offset,
    number: Number(value?.toString())
  }))
  assert.equal(stored.length, written, 'as many records are stored as were written')
  assert.deepEqual(findFaults(stored, acknowledgedBy(producer), written, PARTITIONS), [])
}

async function assertFilesAreSound(context: { diagnostic(text: string): void }, dataDirectory: string): Promise<void> {
  if ('missing' in kafkaJars('tools')) return
  const report = await dumpLogs(dataDirectory)
  assert.deepEqual(report.faults, [])
  context.diagnostic(`DumpLogSegments read ${report.files} files and ${report.records} records and found no fault`)
}

/** Flips a bit in the middle of the largest segment; answers its path below the directory. */
function damage(dataDirectory: string): string {
  const logs = readdirSync(dataDirectory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.startsWith(TOPIC) && path.endsWith('.log'))
    .sort((a, b) => statSync(join(dataDirectory, b)).size - statSync(join(dataDirectory, a)).size)
  const largest = logs[0] ?? ''
  const path = join(dataDirectory, largest)
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x20, middle)
  writeFileSync(path, bytes)
  return largest
}
