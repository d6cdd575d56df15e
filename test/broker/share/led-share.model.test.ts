/**
 * Share partitions whose writes are under way, arrive late, or are lost with or without an answer, while members open and end their sessions,
 * fetch, speak, and fall silent, and the leader changes: what was accepted is given to nobody again, nobody is given what another holds, in the
 * end all is done, accepted by somebody or in the topic of dead letters, and of a group without sessions nothing stays.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { FetchMemory } from '../../../src/broker/fetch-memory.ts'
import { FetchPurgatory } from '../../../src/broker/purgatory.ts'
import type { Replica } from '../../../src/broker/replication/replica.ts'
import type { Verdict } from '../../../src/broker/share/acknowledgements.ts'
import type { OffsetRange } from '../../../src/broker/share/run.ts'
import { ShareFetching } from '../../../src/broker/share/share-fetching.ts'
import { SharePartitions } from '../../../src/broker/share/share-partitions.ts'
import type { ShareSession } from '../../../src/broker/share/share-sessions.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import { limits } from '../../../src/limits.ts'
import * as fc from '../../harness/properties.ts'
import { batchOf } from '../../log/setup.ts'
import { defaults } from './reading.ts'
import { type Fate, ledReplica, takeRole, UnreliablePersister } from './unreliable-persister.ts'

const groupId = 'g'
const settings = {
  ...{ ...defaults, autoOffsetReset: 'earliest', isolationLevel: 'read_uncommitted' as const },
  ...{ deadLetterTopic: null, copiesDeadLetters: false }
}

const member = fc.constantFrom('a', 'b', 'c')
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('produce' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('fetch' as const), member, maxRecords: fc.integer({ min: 1, max: 8 }) })
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ kind: fc.constant('say' as const), member, which: fc.nat(5) },
      verdict: fc.constantFrom<Verdict>('accept', 'accept', 'release', 'reject', 'renew')
    })
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ kind: fc.constant('settle' as const), which: fc.nat(4) },
      fate: fc.constantFrom<Fate>('answered', 'answered', 'answered', 'lost', 'lost on its way back')
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('leave' as const),
      member,
      how: fc.constantFrom('says so' as const, 'is cut off' as const)
    })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const), member }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(40_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), comesBack: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('settings' as const), deliveryCountLimit: fc.integer({ min: 2, max: 6 }) })
  }
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

class World {
  readonly clock = new ManualClock()
  readonly persister: UnreliablePersister
  readonly replica: Replica
  readonly shares: SharePartitions
  readonly #fetches: FetchPurgatory
  #deliveryCountLimit: number
  #epoch = 0
  readonly #sessions = new Map<string, ShareSession>()
  #mostSessions = 10
  /** Who holds which offset, as far as members know, in this epoch of the leader, and until when at least. */
  readonly #held = new Map<number, { readonly memberId: string; readonly untilMs: number }>()
  readonly #accepted = new Set<number>()
  /** Of which something was said that is not answered yet. */
  readonly #underWay = new Set<number>()
  /** What members have accepted, whatever became of that, and of what dead letters were sent. */
  readonly #wanted = new Set<number>()
  readonly #buried = new Set<number>()
  readonly #hasDeadLetters: boolean
  #hasOtherSettings = false

  static async begin(deadLetterTopic: string | null, deliveryCountLimit: number): Promise<World> {
    const clock = new ManualClock()
    return new World(clock, await UnreliablePersister.over(clock), deadLetterTopic, deliveryCountLimit)
  }

  private constructor(
    clock: ManualClock,
    persister: UnreliablePersister,
    deadLetterTopic: string | null,
    deliveryCountLimit: number
  ) {
    this.clock = clock
    this.#deliveryCountLimit = deliveryCountLimit
    this.persister = persister
    this.replica = ledReplica()
    this.#fetches = new FetchPurgatory(clock)
    this.#hasDeadLetters = deadLetterTopic !== null
    this.shares = new SharePartitions({
      ...{ clock, persister, mostSessions: () => this.#mostSessions, deadLetters: this.#deadLetters },
      settingsOf: () => ({ ...settings, deadLetterTopic, deliveryCountLimit: this.#deliveryCountLimit })
    })
  }

  get #deadLetters() {
    const send = async (letters: readonly OffsetRange[]): Promise<void> => {
      for (const { firstOffset, lastOffset } of letters)
        for (let offset = firstOffset; offset <= lastOffset; offset++) this.#buried.add(offset)
    }
    return { send }
  }

  async take(one: Step): Promise<void> {
    if (one.kind === 'produce') await this.#produce(one.count)
    else if (one.kind === 'fetch') await this.fetch(one.member, one.maxRecords)
    else if (one.kind === 'say') this.#say(one.member, one.which, one.verdict)
    else if (one.kind === 'settle') this.#settle(one.which, one.fate)
    else if (one.kind === 'leave') this.#leave(one.member, one.how)
    else if (one.kind === 'refuse') this.#refuse(one.member)
    else if (one.kind === 'wait') this.clock.advance(one.ms)
    else if (one.kind === 'settings') {
      this.#deliveryCountLimit = one.deliveryCountLimit
      this.#hasOtherSettings = true
      this.shares.settingsChanged()
    } else this.#change(one.comesBack)
    await setImmediate()
  }

  async #produce(count: number): Promise<void> {
    if (this.replica.leadership === null) return
    this.replica.append(batchOf(Array.from({ length: count }, () => 'x')), 'client')
    await this.replica.committed(this.replica.log.logEndOffset)
  }

  /** Gives nothing where this broker does not lead, or what was written is not read yet. */
  async fetch(memberId: string, maxRecords: number): Promise<readonly OffsetRange[]> {
    if (this.replica.leadership === null) return []
    const session = this.#sessionOf(memberId)
    const [partition] = session.partitions.values()
    assert.ok(partition !== undefined)
    const share = this.shares.at(groupId, this.replica)
    const wanted = { maxWaitMs: 0, minBytes: 0, maxBytes: 10_000, maxRecords, batchSize: 1 }
    const request = { memberId, ...wanted, mode: 'batch-optimized' as const, isolation: settings.isolationLevel }
    const isWanted = (): boolean => this.shares.sessions.isOpen(session)
    const waiting = { clock: this.clock, fetches: this.#fetches, slices: this.shares.slices, isWanted }
    const answers = await new ShareFetching(
      waiting,
      [{ partition, share }],
      request,
      new FetchMemory().lend()
    ).answers()
    const acquired = answers.get(partition)?.acquired ?? []
    for (const { firstOffset, lastOffset, deliveryCount } of acquired) {
      assert.ok(deliveryCount <= 6, 'nothing is given out more often than the limit was at most')
      for (let offset = firstOffset; offset <= lastOffset; offset++) this.#given(offset, memberId)
    }
    return acquired
  }

  /** Of the next request of the member, which opens one where it has none. */
  #sessionOf(memberId: string): ShareSession {
    const known = this.#sessions.get(memberId)
    const entered = this.#enter(memberId, known?.epoch ?? 0)
    assert.ok(entered.kind === (known === undefined ? 'opened' : 'continued'))
    this.#sessions.set(memberId, entered.session)
    return entered.session
  }

  #enter(memberId: string, epoch: number) {
    const connection = { id: 1, clientHost: memberId, listener: { host: 'localhost', port: 9092 } }
    const partitions = epoch === 0 ? [{ topicId: this.replica.topicId, partition: 0 }] : []
    const request = { groupId, memberId, epoch, connection, partitions, forgotten: [], says: 'nothing' as const }
    return this.shares.enterToFetch(request)
  }

  /** What it holds is given back: others may have it. */
  #leave(memberId: string, how: 'says so' | 'is cut off'): void {
    const session = this.#sessions.get(memberId)
    if (session === undefined) return
    this.#sessions.delete(memberId)
    for (const [offset, held] of this.#held) if (held.memberId === memberId) this.#held.delete(offset)
    if (how === 'is cut off') this.shares.disconnected(session.connection)
    else {
      assert.equal(this.#enter(memberId, -1).kind, 'ended')
      void this.shares.release(session)
    }
  }

  /** It wants to begin anew, and there is no room any more. What it holds it goes on holding. */
  #refuse(memberId: string): void {
    if (!this.#sessions.delete(memberId)) return
    this.#mostSessions = 0
    assert.equal(this.#enter(memberId, 0).kind, 'refused')
    this.#mostSessions = 10
  }

  #given(offset: number, memberId: string): void {
    assert.ok(!this.#accepted.has(offset), `${offset} was accepted`)
    assert.ok(!this.#underWay.has(offset), `of ${offset} something was said`)
    const before = this.#held.get(offset)
    assert.ok(before === undefined || before.untilMs <= this.clock.monotonicMs(), `${before?.memberId} holds ${offset}`)
    this.#held.set(offset, { memberId, untilMs: this.clock.monotonicMs() + settings.recordLockDurationMs })
  }

  #say(memberId: string, which: number, verdict: Verdict): void {
    const own = [...this.#held].filter(([offset, held]) => held.memberId === memberId && !this.#underWay.has(offset))
    const [offset] = own[which % Math.max(1, own.length)] ?? []
    const share = this.shares.find(groupId, { topicId: this.replica.topicId, partition: 0 })
    if (offset === undefined || share === undefined) return
    const epoch = this.#epoch
    this.#underWay.add(offset)
    if (verdict === 'accept') this.#wanted.add(offset)
    void share.acknowledge(memberId, [{ firstOffset: offset, lastOffset: offset, verdict }]).then((failure) => {
      this.#underWay.delete(offset)
      if (failure !== null) return
      if (verdict === 'accept') this.#accepted.add(offset)
      if (epoch !== this.#epoch) return
      this.#held.delete(offset)
      const untilMs = this.clock.monotonicMs() + settings.recordLockDurationMs
      if (verdict === 'renew') this.#held.set(offset, { memberId, untilMs })
    })
  }

  #settle(which: number, fate: Fate): void {
    const { waiting } = this.persister
    waiting.splice(which % Math.max(1, waiting.length), 1)[0]?.(fate)
  }

  /** Another leads for a while, or this one in a new epoch: what was only held is anybody's. */
  #change(comesBack: boolean): void {
    this.#epoch += 1
    takeRole(this.replica, this.#epoch, comesBack ? undefined : 2)
    this.shares.onRole(this.replica)
    this.#held.clear()
    this.#underWay.clear()
  }

  /** Nothing is lost any more: a member that accepts all that it gets comes to the end. */
  async heal(members: 'stay' | 'go'): Promise<void> {
    this.persister.isHeld = false
    while (this.persister.waiting.length > 0) this.#settle(0, 'answered')
    await setImmediate()
    // What members hold that have fallen silent comes back, then they may go.
    this.clock.advance(2 * settings.recordLockDurationMs)
    await setImmediate()
    if (members === 'go') await this.#leaveAll()
    if (this.replica.leadership === null) this.#change(true)
    await this.#acceptAll(200)
    // How many are done is written with what is said. Where that write was lost on its way back, the next one tells of it (as Kafka's).
    await this.#produce(1)
    await this.#acceptAll(4)
    if (members === 'stay') await this.#assertDone()
    // Whoever asks next has it read, and what was tried too often found done, again.
    await this.#leaveAll()
    await this.#acceptAll(4)
    await this.#leaveAll()
    await this.#assertDone()
    this.shares.close()
    this.persister.coordinator.close()
  }

  async #assertDone(): Promise<void> {
    const { topicId, highWatermark } = this.replica
    const written = await this.persister.coordinator.summarize({ groupId, topicId, partition: 0 })
    assert.equal(written.startOffset + written.deliveryCompleteCount, highWatermark)
    // A record that had been tried as often as a lower limit allows is done without a letter.
    for (let offset = 0; this.#hasDeadLetters && !this.#hasOtherSettings && offset < highWatermark; offset++)
      assert.ok(this.#wanted.has(offset) || this.#buried.has(offset), `${offset} came to nobody`)
  }

  /** Then it is at rest, and forgotten. */
  async #leaveAll(): Promise<void> {
    for (const memberId of [...this.#sessions.keys()]) this.#leave(memberId, 'says so')
    for (let turn = 0; turn < 20 && this.shares.size > 0; turn++) {
      await setImmediate()
      this.clock.advance(limits.deadLetterPauseMs)
    }
    assert.equal(this.shares.size, 0, 'nothing stays of a group without sessions')
  }

  async #acceptAll(rounds: number): Promise<void> {
    const key = { topicId: this.replica.topicId, partition: 0 }
    for (let round = 0; round < rounds; round++) {
      const acquired = await this.fetch('healer', 100)
      const said = acquired.map((range) => ({ ...range, verdict: 'accept' as const }))
      for (const { firstOffset, lastOffset } of acquired)
        for (let offset = firstOffset; offset <= lastOffset; offset++) this.#wanted.add(offset)
      if (said.length > 0) assert.equal(await this.shares.find(groupId, key)?.acknowledge('healer', said), null)
      await setImmediate()
    }
    assert.equal(this.shares.find(groupId, key)?.nextFetchOffset, this.replica.highWatermark, 'all is done')
  }
}

test('whatever becomes of writes, and whoever leads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }),
      fc.boolean(),
      fc.integer({ min: 2, max: 5 }),
      fc.constantFrom<'stay' | 'go'>('stay', 'go'),
      async (steps, hasDeadLetters, deliveryCountLimit, members) => {
        const world = await World.begin(hasDeadLetters ? 'dlq.t' : null, deliveryCountLimit)
        const key = { groupId, topicId: world.replica.topicId, partition: 0 }
        await world.persister.initialize({ key, stateEpoch: 1, startOffset: 0 })
        await world.fetch('a', 1)
        world.persister.isHeld = true
        for (const one of steps) await world.take(one)
        await world.heal(members)
      }
    ),
    { numRuns: 150 }
  )
})
