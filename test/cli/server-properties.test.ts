/** The move to Apache Kafka with the server.properties that `odradek serve --server-properties` prints. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../harness/child-process.ts'
import { freePort } from '../harness/free-port.ts'
import { odradek, startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { kafkaWith } from '../harness/real-kafka.ts'
import { kafkaJars } from '../harness/tools.ts'
import { waitForMetadata } from '../harness/wire.ts'
import { commandLineAt } from './command-line.ts'

const main = odradek()
const jars = kafkaJars('broker')
const missing = 'missing' in main ? main.missing : 'missing' in jars ? jars.missing : false

test('a real Kafka starts with it, and serves what Odradek wrote', { skip: missing }, async () => {
  assert.ok('found' in main)
  const directory = temporaryDirectory('properties')
  const data = join(directory.path, 'data')
  const port = await freePort()
  const bootstrap = `localhost:${port}`
  const cli = commandLineAt(bootstrap)
  const broker = await startOdradek({ dataDirectory: data, port })
  await cli.text(['produce', 'orders', 'hello', '-k', 'key'])
  await broker.stop()
  const printed = await run(process.execPath, [
    main.found,
    'serve',
    '--server-properties',
    '--data',
    data,
    '-p',
    String(port)
  ])
  assert.equal(printed.code, 0, printed.stderr)
  const file = join(directory.path, 'server.properties')
  writeFileSync(file, printed.stdout)
  const kafka = kafkaWith(file)
  try {
    await waitForMetadata(bootstrap, 90_000, () => kafka.isAlive)
    const [record] = await cli.rows(['consume', 'orders', '-e'])
    assert.deepEqual([record?.key, record?.value, record?.offset], ['key', 'hello', 0])
  } finally {
    await kafka.stop(30_000)
    directory.remove()
  }
})

test(
  'an IPv6 address is written in brackets, and a port has to be known',
  {
    skip: 'missing' in main ? main.missing : false
  },
  async () => {
    assert.ok('found' in main)
    using directory = temporaryDirectory('address')
    writeFileSync(join(directory.path, 'meta.properties'), 'node.id=1\n')
    const printed = (...args: string[]) =>
      run(process.execPath, [main.found, 'serve', '--server-properties', '--data', directory.path, ...args])
    const { stdout, stderr } = await printed('--host', '::1')
    assert.match(stdout.toString(), /^advertised\.listeners=PLAINTEXT:\/\/\[::1\]:9092$/m, stderr)
    const any = await printed('--port', '0')
    assert.equal(any.code, 2)
    assert.match(any.stderr, /--port 0/)
  }
)

test(
  'the directory of one of several brokers, or of all, is refused, with the command that writes the files of each',
  { skip: 'missing' in main ? main.missing : false },
  async () => {
    assert.ok('found' in main)
    using directory = temporaryDirectory('several')
    const broker = await startOdradek({ dataDirectory: directory.path, brokers: 3 })
    await broker.stop()
    for (const data of [directory.path, join(directory.path, 'broker-1'), join(directory.path, 'controller')]) {
      const words = [main.found, 'serve', '--server-properties', '--data', data]
      const { code, stdout, stderr } = await run(process.execPath, words)
      assert.equal(code, 2, `${data}: ${stdout}`)
      assert.match(
        stderr,
        new RegExp(
          `is not the directory of one broker alone\\n.*\\n {2}try: (npx )?odradek graduate ${directory.path}$`,
          'm'
        )
      )
    }
  }
)

test(
  'a directory that no broker wrote is told as such',
  { skip: 'missing' in main ? main.missing : false },
  async () => {
    assert.ok('found' in main)
    using directory = temporaryDirectory('nothing')
    const { code, stderr } = await run(process.execPath, [
      main.found,
      'serve',
      '--server-properties',
      '--data',
      directory.path
    ])
    assert.equal(code, 2)
    assert.match(stderr, /is not a broker's directory\n {2}why: there is no node.id in .*meta.properties/)
  }
)
