/** Apache Kafka's own kafka-transactions.sh, as an operator who looks for a transaction that hangs uses it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { javaTool } from '../../harness/java-tool.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { fieldOf, Session } from '../differential/session.ts'
import { createTopic, TransactionalProducer } from './producer.ts'
import { Api } from './steps.ts'

describe('kafka-transactions.sh', { skip: skipUnless(target(), kafkaJars('tools')) }, () => {
  let broker: BrokerProcess
  let session: Session

  before(async () => {
    broker = await startTarget()
    session = new Session(broker.bootstrap)
    await createTopic(session, 'orders', 2)
  })

  after(async () => {
    session?.close()
    await broker?.stop()
  })

  /** The lines of a table, by its columns. */
  async function table(...args: string[]): Promise<string[][]> {
    const output = await tool('org.apache.kafka.tools.TransactionsCommand', ...args)
    const rows = output.split('\n').map((line) => line.trim().split(/\s+/))
    const head = rows.findIndex((cells) => /^(TransactionalId|ProducerId|Topic|CoordinatorId)$/.test(cells[0] ?? ''))
    assert.ok(head >= 0, output)
    return rows.slice(head + 1).filter((cells) => cells.length > 1)
  }

  async function tool(className: string, ...args: string[]): Promise<string> {
    return (await javaTool(className, ['--bootstrap-server', broker.bootstrap, ...args])).toString()
  }

  test('list and describe tell who has a transaction open, and in which partitions', async () => {
    const producer = await TransactionalProducer.begin(session, 'open')
    await producer.write('orders', 0, 'first')
    await producer.write('orders', 1, 'second')
    const listed = (await table('list')).find(([transactionalId]) => transactionalId === 'open') ?? []
    assert.deepEqual(listed.slice(2), [String(producer.producerId), 'Ongoing'])
    const [described = []] = await table('describe', '--transactional-id', 'open')
    assert.deepEqual(described.slice(1, 5), ['open', String(producer.producerId), '0', 'Ongoing'])
    assert.deepEqual(described.at(-1)?.split(',').sort(), ['orders-0', 'orders-1'])
    const writing = await table('describe-producers', '--topic', 'orders', '--partition', '0')
    assert.deepEqual(
      writing.map((cells) => cells[0]),
      [String(producer.producerId)]
    )
    await producer.end('commit')
    assert.equal((await table('list')).find(([transactionalId]) => transactionalId === 'open')?.[3], 'CompleteCommit')
  })

  test('abort ends an open transaction in a partition, by the offset at which it begins', async () => {
    await createTopic(session, 'stuck', 1)
    const producer = await TransactionalProducer.begin(session, 'aborted')
    await producer.write('stuck', 0, 'never read')
    assert.equal(await stableEnd('stuck'), 0)
    await tool(
      'org.apache.kafka.tools.TransactionsCommand',
      ...['abort', '--topic', 'stuck', '--partition', '0', '--start-offset', '0']
    )
    assert.equal(await stableEnd('stuck'), 2)
  })

  test('find-hanging finds a transaction that no coordinator knows, and only that', async () => {
    await createTopic(session, 'hanging', 1)
    const lost = await TransactionalProducer.begin(session, 'lost')
    await lost.write('hanging', 0, 'its coordinator forgets it')
    await tool('org.apache.kafka.tools.TopicCommand', '--delete', '--topic', '__transaction_state')
    const known = await TransactionalProducer.begin(session, 'known')
    await known.write('orders', 0, 'its coordinator knows it')
    const found = await table('find-hanging', '--broker-id', '1', '--max-transaction-timeout', '0')
    assert.deepEqual(
      found.map((cells) => cells.slice(0, 3)),
      [['hanging', '0', String(lost.producerId)]]
    )
    await tool(
      'org.apache.kafka.tools.TransactionsCommand',
      ...['abort', '--topic', 'hanging', '--partition', '0', '--start-offset', '0']
    )
    assert.equal(await stableEnd('hanging'), 2)
  })

  async function stableEnd(topic: string): Promise<number> {
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }]
    const request = { replicaId: -1, isolationLevel: 1, topics: [{ name: topic, partitions }] }
    return Number(fieldOf(await session.ask(Api.ListOffsets, 7, request), 'offset'))
  }
})
