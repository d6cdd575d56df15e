/** A coordinator that has just moved, or still loads, is looked for and asked again by whatever asks one, until the time is up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as kafka from '@platformatic/kafka'
import { Cluster } from '../../src/cli/cluster.ts'
import { committedOffsets } from '../../src/cli/group-offsets.ts'
import { deleteGroup } from '../../src/cli/groups/delete.ts'
import { describeGroup } from '../../src/cli/groups/describe-group.ts'
import { alterShareOffsets, shareOffsets } from '../../src/cli/groups/share-offsets.ts'
import { KnownBrokers } from '../../src/cli/known-brokers.ts'
import { describeTransactions } from '../../src/cli/transactions/describe-transactions.ts'

const loads = 14
const notCoordinator = 16

interface Answer {
  readonly errorCode: number
}

/** Broker 1 coordinates everything at first, and says so of itself for two requests; then broker 2 does, which loads for one. */
class MovingCluster {
  readonly cluster: Cluster
  readonly asked: number[] = []
  #lookUps = 0

  constructor(answer: (code: number) => unknown, timeoutMs = 10_000) {
    const base = new kafka.Base({ clientId: 'test', bootstrapBrokers: ['127.0.0.1:1'] })
    const find = async () => (++this.#lookUps <= 2 ? 1 : 2)
    const ask = async (node: number) => {
      this.asked.push(node)
      const code = node === 1 ? notCoordinator : this.asked.filter((one) => one === 2).length === 1 ? loads : 0
      return answer(code)
    }
    this.cluster = Object.assign(new Cluster(kafka, base, timeoutMs, new KnownBrokers(['127.0.0.1:1'])), {
      ...{ coordinator: find, transactionCoordinator: find },
      over: async () => [],
      answer: (_: string, node: number) => ask(node),
      ask: (_: unknown, node: number) => ask(node)
    })
  }
}

const group = { groupId: 'g', groupState: 'Empty', protocolType: '', protocolData: '', members: [] }
const transaction = { transactionalId: 't', transactionState: 'Empty', producerId: 1n, producerEpoch: 0 }
const times = { transactionTimeoutMs: 1, transactionStartTimeMs: -1n, topics: [] }

const requests: readonly (readonly [
  name: string,
  answer: (errorCode: number) => unknown,
  ask: (of: Cluster) => Promise<unknown>
])[] = [
  ['committed offsets', (errorCode) => ({ groups: [{ errorCode, topics: [] }] }), (of) => committedOffsets(of, 'g')],
  ['a description', (errorCode) => ({ groups: [{ ...group, errorCode }] }), (of) => describeGroup(of, 'g')],
  ['a deletion', (errorCode): { results: Answer[] } => ({ results: [{ errorCode }] }), (of) => deleteGroup(of, 'g')],
  ["a share group's offsets", (errorCode) => [{ errorCode, partitions: [] }], (of) => shareOffsets(of, 'g')],
  ["a share group's reset", (errorCode) => [errorCode], (of) => alterShareOffsets(of, 'g', [])],
  [
    'a transaction',
    (errorCode) => ({ transactionStates: [{ ...transaction, ...times, errorCode }] }),
    (of) => describeTransactions(of, ['t'])
  ]
]

for (const [name, answer, ask] of requests) {
  test(`${name}: asked again of the broker that is the coordinator now, once it has loaded`, async () => {
    const moving = new MovingCluster(answer)
    await ask(moving.cluster)
    assert.deepEqual(moving.asked, [1, 1, 2, 2])
  })
}

test('what is still refused when the time is up is told', async () => {
  const moving = new MovingCluster((errorCode) => ({ groups: [{ ...group, errorCode }] }), 0)
  await assert.rejects(describeGroup(moving.cluster, 'g'), /group "g" cannot be described/)
  assert.deepEqual(moving.asked, [1])
})
