/**
 * Three brokers in a process that may open no more files: whatever was acknowledged is read, from any offset; what fits into the files
 * that are open is taken and made safe; what is wrong is told once; and once the limit is raised, everything goes on by itself.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { fetchBody } from '../harness/raw-requests.ts'
import { skipUnless, type Tool } from '../harness/tools.ts'
import { int8, list, RawConnection, text } from '../harness/wire.ts'
import { Acknowledged } from './acknowledged.ts'

const topic = 'ledger'
const partitions = 8
const largeBytes = 100_000
/** Of each partition: two segments, the last of which has room for small ones. */
const records = 15
const patienceMs = 120_000
const configs = { 'log.segment.bytes': String(1024 * 1024) }

const prlimit: Tool =
  existsSync('/proc/self/fd') && existsSync('/usr/bin/prlimit')
    ? { found: 'prlimit' }
    : { missing: 'no prlimit: it comes with util-linux' }

test(
  'three brokers without a file handle left serve all that they have, say so once, and go on when there are some',
  {
    skip: skipUnless(odradek(), prlimit),
    timeout: 400_000
  },
  async () => {
    using data = temporaryDirectory('handles')
    await using brokers = await startOdradek({
      dataDirectory: data.path,
      topics: [`${topic}:${partitions}`],
      configs,
      brokers: 3
    })
    const acknowledged = new Acknowledged(topic, partitions)
    const leaders = await connectionsToLeaders(brokers.bootstrap)
    const produce = (partition: number, sizeBytes: number) =>
      acknowledged.produce(connectionOf(leaders, partition), partition, sizeBytes)
    const eachPartition = async (work: (partition: number) => Promise<void>): Promise<void> => {
      for (let partition = 0; partition < partitions; partition++) await work(partition)
    }
    const readFromEachOffset = (): Promise<void> =>
      eachPartition(async (partition) => {
        // Backwards: no read goes on where one has ended.
        for (let offset = records - 1; offset >= 0; offset--)
          assert.equal(await errorOfFetch(connectionOf(leaders, partition), partition, offset), 0)
      })
    let idle: RawConnection[] = []
    try {
      await eachPartition(async (partition) => {
        for (let count = 0; count < records; count++) assert.equal(await produce(partition, largeBytes), 0)
      })
      const mostFiles = openFiles(brokers) + 6
      limit(brokers, mostFiles)
      idle = await fillUp(brokers)
      const before = linesOf(brokers)

      await readFromEachOffset()
      await eachPartition(async (partition) => assert.equal(await produce(partition, 100), 0))
      assert.deepEqual(newLines(brokers, before), [], 'what works is no trouble')

      // Large ones need another segment, for which there is no handle.
      const refused = await Promise.all(
        [...leaders.keys()].map(async (partition) => {
          for (let count = 0; count < 8; count++) {
            const error = await produce(partition, largeBytes).catch(() => -1)
            if (error !== 0) return error
          }
          return 0
        })
      )
      assert.ok(
        refused.some((error) => error !== 0),
        `handles never ran out: ${refused}`
      )
      await readFromEachOffset()
      const told = newLines(brokers, before)
      assert.equal(told.filter((line) => line.includes('cannot be read')).length, 0, told.join('\n'))
      assert.equal(new Set(told).size, told.length, `told again: ${told.join('\n')}`)

      limit(brokers, mostFiles + 1000)
      for (const partition of leaders.keys()) {
        let error = -1
        for (const deadline = Date.now() + patienceMs; error !== 0; await sleep(100)) {
          if (Date.now() > deadline) assert.fail(`partition ${partition} is answered with ${error}: ${brokers.log()}`)
          const connection = await RawConnection.open(connectionAddress(leaders, partition))
          error = await acknowledged.produce(connection, partition, largeBytes).catch(() => -1)
          connection.close()
        }
      }
      await readFromEachOffset()
    } finally {
      for (const connection of [...idle, ...[...leaders.values()].map((leader) => leader.connection)])
        connection.close()
    }
  }
)

interface Leader {
  readonly address: string
  readonly connection: RawConnection
}

function connectionOf(leaders: ReadonlyMap<number, Leader>, partition: number): RawConnection {
  const leader = leaders.get(partition)
  assert.ok(leader !== undefined)
  return leader.connection
}

function connectionAddress(leaders: ReadonlyMap<number, Leader>, partition: number): string {
  return leaders.get(partition)?.address ?? assert.fail(`partition ${partition} has no leader`)
}

/** One connection for each partition, which stays. (Metadata, version 4.) */
async function connectionsToLeaders(bootstrap: string): Promise<Map<number, Leader>> {
  const first = await RawConnection.open(bootstrap)
  const leaders = new Map<number, Leader>()
  const deadline = Date.now() + patienceMs
  for (;;) {
    const answer = await first.ask(3, 4, Buffer.concat([list([text(topic)]), int8(0)]))
    answer.int32()
    const addresses = new Map<number, string>()
    answer.list(() => {
      const id = answer.int32()
      addresses.set(id, `${answer.text()}:${answer.int32()}`)
      answer.text()
    })
    answer.text()
    answer.int32()
    answer.int32()
    answer.int16()
    answer.text()
    answer.int8()
    const found = answer.list(() => {
      answer.int16()
      const [partition, leader] = [answer.int32(), answer.int32()]
      const [, inSync] = [answer.list(() => answer.int32()), answer.list(() => answer.int32())]
      return { partition, leader, isReady: inSync.length === 3 }
    })
    if (found.length === partitions && found.every(({ leader, isReady }) => isReady && addresses.has(leader))) {
      for (const { partition, leader } of found) {
        const address = addresses.get(leader) ?? ''
        leaders.set(partition, { address, connection: await RawConnection.open(address) })
      }
      first.close()
      return leaders
    }
    if (Date.now() > deadline) assert.fail('not every partition has its replicas in sync')
    await sleep(50)
  }
}

async function errorOfFetch(connection: RawConnection, partition: number, offset: number): Promise<number> {
  const answer = await connection.ask(1, 4, fetchBody(topic, offset, 1000, partition))
  answer.int32()
  const [found] = answer
    .list(() => {
      answer.text()
      return answer.list(() => {
        answer.int32()
        const error = answer.int16()
        answer.int64()
        answer.int64()
        answer.list(() => [answer.int64(), answer.int64()])
        const { length } = answer.blob()
        return error === 0 && length === 0 ? -1 : error
      })
    })
    .flat()
  return found ?? -1
}

function openFiles({ pid }: BrokerProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** The one that a process may raise again. */
function limit({ pid }: BrokerProcess, openFilesMax: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${openFilesMax}:`])
}

/** Clients that connect and stay, until one is turned away. */
async function fillUp(brokers: BrokerProcess): Promise<RawConnection[]> {
  const idle: RawConnection[] = []
  for (;;) {
    const client = await RawConnection.open(brokers.bootstrap)
    idle.push(client)
    if (
      await client.ask(18, 0, Buffer.alloc(0)).then(
        () => false,
        () => true
      )
    )
      return idle
  }
}

function linesOf(brokers: BrokerProcess): string[] {
  return brokers
    .log()
    .split('\n')
    .filter((line) => line !== '')
}

function newLines(brokers: BrokerProcess, before: readonly string[]): string[] {
  return linesOf(brokers).filter((line) => !before.includes(line))
}
