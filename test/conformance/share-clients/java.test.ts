/** Java's share consumer (KIP-932), in programs of ours and in Apache Kafka's own tools: each record is done once, whatever is said of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { LineProcess, runToSuccess } from '../../harness/child-process.ts'
import { javaTool } from '../../harness/java-tool.ts'
import { quickJava } from '../../harness/quick-java.ts'
import { startTarget, target } from '../../harness/target.ts'
import { classPath, kafkaJars, skipUnless } from '../../harness/tools.ts'
import { Session } from '../differential/session.ts'
import { batchOf } from './records.ts'

const groupResource = 32
const patienceMs = 60_000
const program = join(import.meta.dirname, 'ShareMember.java')

function command(...args: string[]): string[] {
  return ['-Xmx256m', ...quickJava('broker'), '-cp', classPath('broker'), program, ...args]
}

describe('Java share consumers', { skip: skipUnless(target(), kafkaJars('broker'), kafkaJars('tools')) }, () => {
  let broker: BrokerProcess
  let session: Session

  before(async () => {
    broker = await startTarget()
    session = new Session(broker.bootstrap)
  })
  after(async () => {
    session.close()
    await broker.stop()
  })

  /** A topic of two partitions with these records, which the groups read from its beginning. */
  async function makeTopic(name: string, values: readonly string[], ...groups: string[]): Promise<void> {
    const topics = [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }]
    await session.ask(19, 7, { topics, timeoutMs: 10_000, validateOnly: false })
    const configs = [{ name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }]
    const resources = groups.map((resourceName) => ({ resourceType: groupResource, resourceName, configs }))
    await session.ask(44, 1, { resources, validateOnly: false })
    const halves = [values.slice(0, values.length / 2), values.slice(values.length / 2)]
    const partitionData = halves.map((half, index) => ({ index, records: batchOf(half) }))
    await session.ask(0, 12, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData: [{ name, partitionData }] })
  }

  const numbered = (count: number, word = 'value') => Array.from({ length: count }, (_, index) => `${word}-${index}`)
  const gotten = (lines: readonly string[]) => lines.filter((line) => line.startsWith('got ')).sort()

  test('explicit: what is released comes again, what is rejected does not', async () => {
    const values = ['accept-1', 'release-1', 'reject-1', 'accept-2', 'release-2', 'reject-2']
    await makeTopic('explicit', values, 'explicit')
    const args = command(broker.bootstrap, 'explicit', 'explicit', 'explicit', '6')
    const lines = (await runToSuccess('java', args, { timeoutMs: patienceMs })).toString().trim().split('\n')
    const first = values.map((value) => `got ${value} 1`)
    assert.deepEqual(gotten(lines), [...first, 'got release-1 2', 'got release-2 2'].sort())
    assert.deepEqual(
      lines.filter((line) => line.startsWith('error')),
      []
    )
    assert.equal(lines.at(-1), 'done')
  })

  test('implicit: two members share a topic, each record goes to one of them', async () => {
    await makeTopic('implicit', numbered(200), 'implicit')
    const members = [1, 2].map(
      () => new LineProcess('java', command(broker.bootstrap, 'implicit', 'implicit', 'implicit', '1000'))
    )
    try {
      const all = () => members.flatMap(({ lines }) => gotten(lines))
      for (let left = 600; all().length < 200 && left > 0; left -= 1)
        await new Promise((resolve) => setTimeout(resolve, 100))
      assert.deepEqual(
        all().sort(),
        numbered(200)
          .map((value) => `got ${value} 1`)
          .sort()
      )
    } finally {
      await Promise.all(members.map((member) => member.stop()))
    }
  })

  test('what a member that is killed held is given to another', async () => {
    await makeTopic('killed', numbered(10, 'release'), 'killed')
    const first = new LineProcess('java', command(broker.bootstrap, 'killed', 'killed', 'hold', '1000'))
    await first.until((lines) => lines.find((line) => line.startsWith('got ')), 'it is given something', patienceMs)
    await first.kill()
    const args = command(broker.bootstrap, 'killed', 'killed', 'explicit', '1')
    const lines = (await runToSuccess('java', args, { timeoutMs: patienceMs })).toString().trim().split('\n')
    assert.ok(gotten(lines).length > 0)
  })

  test('kafka-console-share-consumer, kafka-verifiable-share-consumer, kafka-share-consumer-perf-test', async () => {
    await makeTopic('tools', numbered(1000), 'console', 'verifiable-sync', 'verifiable-async', 'perf')
    const to = ['--bootstrap-server', broker.bootstrap, '--topic', 'tools']
    const options = { timeoutMs: patienceMs }
    const console = [...to, '--group', 'console', '--max-messages', '1000', '--timeout-ms', '30000']
    const printed = await javaTool('org.apache.kafka.tools.consumer.ConsoleShareConsumer', console, options)
    assert.deepEqual(
      printed
        .toString()
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('value-'))
        .sort(),
      numbered(1000).sort()
    )
    for (const mode of ['sync', 'async']) {
      const args = [...to, '--group-id', `verifiable-${mode}`, '--max-messages', '1000', '--acknowledgement-mode', mode]
      const told = await javaTool('org.apache.kafka.tools.VerifiableShareConsumer', args, options)
      assert.equal(acknowledgedIn(told), 1000, mode)
    }
    const performance = [...to, '--group', 'perf', '--num-records', '1000', '--timeout', '30000']
    const measured = await javaTool('org.apache.kafka.tools.ShareConsumerPerformance', performance, options)
    assert.match(measured.toString(), /, 1000, \d+\s*$/)
  })
})

interface Event {
  readonly name: string
  readonly partitions?: readonly { readonly offsets: readonly number[] }[]
}

function acknowledgedIn(output: Buffer): number {
  const events = output
    .toString()
    .trim()
    .split('\n')
    .map((line): Event => JSON.parse(line))
  const done = events.filter(({ name }) => name === 'offsets_acknowledged')
  return done.flatMap(({ partitions = [] }) => partitions.flatMap(({ offsets }) => offsets)).length
}
