/**
 * What transactions leave on the disk, as Apache Kafka's own DumpLogSegments reads it: the states of `__transaction_state`, the index of
 * what was aborted, the offsets of a group. A real Apache Kafka leaves the same.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { dumpLogs } from '../../crash/dump-log.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { javaTool } from '../../harness/java-tool.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { Session } from '../differential/session.ts'
import { createTopic, granted, TransactionalProducer } from './producer.ts'
import { Api } from './steps.ts'

const topic = 'orders'
const group = 'readers'
/** Kafka's numbers for the states of a transaction. */
const [empty, ongoing, prepareCommit, prepareAbort, completeCommit, completeAbort] = [0, 1, 2, 3, 4, 5]

describe('DumpLogSegments over what transactions leave', { skip: skipUnless(target(), kafkaJars('tools')) }, () => {
  const data = temporaryDirectory('transactions')
  let broker: BrokerProcess
  const producers = new Map<string, number>()

  before(async () => {
    broker = await startTarget({
      dataDirectory: data.path,
      configs: { 'transaction.state.log.num.partitions': '1', 'offsets.topic.num.partitions': '1' }
    })
    const session = new Session(broker.bootstrap)
    await createTopic(session, topic, 1)
    await granted(session, Api.FindCoordinator, 4, { keyType: 0, coordinatorKeys: [group] })
    const [committed, aborted, open] = [
      await begin(session, 'committed'),
      await begin(session, 'aborted'),
      await begin(session, 'open')
    ]
    await open.write(topic, 0, 'of the one that is open')
    await committed.write(topic, 0, 'first')
    await commitOffset(session, committed)
    await aborted.write(topic, 0, 'second')
    await aborted.write(topic, 0, 'third')
    // Whoever begins anew waits for the markers.
    await committed.end('commit')
    await TransactionalProducer.begin(session, 'committed')
    await aborted.end('abort')
    await TransactionalProducer.begin(session, 'aborted')
    session.close()
    await broker.stop()
  })

  after(async () => {
    await broker?.stop()
    data.remove()
  })

  async function begin(session: Session, transactionalId: string): Promise<TransactionalProducer> {
    const producer = await TransactionalProducer.begin(session, transactionalId)
    producers.set(transactionalId, producer.producerId)
    return producer
  }

  async function commitOffset(
    session: Session,
    { transactionalId, producerId, producerEpoch }: TransactionalProducer
  ): Promise<void> {
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: -1, committedMetadata: '' }]
    const member = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null }
    const topics = [{ name: topic, partitions }]
    await granted(session, Api.TxnOffsetCommit, 5, {
      transactionalId,
      groupId: group,
      producerId,
      producerEpoch,
      ...member,
      topics
    })
  }

  async function dumped(prefix: string, ending: string, ...options: string[]): Promise<string[]> {
    const [directory = ''] = readdirSync(data.path).filter((name) => name.startsWith(prefix))
    const files = readdirSync(join(data.path, directory)).filter((name) => name.endsWith(ending))
    const paths = files.map((name) => join(data.path, directory, name)).join()
    const said = await javaTool('org.apache.kafka.tools.DumpLogSegments', ['--files', paths, ...options])
    return said.toString().split('\n')
  }

  test('it finds no fault in any file', async () => {
    const { faults, records } = await dumpLogs(data.path)
    assert.deepEqual(faults, [])
    assert.ok(records > 0)
  })

  test('__transaction_state tells each state that a transaction went through', async () => {
    const lines = await dumped('__transaction_state', '.log', '--deep-iteration', '--transaction-log-decoder')
    const states = new Map<string, number[]>()
    for (const line of lines) {
      const [, key, payload] = / key: (\{.*\}) payload: (\{.*\})$/.exec(line) ?? []
      if (key === undefined || payload === undefined) continue
      const { transactionalId } = JSON.parse(key).data
      const { transactionStatus, transactionPartitions } = JSON.parse(payload).data
      states.set(transactionalId, [...(states.get(transactionalId) ?? []), transactionStatus])
      if (transactionStatus === ongoing && transactionalId !== 'committed')
        assert.deepEqual(transactionPartitions, [{ topic, partitionIds: [0] }])
    }
    assert.deepEqual(states.get('committed'), [empty, ongoing, ongoing, prepareCommit, completeCommit, empty])
    assert.deepEqual(states.get('aborted'), [empty, ongoing, prepareAbort, completeAbort, empty])
    assert.deepEqual(states.get('open'), [empty, ongoing])
  })

  test('the index of what was aborted has its producer, its offsets, and how far readers could get then', async () => {
    const lines = await dumped(`${topic}-`, '.txnindex')
    const found = lines.filter((line) => line.startsWith('version:'))
    // 0: open · 1: committed · 2, 3: aborted · 4: the marker that commits · 5: the one that aborts. The one that is open holds readers.
    assert.deepEqual(
      found.map((line) => [...line.matchAll(/\w+: ?(-?\d+)/g)].map(([, number]) => Number(number))),
      [[0, producers.get('aborted'), 2, 5, 0]]
    )
  })

  test('the offset of a group lies in the transaction, before its marker', async () => {
    const lines = await dumped('__consumer_offsets', '.log', '--deep-iteration', '--offsets-decoder')
    const batches = lines.filter((line) => line.startsWith('baseOffset:') && /isTransactional: true/.test(line))
    assert.deepEqual(
      batches.map((line) => [/producerId: (\d+)/.exec(line)?.[1], /isControl: (\w+)/.exec(line)?.[1]]),
      [
        [String(producers.get('committed')), 'false'],
        [String(producers.get('committed')), 'true']
      ]
    )
    assert.ok(
      lines.some((line) => line.includes(`"group":"${group}"`) && /"offset":7/.test(line)),
      lines.join('\n')
    )
  })
})
