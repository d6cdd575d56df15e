/** One broker for all who open a directory, as programs use it: in this process and in others. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Kafka as Client, logLevel } from 'kafkajs'
import { type OpenKafkaOptions, openKafka, type SharedKafka, StartError, startKafka } from '../src/index.ts'
import { LineProcess } from './harness/child-process.ts'
import { freePort } from './harness/free-port.ts'
import { temporaryDirectory } from './harness/paths.ts'

const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
const PATIENCE_MS = 60_000

function inDirectory(work: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    using directory = temporaryDirectory('open')
    await work(directory.path)
  }
}

async function problemOf(options: object): Promise<{ problem: string; message: string }> {
  const opened = await openKafka(options as OpenKafkaOptions).catch((error: unknown) => error)
  assert.ok(opened instanceof StartError, `${JSON.stringify(options)} was accepted`)
  return opened
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS
  while (!condition()) {
    assert.ok(performance.now() < deadlineMs, `not within ${PATIENCE_MS} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function topicsOf({ brokers }: SharedKafka): Promise<string[]> {
  const admin = new Client({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = await admin.listTopics()
  await admin.disconnect()
  return topics.sort()
}

async function portOf(server: Server): Promise<number> {
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A process that opens the directory, tells where it found the broker and whether it serves, and stays. */
function opener(directory: string, how = `openKafka({ directory: ${JSON.stringify(directory)} })`): LineProcess {
  const program = `import { openKafka, startKafka } from ${JSON.stringify(index)}
    const kafka = await ${how}
    setInterval(() => {}, 1e6)
    console.log(kafka.brokers[0], kafka.isServing)`
  return new LineProcess(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])
}

function opened(child: LineProcess): Promise<string> {
  return child.until(([line]) => line, 'its line', PATIENCE_MS)
}

test(
  'the first serves, the second uses its broker and takes over at the same address when the first stops',
  inDirectory(async (directory) => {
    const first = await openKafka({ directory, topics: { orders: 3 } })
    const second = await openKafka({ directory, topics: { orders: 1, payments: { partitions: 2 } } })
    assert.deepEqual([first.isServing, second.isServing], [true, false])
    assert.deepEqual(second.brokers, first.brokers)
    assert.deepEqual(second.brokers, [`127.0.0.1:${first.port}`])
    assert.deepEqual(await topicsOf(first), ['orders', 'payments'])
    await first.stop()
    assert.equal(first.isServing, false)
    await until(() => second.isServing)
    assert.deepEqual(second.brokers, first.brokers)
    assert.deepEqual(await topicsOf(second), ['orders', 'payments'])
    await Promise.all([second.stop(), second.stop(), second[Symbol.asyncDispose]()])
  })
)

test(
  'of many at the same moment one serves',
  inDirectory(async (directory) => {
    const handles = await Promise.all(Array.from({ length: 5 }, () => openKafka({ directory })))
    assert.equal(handles.filter(({ isServing }) => isServing).length, 1)
    assert.equal(new Set(handles.map(({ port }) => port)).size, 1)
    await Promise.all(handles.map((handle) => handle.stop()))
  })
)

test(
  'the directory remembers its address when nobody serves it',
  inDirectory(async (directory) => {
    const first = await openKafka({ directory })
    await first.stop()
    const second = await openKafka({ directory })
    assert.equal(second.port, first.port)
    await second.stop()
    const other = await openKafka({ directory, port: await freePort() })
    assert.notEqual(other.port, first.port)
    await other.stop()
  })
)

test(
  'a broker that was started otherwise is found, and taken over from',
  inDirectory(async (directory) => {
    const started = await startKafka({ directory, host: 'localhost' })
    const handle = await openKafka({ directory })
    assert.equal(handle.isServing, false)
    assert.deepEqual(handle.brokers, started.brokers)
    await started.stop()
    await until(() => handle.isServing)
    assert.deepEqual(handle.brokers, started.brokers)
    await handle.stop()
  })
)

test(
  'a port that a stranger has is given up for another one, which is told and remembered',
  inDirectory(async (directory) => {
    const first = await openKafka({ directory })
    await first.stop()
    const stranger = createServer().listen(first.port, '127.0.0.1')
    await portOf(stranger)
    const lines: string[] = []
    const second = await openKafka({ directory, log: (line) => lines.push(line) })
    assert.notEqual(second.port, first.port)
    assert.match(lines.join('\n'), new RegExp(`127.0.0.1:${first.port} is in use by another program`))
    assert.equal(readFileSync(join(directory, '.address'), 'utf8'), `127.0.0.1:${second.port}\n`)
    await second.stop()
    stranger.close()
  })
)

test(
  'a port that was asked for and is taken is an error, and leaves the directory free',
  inDirectory(async (directory) => {
    const stranger = createServer().listen(0, '127.0.0.1')
    const port = await portOf(stranger)
    const { problem, message } = await problemOf({ directory, port })
    assert.equal(problem, 'port-in-use')
    assert.match(message, new RegExp(`Port ${port} on 127.0.0.1 is in use`))
    stranger.close()
    await (await openKafka({ directory })).stop()
  })
)

test(
  'processes share a broker, and kill -9 of the one that serves makes another take over at the same address',
  inDirectory(async (directory) => {
    const [server, other] = [opener(directory), opener(directory)]
    try {
      const lines = await Promise.all([opened(server), opened(other)])
      const handle = await openKafka({ directory, topics: { orders: 1 } })
      assert.equal(handle.isServing, false)
      assert.deepEqual([...lines].sort(), [`${handle.brokers[0]} false`, `${handle.brokers[0]} true`])
      const port = handle.port
      await Promise.all([server.kill(), other.kill()])
      await until(() => handle.isServing)
      assert.equal(handle.port, port)
      assert.deepEqual(await topicsOf(handle), ['orders'])
      await handle.stop()
    } finally {
      await Promise.all([server.kill(), other.kill()])
    }
  })
)

test(
  'a handle does not keep its process alive, whether it serves or not',
  inDirectory(async (directory) => {
    const program = `import { openKafka } from ${JSON.stringify(index)}
      const options = { directory: ${JSON.stringify(directory)} }
      const kafka = await openKafka(options)
      const other = await openKafka(options)
      console.log(kafka.isServing, other.isServing)`
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { encoding: 'utf8', timeout: PATIENCE_MS }
    )
    assert.equal(status, 0, stderr)
    assert.equal(stdout, 'true false\n')
  })
)

test(
  'opening keeps the process alive until it is done, also while it waits for another to leave the directory',
  inDirectory(async (directory) => {
    const disk = fileURLToPath(new URL('../src/host/node/disk.ts', import.meta.url))
    const program = `import { openKafka } from ${JSON.stringify(index)}
      import { NodeDisk } from ${JSON.stringify(disk)}
      setTimeout(new NodeDisk(${JSON.stringify(directory)}).lock(), 300).unref()
      const kafka = await openKafka({ directory: ${JSON.stringify(directory)} })
      console.log(kafka.isServing)`
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { encoding: 'utf8', timeout: PATIENCE_MS }
    )
    assert.equal(status, 0, stderr)
    assert.equal(stdout, 'true\n')
  })
)

test(
  'a copy of a directory that is served is another directory',
  inDirectory(async (directory) => {
    using copy = temporaryDirectory('open-copy')
    const handle = await openKafka({ directory, topics: { orders: 1 } })
    cpSync(directory, copy.path, { recursive: true })
    const other = await openKafka({ directory: copy.path, topics: { payments: 1 } })
    assert.equal(other.isServing, true)
    assert.notEqual(other.port, handle.port)
    assert.deepEqual(await topicsOf(handle), ['orders'])
    assert.deepEqual(await topicsOf(other), ['orders', 'payments'])
    await Promise.all([handle.stop(), other.stop()])
  })
)

test(
  'a wrong option is named, with what is allowed',
  inDirectory(async (directory) => {
    const cases: [options: object, message: RegExp][] = [
      [{}, /option directory of openKafka.*Name the one that is shared/],
      [{ directory: '' }, /directory of openKafka.*Name the one/],
      [
        { directory, host: '0.0.0.0' },
        /host of openKafka.*There are: directory, port, durability, topics, config, log/
      ],
      [{ directory, port: -1 }, /port of openKafka.*0 to 65535/],
      [{ directory, config: { 'num.partition': '3' } }, /num\.partition/],
      [{ directory, topics: { 'no/slash': 1 } }, /no\/slash/]
    ]
    for (const [options, message] of cases) {
      const { problem, message: text } = await problemOf(options)
      assert.equal(problem, 'bad-option', text)
      assert.match(text.replaceAll('\n', ' '), message)
    }
    const serving = await openKafka({ directory })
    const { problem, message } = await problemOf({ directory, topics: { 'no/slash': 1 } })
    assert.equal(problem, 'bad-option')
    assert.match(message, /The topic no\/slash was not made/)
    await serving.stop()
  })
)
