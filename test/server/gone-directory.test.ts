/** A data directory that is removed, renamed or replaced under a running broker, as a slip of somebody's hand does it. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../../src/cli/learn/shell.ts'
import { type Kafka, openKafka, startKafka } from '../../src/index.ts'
import { freePort } from '../harness/free-port.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { createByAsking, produce, topicMetadata } from '../harness/raw-requests.ts'
import { recordBatch } from '../harness/record-batch.ts'
import { RawConnection, waitForMetadata } from '../harness/wire.ts'

/** Far longer than a broker may take to notice. */
const PATIENCE_MS = 90_000

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS
  while (!condition()) {
    assert.ok(performance.now() < deadlineMs, `not within ${PATIENCE_MS} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function watched() {
  const lines: string[] = []
  const reasons: Error[] = []
  const log = (line: string): void => void lines.push(line)
  const onBroken = (reason: Error): void => void reasons.push(reason)
  return { lines, reasons, options: { log, onBroken } }
}

/** A record that is acknowledged with acks=all. */
async function acknowledged({ brokers }: Kafka): Promise<number> {
  const any = await RawConnection.open(brokers[0] ?? '')
  await createByAsking(any, 'orders')
  const { leaders } = await topicMetadata(any, 'orders')
  const leader = await RawConnection.open(brokers.at((leaders[0] ?? 1) - 1) ?? '')
  const { errorCode, baseOffset } = await produce(leader, 'orders', recordBatch(['record']))
  any.close()
  leader.close()
  assert.equal(errorCode, 0)
  return baseOffset
}

const slips: Readonly<Record<string, (directory: string) => void>> = {
  removed: (directory) => rmSync(directory, { recursive: true }),
  renamed: (directory) => renameSync(directory, `${directory}-away`),
  'replaced by an empty one': (directory) => {
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
  }
}

for (const [how, slip] of Object.entries(slips)) {
  test(`a broker whose directory is ${how} stops itself, says so, and writes nothing in its place`, async () => {
    using parent = temporaryDirectory('gone')
    const directory = join(parent.path, 'data')
    const { lines, reasons, options } = watched()
    const kafka = await startKafka({ directory, ...options })
    await acknowledged(kafka)
    slip(directory)
    await until('it notices', () => reasons.length > 0)
    assert.match(
      lines.join('\n'),
      /stopped itself.*data directory .*data is gone: .* Put it back where it was, or take the backup/
    )
    assert.deepEqual(
      reasons.map((reason) => 'problem' in reason && reason.problem),
      ['gone']
    )
    await kafka.stop()
    assert.deepEqual(existsSync(directory) ? readdirSync(directory) : [], [])
  })
}

test('a partition whose directory is removed goes offline alone, and whoever runs the broker is told once', async () => {
  using directory = temporaryDirectory('gone')
  const { lines, reasons, options } = watched()
  await using kafka = await startKafka({ directory: directory.path, topics: { orders: 1, other: 1 }, ...options })
  const client = await RawConnection.open(kafka.brokers[0] ?? '')
  const write = async (topic: string) => (await produce(client, topic, recordBatch(['record']))).errorCode
  assert.deepEqual([await write('orders'), await write('other')], [0, 0])
  rmSync(join(directory.path, 'orders-0'), { recursive: true })
  const kafkaStorageError = 56
  assert.deepEqual([await write('orders'), await write('other')], [kafkaStorageError, 0])
  client.close()
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(lines[0] ?? '', /^orders-0 is offline: .*orders-0\/0{20}\.log is damaged: It is not there any more/)
  assert.deepEqual(reasons, [])
})

test('nothing is made in a directory that is gone, before that is noticed as well: a new topic is refused', async () => {
  using parent = temporaryDirectory('gone')
  const directory = join(parent.path, 'data')
  const { reasons, options } = watched()
  const kafka = await startKafka({ directory, ...options })
  const connection = await RawConnection.open(kafka.brokers[0] ?? '')
  rmSync(directory, { recursive: true })
  // Where the broker was quicker, the connection has closed.
  const { errorCode } = await topicMetadata(connection, 'late').catch(() => ({ errorCode: -1 }))
  assert.notEqual(errorCode, 0)
  connection.close()
  await until('it notices', () => reasons.length > 0)
  await kafka.stop()
  assert.equal(existsSync(directory), false)
})

test('what was acknowledged is there again when a directory that was renamed is put back', async () => {
  using parent = temporaryDirectory('gone')
  const directory = join(parent.path, 'data')
  const { reasons, options } = watched()
  const kafka = await startKafka({ directory, ...options })
  assert.equal(await acknowledged(kafka), 0)
  renameSync(directory, `${directory}-away`)
  await until('it notices', () => reasons.length > 0)
  await kafka.stop()
  renameSync(`${directory}-away`, directory)
  await using again = await startKafka({ directory })
  assert.equal(await acknowledged(again), 1)
})

test('one of three brokers whose directory is gone ends alone, and comes back with a new one that the others fill', async () => {
  using directory = temporaryDirectory('gone')
  const { lines, reasons, options } = watched()
  await using kafka = await startKafka({ directory: directory.path, brokers: 3, ...options })
  await acknowledged(kafka)
  rmSync(join(directory.path, 'broker-2'), { recursive: true })
  await until('broker 2 ends', () => !kafka.broker(2).isRunning)
  assert.deepEqual([kafka.broker(1).isRunning, kafka.broker(3).isRunning, reasons], [true, true, []])
  assert.match(lines.join('\n'), /data directory .*broker-2 is gone/)
  await kafka.broker(2).start()
  assert.equal(existsSync(join(directory.path, 'broker-2', 'meta.properties')), true)
})

test('where the directory of all brokers is gone, none goes on, and whoever runs them is told once', async () => {
  using parent = temporaryDirectory('gone')
  const directory = join(parent.path, 'data')
  const { reasons, options } = watched()
  const kafka = await startKafka({ directory, brokers: 3, ...options })
  await acknowledged(kafka)
  rmSync(directory, { recursive: true })
  await until('it is told', () => reasons.length > 0)
  await until('all end', () => [1, 2, 3].every((id) => !kafka.broker(id).isRunning))
  await kafka.stop()
  assert.deepEqual([reasons.length, existsSync(directory)], [1, false])
})

test('serve ends with exit code 1, and says what happened to its directory and what to do', async () => {
  using parent = temporaryDirectory('gone')
  const directory = join(parent.path, 'data')
  const port = await freePort()
  const served = runCommand(['serve', '--data', directory, '--port', String(port)], {
    brokers: [`localhost:${port}`],
    interrupted: new AbortController().signal
  })
  await waitForMetadata(`127.0.0.1:${port}`, 15_000, () => true)
  rmSync(directory, { recursive: true })
  const { exitCode, error, printed } = await served
  assert.equal(exitCode, 1)
  assert.match(error?.message ?? '', /the broker has stopped itself: its data directory is gone/)
  assert.match(printed.join('\n'), /is gone: it was removed, renamed or replaced/)
})

test('programs that share a directory go on when it is put back, and never with an empty one in its place', async () => {
  using parent = temporaryDirectory('gone')
  const directory = join(parent.path, 'data')
  const { lines, options } = watched()
  await using kafka = await openKafka({ directory, log: options.log })
  assert.equal(await acknowledged(kafka), 0)
  renameSync(directory, `${directory}-away`)
  await until('it ends', () => !kafka.isServing)
  await until('it is told', () => lines.some((line) => /stopped itself/.test(line)))
  assert.equal(existsSync(directory), false)
  renameSync(`${directory}-away`, directory)
  await until('it serves again', () => kafka.isServing)
  assert.equal(await acknowledged(kafka), 1)
})
