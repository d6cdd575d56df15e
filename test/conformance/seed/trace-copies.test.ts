/** The copies that `odradek trace` tells of, on a real Apache Kafka of three brokers: each file is opened at the byte it names. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import kafkaJs from 'kafkajs'
import { readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { execJars, skipUnless } from '../../harness/tools.ts'
import { commandsAt } from './commands.ts'
import { startThreeBrokers } from './three-brokers.ts'

const { Kafka, logLevel } = kafkaJs
const deadlineMs = 120_000

interface Traced {
  readonly partition: number
  readonly offset: number
  readonly batch: { firstOffset: number; index: number }
  readonly copies: readonly {
    node: number
    role: string
    inSync: boolean
    directory: string | null
    behind: number | null
    file: { path: string; position: number; sizeBytes: number } | null
    note: string | null
  }[]
}

test(
  'every copy is told with its file; one whose broker is stopped is not in sync',
  { skip: skipUnless(execJars()) },
  async () => {
    await using cluster = await startThreeBrokers()
    const cli = commandsAt(cluster.bootstrap.join(','))
    const trace = async (...args: string[]): Promise<Traced> =>
      JSON.parse(await cli.text('trace', 'copied', '-o', 'json', ...args))

    await cli.text('topics', 'create', 'copied', '-p', '1', '-r', '3')
    for (const value of ['first', 'second', 'third']) await cli.text('produce', 'copied', value, '-k', 'k')
    const whole = await until(
      () => trace('--key', 'k'),
      ({ copies }) => copies.every(({ file }) => file !== null)
    )
    assert.deepEqual([whole.offset, whole.copies.length], [2, 3])
    assert.deepEqual(
      whole.copies.map(({ node, role }) => [node, role === 'leader']),
      await membersOf(cluster.bootstrap)
    )
    assert.equal(new Set(whole.copies.map(({ directory }) => directory)).size, 3)
    for (const { file, inSync, behind } of whole.copies) {
      assert.deepEqual([inSync, behind], [true, 0])
      assert.ok(file)
      const batch = readFileSync(file.path).subarray(file.position, file.position + file.sizeBytes)
      assert.equal(readBatchHeader(batch).baseOffset, whole.batch.firstOffset)
      const record = [...readRecords(batch)][whole.batch.index]
      assert.deepEqual([record?.offset, String(record?.key), String(record?.value)], [2, 'k', 'third'])
    }

    const stopped = whole.copies.find(({ role }) => role === 'follower')?.node ?? 0
    await cluster.stop(stopped)
    await cli.text('produce', 'copied', 'fourth', '-k', 'k')
    const copyOf = ({ copies }: Traced) => copies.find(({ node }) => node === stopped)
    const lacking = await until(
      () => trace('--key', 'k'),
      (traced) => copyOf(traced)?.note === 'this broker is not in the cluster now'
    )
    assert.equal(lacking.offset, 3)
    assert.equal(copyOf(lacking)?.inSync, false)
    assert.deepEqual(lacking.copies.filter(({ inSync }) => inSync).length, 2)
    const text = await cli.text('trace', 'copied', '--key', 'k', '-o', 'table')
    assert.match(text, new RegExp(`node ${stopped}: follower, NOT in sync`))
    assert.match(text, /3 copies, 2 in sync/)

    await cluster.start(stopped)
    const back = await until(
      () => trace('--key', 'k'),
      (traced) => copyOf(traced)?.inSync === true && copyOf(traced)?.file !== null
    )
    assert.equal(back.offset, 3)
  }
)

/** What the cluster says to kafkajs: each replica, and whether it leads. */
async function membersOf(bootstrap: readonly string[]): Promise<[number, boolean][]> {
  const admin = new Kafka({ brokers: [...bootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: ['copied'] })
    const [partition] = topics[0]?.partitions ?? []
    return (partition?.replicas ?? []).map((node) => [node, node === partition?.leader])
  } finally {
    await admin.disconnect()
  }
}

async function until<Value>(look: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  const deadline = Date.now() + deadlineMs
  for (;;) {
    const value = await look()
    if (holds(value)) return value
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)}`)
  }
}
