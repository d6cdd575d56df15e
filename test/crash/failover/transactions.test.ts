/**
 * Three brokers in this process, and the one that coordinates a transaction is killed in its midst. The client goes on by itself, with
 * whoever takes over, and a reader of what is committed sees whole transactions, each once.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Kafka, startKafka } from '../../../src/index.ts'
import { kafkajs as reader } from '../../conformance/clients/kafkajs.ts'
import { fieldOf, Session } from '../../conformance/differential/session.ts'
import { LineProcess } from '../../harness/child-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { confluentPython, found, skipUnless } from '../../harness/tools.ts'

const topic = 'orders'
const transactionalId = 'survivor'
const patienceMs = 90_000
const findCoordinator = 10
const transactions = [0, 1, 2, 3]
const parts = [0, 1, 2]

test(
  'the coordinator of a transaction is killed in its midst: librdkafka goes on, and whole transactions are read',
  { skip: skipUnless(confluentPython()) },
  async () => {
    using directory = temporaryDirectory('coordinator-killed')
    await using kafka = await startKafka({
      brokers: 3,
      directory: directory.path,
      topics: { [topic]: { partitions: parts.length, config: { 'min.insync.replicas': '2' } } },
      log: () => {}
    })
    const script = join(import.meta.dirname, 'transactions.py')
    const client = new LineProcess(found(confluentPython()), [script, kafka.brokers.join(), topic])
    try {
      let killed = 0
      /** While the transaction of this number is open, and once. */
      const events = new Map<number, () => Promise<void>>([
        [
          1,
          async () => {
            killed = await coordinatorOf(kafka)
            await kafka.broker(killed).kill()
          }
        ],
        [2, async () => await kafka.broker(killed).start()]
      ])
      for (let answered = 0; ; answered += 1) {
        const number = await client.until((lines) => nextOf(lines, answered), 'its next transaction', patienceMs)
        if (number === 'all are committed') break
        await events.get(number)?.()
        events.delete(number)
        client.send('')
      }
      assert.equal(events.size, 0)
      assert.equal(await client.exited, 0, client.stderr)
    } finally {
      await client.kill()
    }
    const read = await committedIn(kafka)
    for (const part of parts) {
      assert.deepEqual(
        read.get(part),
        transactions.map((number) => `${number} ${part}`),
        `partition ${part}`
      )
    }
  }
)

/** The number of the transaction that is open next; one that was aborted is open again. */
function nextOf(lines: readonly string[], answered: number): number | 'all are committed' | undefined {
  if (lines.includes(`committed ${transactions.at(-1)}`)) return 'all are committed'
  const line = lines.filter((one) => one.startsWith('written '))[answered]
  return line === undefined ? undefined : Number(line.slice('written '.length))
}

async function coordinatorOf({ brokers }: Kafka): Promise<number> {
  const session = new Session(brokers[0] ?? '')
  try {
    const answer = await session.ask(findCoordinator, 3, { keyType: 1, key: transactionalId })
    return Number(fieldOf(answer, 'nodeId'))
  } finally {
    session.close()
  }
}

/** By partition, up to the last; kafkajs reads what is committed, and nothing else. */
async function committedIn({ brokers }: Kafka): Promise<Map<number, string[]>> {
  const records = await reader.consume(brokers[0] ?? '', { topic, count: transactions.length * parts.length })
  const values = new Map<number, string[]>()
  for (const { partition, value } of records) values.set(partition, [...(values.get(partition) ?? []), String(value)])
  return values
}
