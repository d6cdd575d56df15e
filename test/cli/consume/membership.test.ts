/** What a member of a group says of itself while the group changes, against a coordinator that answers when the test lets it. */
import assert from 'node:assert/strict'
import { afterEach, mock, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Cluster } from '../../../src/cli/cluster.ts'
import { Membership } from '../../../src/cli/consume/membership.ts'
import { KnownBrokers } from '../../../src/cli/known-brokers.ts'
import { Outage } from '../../../src/cli/outage.ts'
import { quietOptions } from '../quiet-options.ts'

const waitMs = 60_000
const rebalanceInProgress = 27
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })

afterEach(() => mock.restoreAll())

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo() && waited < waitMs; waited += 5) await pause(5)
  assert.ok(isSo(), isSo.toString())
}

/** The heartbeats get what stands in `heartbeats`, then no error; who asks for the coordinator waits in `askers`, once `isHeld`. */
function pretendCoordinator() {
  const pretended = {
    isHeld: false,
    askers: [] as (() => void)[],
    heartbeats: [] as (number | Error)[],
    generation: 0,
    commits: [] as (readonly unknown[])[]
  }
  const answers: Record<string, (request: readonly unknown[]) => unknown> = {
    JoinGroup: () => ({
      errorCode: 0,
      generationId: ++pretended.generation,
      memberId: `member of ${pretended.generation}`,
      leader: 'another',
      protocolName: 'range',
      members: []
    }),
    SyncGroup: () => ({ errorCode: 0, assignment: Buffer.alloc(0) }),
    Heartbeat: () => {
      const next = pretended.heartbeats.shift() ?? 0
      if (next instanceof Error) throw next
      return { errorCode: next }
    },
    OffsetCommit: (request) => {
      pretended.commits.push(request)
      return { topics: [] }
    },
    LeaveGroup: () => ({ errorCode: 0 })
  }
  mock.method(Cluster.prototype, 'metadata', async () => ({ topics: [] }))
  mock.method(Cluster.prototype, 'coordinator', async () => {
    if (pretended.isHeld) await new Promise<void>((resolve) => pretended.askers.push(resolve))
    return 1
  })
  mock.method(Cluster.prototype, 'answer', async (name: string, _to: unknown, ...request: unknown[]) =>
    answers[name]?.(request)
  )
  return pretended
}

test('offsets go out under the generation in which they were read, however long the coordinator is looked for', async () => {
  const coordinator = pretendCoordinator()
  const outage = new Outage(new KnownBrokers(['localhost:9092']), () => {})
  const membership = await Membership.join(quietOptions('localhost:9092'), {
    group: 'readers',
    topics: ['a'],
    brokers: new KnownBrokers(['localhost:9092']),
    changes: { onRebalance: async () => {}, onAssigned: () => {} },
    membership: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 50 },
    interrupted: AbortSignal.timeout(waitMs),
    outage
  })
  try {
    coordinator.isHeld = true
    coordinator.heartbeats.push(refused, rebalanceInProgress)
    await until(() => coordinator.askers.length === 1)
    const committed = membership.commit([{ topic: 'a', partition: 0, offset: 7n }])
    await until(() => coordinator.askers.length === 2)
    const [heartbeat, commit] = coordinator.askers
    heartbeat?.()
    await until(() => membership.generation === 2)
    commit?.()
    await committed
    assert.deepEqual(coordinator.commits[0]?.slice(0, 3), ['readers', 1, 'member of 1'])
  } finally {
    coordinator.isHeld = false
    for (const asker of coordinator.askers) asker()
    await membership.leave()
  }
})
