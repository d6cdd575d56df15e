/**
 * A topic is copied in transactions by clients that others wrote: consume, transform, produce, and commit offsets, all or nothing. Each
 * record is there once, whatever was aborted, and who lost the transactional id is fenced.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { runToSuccess } from '../../harness/child-process.ts'
import { startTarget, target } from '../../harness/target.ts'
import { found, pythonClients, skipUnless, type Tool } from '../../harness/tools.ts'
import { franzGoCopier } from './copiers/franz-go-copier.ts'

const source = 'copied-from'
const count = 40
const values = Array.from({ length: count }, (_, index) => `value ${index}`)

interface Copier {
  readonly client: string
  readonly tool: Tool
  readonly command: () => readonly [string, ...string[]]
}

const copiers: readonly Copier[] = [
  ...['kafka_python', 'aiokafka'].map((client): Copier => {
    const script = join(import.meta.dirname, 'copiers', `${client}_copier.py`)
    return { client, tool: pythonClients(), command: () => [found(pythonClients()), script] }
  }),
  { client: 'franz-go', tool: franzGoCopier.tool(), command: () => [franzGoCopier.binary] }
]

describe('clients that copy a topic in transactions', { skip: skipUnless(target()) }, () => {
  let broker: BrokerProcess
  let admin: Admin

  before(async () => {
    broker = await startTarget()
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
    await makeTopic(source)
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: source, messages: values.map((value) => ({ value })) })
    await producer.disconnect()
  })

  after(async () => {
    await admin?.disconnect()
    await broker?.stop()
  })

  async function makeTopic(topic: string): Promise<void> {
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  }

  for (const { client, tool, command } of copiers) {
    test(client, { skip: skipUnless(tool) }, async () => {
      const copy = `copied-by-${client}`
      await makeTopic(copy)
      const [program, ...args] = command()
      const output = await runToSuccess(program, [...args, broker.bootstrap, source, copy, String(count)], {
        timeoutMs: 90_000
      })
      const lines = output.toString().trimEnd().split('\n')
      assert.match(lines[0] ?? '', /^fenced by /)
      const read = (isolation: string) =>
        lines.filter((line) => line.startsWith(`${isolation} `)).map((line) => line.slice(isolation.length + 1))
      assert.deepEqual(
        read('committed'),
        values.map((value) => value.toUpperCase())
      )
      // One of the first four transactions was aborted, and the one that was fenced.
      assert.ok(read('written').length > count + 1, `${read('written').length} were written`)
      const [told] = await admin.fetchOffsets({ groupId: `copiers to ${copy}`, topics: [source] })
      assert.equal(told?.partitions[0]?.offset, String(count))
    })
  }
})
