/**
 * Groups of the three kinds whose members come back when they are told to, as real clients do, under a clock that is wound: how long until all
 * of them have what they are to have, and how often they are heard meanwhile.
 */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { ManualClock } from '../../../src/host/memory/clock.ts'
import { limits } from '../../../src/limits.ts'
import { Member } from './consumer/setup.ts'
import { coordinatorOn, setup, topics } from './setup.ts'
import { Member as ShareMember, settled, setup as setupShare } from './share/setup.ts'
import { Member as StreamsMember, setup as setupStreams } from './streams/coordinator.ts'

const usualMs = 5000
const assignmentIntervalMs = 1000

interface Told {
  readonly errorCode: number
  readonly heartbeatIntervalMs: number
}

interface Beating {
  join(): Promise<Told>
  beat(): Promise<Told>
}

/** Members that come one a millisecond, and come back when they were told to. */
class Crowd {
  readonly #clock: ManualClock
  readonly #due = new Map<Beating, number>()
  readonly #joined = new Set<Beating>()
  beats = 0

  constructor(clock: ManualClock, members: Iterable<Beating>) {
    this.#clock = clock
    for (const member of members) this.add(member)
  }

  add(member: Beating): void {
    this.#due.set(member, this.#clock.monotonicMs() + this.#due.size)
  }

  /** Until something holds, or for so long; how long it took. */
  async live(forMs: number, holds: () => boolean = () => false): Promise<number> {
    const startMs = this.#clock.monotonicMs()
    for (;;) {
      const [next, dueMs] = this.#next()
      if (holds() || dueMs > startMs + forMs) break
      this.#clock.advance(Math.max(0, dueMs - this.#clock.monotonicMs()))
      await this.#beat(next)
    }
    return this.#clock.monotonicMs() - startMs
  }

  /** The longest that one of them has been told to wait. */
  get longestMs(): number {
    return Math.max(...this.#due.values()) - this.#clock.monotonicMs()
  }

  async #beat(member: Beating): Promise<void> {
    this.beats += 1
    const { errorCode, heartbeatIntervalMs } = this.#joined.has(member) ? await member.beat() : await member.join()
    assert.equal(errorCode, 0)
    this.#joined.add(member)
    this.#due.set(member, this.#clock.monotonicMs() + heartbeatIntervalMs)
    await settled()
  }

  #next(): [Beating, number] {
    let [next, nextMs] = [...this.#due][0] ?? assert.fail('nobody is there')
    for (const [member, dueMs] of this.#due) if (dueMs < nextMs) [next, nextMs] = [member, dueMs]
    return [next, nextMs]
  }
}

/** Says at once that it gave up what it had to, as Java's consumer does. */
class Prompt extends Member {
  override async beat(fields = {}) {
    const before = this.partitions.length
    const told = await super.beat(fields)
    return this.partitions.length < before ? await super.beat() : told
  }
}

beforeEach(() => {
  topics.names.clear()
  topics.names.add('t1').add('t2')
  topics.counts.clear()
})

async function hundred(isHeartbeatIntervalChosen: boolean) {
  topics.counts.set('t1', 100)
  const { clock, coordinator } = await setup({}, { assignmentIntervalMs, isHeartbeatIntervalChosen })
  const members = Array.from({ length: 100 }, (_, at) => new Prompt(coordinator, `m${at}`, fields))
  return { clock, members, all: () => members.every(({ partitions }) => partitions.length === 1) }
}

const fields = { subscribedTopicNames: ['t1'] }

test('a hundred consumers that come at once have one partition each a second after the next target may be made', async () => {
  const { clock, members, all } = await hundred(false)
  const tookMs = await new Crowd(clock, members).live(60_000, all)
  assert.ok(tookMs <= assignmentIntervalMs + 2 * limits.settlingHeartbeatMs, `${tookMs} ms`)
})

test('where the interval is chosen they need it, as in Kafka', async () => {
  const { clock, members, all } = await hundred(true)
  const crowd = new Crowd(clock, members)
  const tookMs = await crowd.live(60_000, all)
  assert.ok(tookMs >= usualMs, `${tookMs} ms`)
})

test('a group that came to rest costs as many heartbeats as before after 50 s, and forty for each member until then', async () => {
  const { clock, members, all } = await hundred(false)
  const crowd = new Crowd(clock, members)
  await crowd.live(60_000, all)
  crowd.beats = 0
  await crowd.live(limits.groupSettlesMs)
  assert.ok(crowd.beats <= 40 * members.length, `${crowd.beats} beats`)
  await crowd.live(usualMs)
  crowd.beats = 0
  await crowd.live(10 * usualMs)
  assert.equal(crowd.beats, 10 * members.length)
})

test('a member that gives up nothing keeps nobody at a short interval', async () => {
  const { clock, coordinator } = await setup({}, { assignmentIntervalMs })
  const first = new Member(coordinator, 'first', { rebalanceTimeoutMs: 300_000 })
  /** It goes on with all that it had. */
  const stubborn = {
    join: () => first.join(),
    beat: async () => {
      const { owned } = first
      const told = await first.beat()
      first.owned = owned
      return told
    }
  }
  const other = new Prompt(coordinator, 'other')
  const crowd = new Crowd(clock, [stubborn, other])
  await crowd.live(60_000)
  assert.deepEqual([first.partitions.length, other.partitions.length], [4, 0])
  assert.ok(crowd.longestMs > usualMs / 2)
  await crowd.live(usualMs)
  crowd.beats = 0
  await crowd.live(10 * usualMs)
  assert.equal(crowd.beats, 2 * 10)
})

test('who comes to a group that has been at rest waits for one heartbeat of the others, not for one of its own as well', async () => {
  const { clock, coordinator } = await setup({}, { assignmentIntervalMs })
  const [first, other] = [new Prompt(coordinator, 'first'), new Prompt(coordinator, 'other')]
  const crowd = new Crowd(clock, [first])
  await crowd.live(120_000)
  crowd.add(other)
  const tookMs = await crowd.live(60_000, () => other.partitions.length === 2)
  assert.ok(tookMs <= usualMs + limits.settlingHeartbeatMs, `${tookMs} ms`)
})

test('topics of others unsettle no group that subscribes by an expression', async () => {
  const { clock, coordinator } = await setup({}, { assignmentIntervalMs })
  const crowd = new Crowd(clock, [
    new Prompt(coordinator, 'm', { subscribedTopicNames: null, subscribedTopicRegex: 't.*' })
  ])
  await crowd.live(120_000)
  for (let made = 0; made < 6; made += 1) {
    topics.names.add(`other-${made}`)
    coordinator.onTopicsChanged([`other-${made}`], true)
    await crowd.live(2 * usualMs)
    await settled()
    assert.ok(crowd.longestMs > usualMs / 2, `${crowd.longestMs} ms`)
  }
})

test('a group that is taken up in the midst of its settling goes on so, and is forgotten where it was', async () => {
  const before = await setup({}, { assignmentIntervalMs })
  const { clock } = before
  let now = before.coordinator
  const [first, other] = [new Prompt(() => now, 'first'), new Prompt(() => now, 'other')]
  await first.join()
  await other.join()
  clock.advance(assignmentIntervalMs)
  await other.beat()
  await other.beat()
  now.close()
  now = await coordinatorOn(before.log, clock, {}, { assignmentIntervalMs })
  assert.equal((await other.beat()).heartbeatIntervalMs, limits.settlingHeartbeatMs)
})

test('members of a share group that come at once share its partitions within two seconds', async () => {
  topics.counts.set('t1', 4)
  const { clock, coordinator } = await setupShare({}, { assignmentIntervalMs })
  const members = Array.from({ length: 4 }, (_, at) => new ShareMember(coordinator, `m${at}`, ['t1']))
  const all = () => members.every(({ partitions }) => partitions.length === 1)
  const tookMs = await new Crowd(clock, members).live(60_000, all)
  assert.ok(tookMs <= assignmentIntervalMs + 2 * limits.settlingHeartbeatMs, `${tookMs} ms`)
})

test('members of a streams group have their tasks within a second after its delay', async () => {
  topics.counts.set('t1', 4).set('t2', 4)
  const initialRebalanceDelayMs = 3000
  const { clock, coordinator } = await setupStreams({ initialRebalanceDelayMs, assignmentIntervalMs })
  const members = Array.from({ length: 4 }, (_, at) => new StreamsMember(coordinator, `m${at}`))
  const all = () => members.every(({ active }) => active.length === 1)
  const tookMs = await new Crowd(clock, members).live(60_000, all)
  assert.ok(tookMs >= initialRebalanceDelayMs, `${tookMs} ms`)
  assert.ok(tookMs <= initialRebalanceDelayMs + 2 * limits.settlingHeartbeatMs, `${tookMs} ms`)
})
