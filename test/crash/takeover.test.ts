/**
 * How long nobody answers when the process that serves a directory is killed (-9), with ten processes that could take over:
 * from the kill to the next accepted connection, and to the next acknowledged record. The rounds are those of the crash test.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { openKafka } from '../../src/index.ts'
import { LineProcess } from '../harness/child-process.ts'
import { odradek } from '../harness/odradek-process.ts'
import { projectDirectory, temporaryDirectory } from '../harness/paths.ts'
import { produce } from '../harness/raw-requests.ts'
import { recordBatch } from '../harness/record-batch.ts'
import { skipUnless } from '../harness/tools.ts'
import { RawConnection } from '../harness/wire.ts'
import { endOffsets } from './partition-requests.ts'

const ROUNDS = Math.min(30, Number(process.env.ODRADEK_CRASH_ROUNDS ?? 5))
const PROCESSES = 10
const TOPIC = 'ledger'
const LOG_BYTES = Number(process.env.ODRADEK_TAKEOVER_LOG_BYTES ?? 32 * 1024 * 1024)
const PATIENCE_MS = 60_000

test(
  `${PROCESSES} processes: another takes over within a second of each of ${ROUNDS} deaths, and nothing is lost`,
  {
    skip: skipUnless(odradek())
  },
  async (context) => {
    using data = temporaryDirectory('takeover')
    const { address, written } = await fill(data.path)
    const processes = await Promise.all(Array.from({ length: PROCESSES }, () => opener(data.path)))
    const accepted: number[] = []
    const answered: number[] = []
    let acknowledged = written
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const holder = Number.parseInt(readFileSync(join(data.path, '.lock'), 'utf8'), 10)
        const index = processes.findIndex(({ pid }) => pid === holder)
        const startMs = performance.now()
        await processes[index]?.kill()
        const took = await firstAnswer(address, startMs)
        accepted.push(took.acceptedMs)
        answered.push(took.answeredMs)
        assert.equal(took.baseOffset, acknowledged, 'the record follows the last acknowledged one')
        acknowledged += 1
        processes[index] = await opener(data.path)
      }
      assert.equal((await endOffsets(address, TOPIC, 1)).get(0), acknowledged)
    } finally {
      await Promise.all(processes.map((process) => process.kill()))
    }
    context.diagnostic(`to the next accepted connection: ${describe(accepted)}`)
    context.diagnostic(`to the next acknowledged record: ${describe(answered)}`)
    // A second is promised; twice as much for a machine that is busy with other tests.
    assert.ok(median(answered) < 2000, `the median is ${median(answered)} ms`)
  }
)

/** A log of a usual size, in a directory that remembers an address. */
async function fill(directory: string): Promise<{ address: string; written: number }> {
  await using kafka = await openKafka({ directory, topics: { [TOPIC]: 1 } })
  const address = kafka.brokers[0] ?? ''
  const connection = await RawConnection.open(address)
  const values = Array.from({ length: 500 }, (_, index) => `${index}`.padStart(200, '0'))
  const batch = recordBatch(values)
  const batches = Math.ceil(LOG_BYTES / batch.length)
  for (let count = 0; count < batches; count++) await produce(connection, TOPIC, batch)
  connection.close()
  return { address, written: batches * values.length }
}

/** A process that opens the directory and stays; resolves when it has a broker. */
async function opener(directory: string): Promise<LineProcess> {
  const program = `import { openKafka } from ${JSON.stringify(pathToFileURL(join(projectDirectory, 'dist/index.js')).href)}
    await openKafka({ directory: ${JSON.stringify(directory)} })
    console.log('open')
    setInterval(() => {}, 1e6)`
  const child = new LineProcess(process.execPath, ['--input-type=module', '-e', program])
  await child.until(([line]) => line, 'its line', PATIENCE_MS)
  return child
}

/** Tries as an eager client does. */
async function firstAnswer(address: string, startMs: number) {
  let acceptedMs = 0
  for (;;) {
    const connection = await RawConnection.open(address).catch(() => null)
    if (connection !== null) {
      acceptedMs ||= performance.now() - startMs
      const produced = await produce(connection, TOPIC, recordBatch(['one more'])).catch(() => null)
      const answeredMs = performance.now() - startMs
      connection.close()
      if (produced?.errorCode === 0) return { acceptedMs, answeredMs, baseOffset: produced.baseOffset }
    }
    assert.ok(performance.now() - startMs < PATIENCE_MS, 'nobody takes over')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

function describe(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(Math.round)
  return `median ${Math.round(median(values))} ms, least ${least} ms, most ${most} ms`
}
