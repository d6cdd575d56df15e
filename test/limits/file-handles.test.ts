/**
 * A broker that may open few files (ulimit -n), whose clients take the rest: what it cannot keep is refused, nothing that it
 * acknowledged is missing after a stop or a kill, and when the clients are gone everything answers again.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SeededChance } from '../../src/host/memory/chance.ts'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { topicMetadata } from '../harness/raw-requests.ts'
import { skipUnless, type Tool } from '../harness/tools.ts'
import { RawConnection } from '../harness/wire.ts'
import { Acknowledged } from './acknowledged.ts'

const PARTITIONS = 8
const SEGMENT_BYTES = 1024 * 1024
const RECORD_BYTES = 100_000
const ROUNDS = 12
const apiVersions = 18
const storageError = 56
const configs = { 'log.segment.bytes': String(SEGMENT_BYTES) }

const proc: Tool = existsSync('/proc/self/fd') ? { found: '/proc' } : { missing: 'open files are counted in /proc' }

function openFiles(broker: BrokerProcess): number {
  return readdirSync(`/proc/${broker.pid}/fd`).length
}

function segmentFiles(directory: string): number {
  return readdirSync(directory, { recursive: true }).filter((name) => String(name).endsWith('.log')).length
}

async function until(condition: () => boolean, what: () => string, timeoutMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !condition(); await sleep(20)) {
    if (Date.now() > deadline) assert.fail(what())
  }
}

/** Clients that connect, are answered once and stay, until the broker has so many files open. */
async function fillUpTo(broker: BrokerProcess, wanted: number): Promise<RawConnection[]> {
  const idle: RawConnection[] = []
  while (openFiles(broker) < wanted) {
    const client = await RawConnection.open(broker.bootstrap)
    idle.push(client)
    // One that there was no handle for is closed.
    await client.ask(apiVersions, 0, Buffer.alloc(0)).catch(() => null)
  }
  return idle
}

for (const handlesLeft of [0, 1, 2]) {
  for (const end of ['stop', 'kill'] as const) {
    test(
      `with ${handlesLeft} file handles left, what is acknowledged while logs have to roll is there after a ${end}`,
      {
        skip: skipUnless(odradek(), proc),
        timeout: 60_000
      },
      async () => {
        using data = temporaryDirectory('handles')
        const openFilesMax = 100
        const acknowledged = new Acknowledged('ledger', 1)
        const limited = await startOdradek({ dataDirectory: data.path, topics: ['ledger'], configs, openFilesMax })
        const connection = await RawConnection.open(limited.bootstrap)
        let idle: RawConnection[] = []
        const errors = new Map<number, number>()
        try {
          for (let count = 0; count < 8; count++)
            assert.equal(await acknowledged.produce(connection, 0, RECORD_BYTES), 0)
          idle = await fillUpTo(limited, openFilesMax - handlesLeft)
          // Large ones need another segment; small ones still fit the one that there is.
          for (let count = 0; count < 60; count++) {
            const error = await acknowledged.produce(connection, 0, count % 3 === 0 ? RECORD_BYTES : 100)
            errors.set(error, (errors.get(error) ?? 0) + 1)
          }
        } finally {
          if (end === 'kill') await limited.kill()
          else await limited.stop()
          for (const client of [connection, ...idle]) client.close()
        }
        await using broker = await startOdradek({ dataDirectory: data.path, configs })
        await acknowledged.assertServedBy(broker.bootstrap)
        const after = await RawConnection.open(broker.bootstrap)
        for (let count = 0; count < 15; count++) assert.equal(await acknowledged.produce(after, 0, RECORD_BYTES), 0)
        after.close()
        await acknowledged.assertServedBy(broker.bootstrap)
        // A roll needs one; with the files beside the records the broker makes do.
        if (handlesLeft === 0)
          assert.ok((errors.get(storageError) ?? 0) > 0, `no roll was refused: ${[...errors].join('; ')}`)
      }
    )
  }
}

for (const end of ['stop', 'kill'] as const) {
  test(
    `200 file handles, ${PARTITIONS} partitions, clients that come and go: nothing is missing after a ${end}, no handle is lost`,
    {
      skip: skipUnless(odradek(), proc),
      timeout: 90_000
    },
    async (context) => {
      using data = temporaryDirectory('handles')
      const chance = new SeededChance(end.length)
      const openFilesMax = 200
      const topics = [`ledger:${PARTITIONS}`]
      const acknowledged = new Acknowledged('ledger', PARTITIONS)
      const limited = await startOdradek({ dataDirectory: data.path, topics, configs, openFilesMax })
      const besideSegments = openFiles(limited) - segmentFiles(data.path)
      let refused = 0
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const producer = await RawConnection.open(limited.bootstrap)
          const idle = await fillUpTo(limited, openFilesMax - chance.below(8))
          await topicMetadata(idle[0] ?? producer, `made-in-need-${round}`)
          for (let count = 0; count < 4 * PARTITIONS; count++) {
            const error = await acknowledged.produce(producer, count % PARTITIONS, 1 + chance.below(2 * RECORD_BYTES))
            if (error !== 0) refused += 1
          }
          for (const client of [producer, ...idle]) client.close()
          const most = (): number => besideSegments + segmentFiles(data.path)
          await until(
            () => openFiles(limited) <= most(),
            () => `${openFiles(limited)} files are open when all clients have left, where ${most()} are needed`
          )
        }
        context.diagnostic(`${acknowledged.count} records acknowledged, ${refused} refused`)
        assert.ok(refused > 0, 'handles never ran out')
        const connection = await RawConnection.open(limited.bootstrap)
        for (let partition = 0; partition < PARTITIONS; partition++)
          assert.equal(await acknowledged.produce(connection, partition, RECORD_BYTES), 0)
        connection.close()
        await acknowledged.assertServedBy(limited.bootstrap)
      } finally {
        if (end === 'kill') await limited.kill()
        else await limited.stop()
      }
      await using broker = await startOdradek({ dataDirectory: data.path, configs })
      await acknowledged.assertServedBy(broker.bootstrap)
      const connection = await RawConnection.open(broker.bootstrap)
      for (let partition = 0; partition < PARTITIONS; partition++)
        assert.equal(await acknowledged.produce(connection, partition, RECORD_BYTES), 0)
      connection.close()
    }
  )
}
