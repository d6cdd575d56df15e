/**
 * A broker on a disk that is really full, a small tmpfs: what it cannot keep is refused, what it has kept is served, it stops
 * and starts there, and what is deleted makes room again.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { topicMetadata } from '../harness/raw-requests.ts'
import { skipUnless, type Tool } from '../harness/tools.ts'
import { int32, int64, list, RawConnection, text } from '../harness/wire.ts'
import { Acknowledged } from './acknowledged.ts'

const STORAGE_ERROR = 56
const DISK = '4m'

const root = process.getuid?.() === 0 ? [] : ['sudo', '-n']

function asRoot(...command: readonly string[]): void {
  const [program = '', ...args] = [...root, ...command]
  execFileSync(program, args, { stdio: 'ignore', timeout: 10_000 })
}

interface SmallDisk extends Disposable {
  readonly path: string
}

function mountSmallDisk(): SmallDisk {
  const directory = temporaryDirectory('small-disk')
  try {
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${DISK},mode=777`, 'tmpfs', directory.path)
  } catch (error) {
    directory.remove()
    throw error
  }
  return {
    path: directory.path,
    [Symbol.dispose]() {
      asRoot('umount', directory.path)
      directory.remove()
    }
  }
}

/** Whether a file system of this size can be had here. */
function smallDisk(): Tool {
  try {
    mountSmallDisk()[Symbol.dispose]()
    return { found: 'tmpfs' }
  } catch {
    return { missing: 'a tmpfs can be mounted by root only (and on Linux)' }
  }
}

/** Records as large as there is room for, then smaller ones, until there is none left. */
async function fill(connection: RawConnection, acknowledged: Acknowledged): Promise<void> {
  for (const sizeBytes of [50_000, 5_000, 10]) {
    for (let partition = 0; ; partition = 1 - partition) {
      const error = await acknowledged.produce(connection, partition, sizeBytes)
      if (error === 0) continue
      assert.equal(error, STORAGE_ERROR)
      break
    }
  }
}

/** DeleteRecords, version 0. */
async function trim(connection: RawConnection, topic: string, partition: number, offset: number): Promise<number> {
  const partitions = list([Buffer.concat([int32(partition), int64(offset)])])
  const answer = await connection.ask(
    21,
    0,
    Buffer.concat([list([Buffer.concat([text(topic), partitions])]), int32(5000)])
  )
  answer.int32()
  const [error] = answer
    .list(() => {
      answer.text()
      return answer.list(() => [answer.int32(), answer.int64(), answer.int16()].at(2) ?? -1)
    })
    .flat()
  return error ?? -1
}

/** DeleteTopics, version 1. */
async function deleteTopic(connection: RawConnection, topic: string): Promise<number> {
  const answer = await connection.ask(20, 1, Buffer.concat([list([text(topic)]), int32(5000)]))
  answer.int32()
  const [error] = answer.list(() => [answer.text(), answer.int16()] as const).map(([, code]) => code)
  return error ?? -1
}

async function end(broker: BrokerProcess, way: 'kill' | 'stop'): Promise<void> {
  if (way === 'kill') return await broker.kill()
  await broker.stop()
  assert.match(broker.log(), /stopped; the data is in/, 'a stop on a full disk is a clean one')
}

test(
  'a full disk: what was acknowledged is served after each stop and kill; a trim and a deletion are kept; then there is room',
  {
    skip: skipUnless(odradek(), smallDisk()),
    timeout: 60_000
  },
  async () => {
    using disk = mountSmallDisk()
    const dataDirectory = join(disk.path, 'data')
    const acknowledged = new Acknowledged('ledger', 2)
    const spare = new Acknowledged('spare', 1)
    let broker = await startOdradek({ dataDirectory, topics: ['ledger:2', 'spare:1'] })
    let connection = await RawConnection.open(broker.bootstrap)
    const again = async (way: 'kill' | 'stop'): Promise<void> => {
      connection.close()
      await end(broker, way)
      broker = await startOdradek({ dataDirectory })
      connection = await RawConnection.open(broker.bootstrap)
      await acknowledged.assertServedBy(broker.bootstrap)
    }
    try {
      for (let count = 0; count < 20; count++) assert.equal(await spare.produce(connection, 0, 50_000), 0)
      await fill(connection, acknowledged)
      assert.ok(acknowledged.count > 20, `${acknowledged.count} records`)
      await acknowledged.assertServedBy(broker.bootstrap)
      assert.equal((await topicMetadata(connection, 'new')).errorCode, STORAGE_ERROR)
      for (const way of ['kill', 'stop', 'kill', 'stop'] as const) {
        await again(way)
        await fill(connection, acknowledged)
      }
      await spare.assertServedBy(broker.bootstrap)
      assert.equal(await trim(connection, 'ledger', 1, 7), 0)
      acknowledged.starts.set(1, 7)
      await again('kill')
      await fill(connection, acknowledged)
      assert.equal(await deleteTopic(connection, 'spare'), 0)
      for (const partition of [0, 1]) assert.equal(await acknowledged.produce(connection, partition, 50_000), 0)
      await again('kill')
      for (const partition of [0, 1]) assert.equal(await acknowledged.produce(connection, partition, 50_000), 0)
      assert.equal((await topicMetadata(connection, 'new')).errorCode, 0)
      await again('stop')
    } finally {
      connection.close()
      await broker.kill()
    }
  }
)
