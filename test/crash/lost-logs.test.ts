/**
 * Three brokers in one process are killed (`kill -9`), and before they come back the log of each partition's leader has lost something on
 * its disk, in a way that a start does not see. The other two copies are whole: every acknowledged record is read again, and all copies are
 * alike in the end.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { createByAsking, produce, topicMetadata } from '../harness/raw-requests.ts'
import { skipUnless } from '../harness/tools.ts'
import { RawConnection } from '../harness/wire.ts'
import { addressesFrom, assertCopiesAreAlike, freePorts } from './cluster-process.ts'
import { endOffsets } from './partition-requests.ts'

const BROKERS = 3
const BATCHES = 40
const logName = '00000000000000000000.log'

/** What happens to the log of a topic's leader, by the name of the topic. */
const losses: Readonly<Record<string, (path: string) => void>> = {
  emptied: (path) => truncateSync(path, 0),
  halved: (path) => truncateSync(path, borderNearHalf(readFileSync(path))),
  removed: (path) => rmSync(path)
}
const topics = Object.keys(losses)

test(
  'what the leader has lost while all three brokers were dead is there on the others',
  { skip: skipUnless(odradek()), timeout: 120_000 },
  async () => {
    using data = temporaryDirectory('crash-lost-logs')
    const port = await freePorts(BROKERS)
    const addresses = addressesFrom(port, BROKERS)
    const options = { dataDirectory: data.path, port, brokers: BROKERS }
    let process = await startOdradek(options)
    try {
      const leaders = new Map<string, number>()
      for (const topic of topics) leaders.set(topic, await write(addresses, topic))
      await process.kill()
      for (const [topic, lose] of Object.entries(losses))
        lose(join(data.path, `broker-${leaders.get(topic)}`, `${topic}-0`, logName))
      process = await startOdradek(options)
      for (const topic of topics) {
        const ends = await endOffsets(addresses, topic, 1)
        assert.equal(ends.get(0), BATCHES, `${topic}: all that was acknowledged is there`)
      }
      await until(() =>
        topics.every((topic) => sizesOf(data.path, topic).every((size, _, [first]) => size > 0 && size === first))
      )
    } catch (error) {
      throw new Error(`${error}\n${process.log()}`, { cause: error })
    } finally {
      await process.stop()
    }
    assert.ok(assertCopiesAreAlike(data.path, BROKERS) >= 2 * topics.length)
  }
)

/** Acknowledged by all three; gives the leader. */
async function write(addresses: string, topic: string): Promise<number> {
  const all = await Promise.all(addresses.split(',').map((address) => RawConnection.open(address)))
  const [first = assert.fail()] = all
  await createByAsking(first, topic)
  const [leader = -1] = (await topicMetadata(first, topic)).leaders
  const connection = all[leader - 1] ?? assert.fail(`${topic} is led by ${leader}`)
  for (let number = 0; number < BATCHES; number += 1) {
    const record = { timestamp: Date.now(), key: null, value: Buffer.from(String(number)), headers: [] }
    const { errorCode, baseOffset } = await produce(connection, topic, buildBatch({ records: [record] }))
    assert.deepEqual([errorCode, baseOffset], [0, number])
  }
  for (const one of all) one.close()
  return leader
}

/** Where a batch begins that half of the bytes lie before. */
function borderNearHalf(bytes: Buffer): number {
  let position = 0
  while (position < bytes.length / 2) position += readBatchHeader(bytes, position).sizeBytes
  return position
}

function sizesOf(data: string, topic: string): number[] {
  return Array.from({ length: BROKERS }, (_, index) => {
    const directory = join(data, `broker-${index + 1}`, `${topic}-0`)
    const isThere = readdirSync(join(data, `broker-${index + 1}`)).includes(`${topic}-0`)
    return isThere && readdirSync(directory).includes(logName) ? readFileSync(join(directory, logName)).length : -1
  })
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !isSo(); ) {
    assert.ok(Date.now() < deadline, 'the copies are alike in the end')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
