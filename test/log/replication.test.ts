/**
 * A leader and a follower, each with its log and its disk. They crash at any step, lose their power, and change their roles; the follower
 * cuts its log where it parts from the leader's, by epoch (KIP-595), and takes what comes next. What both have made safe stays, and
 * a follower that has caught up has all that its leader has.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { RefusingDisk } from '../../src/host/simulated/refusing-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import * as fc from '../harness/properties.ts'
import { batchOf, directory, open, recordsFrom } from './setup.ts'

class Node {
  log: PartitionLog
  #simulated = new SimulatedDisk()
  #disk = new RefusingDisk(this.#simulated, null)
  #recoveryPoint = 0
  #logStartOffset = 0

  constructor() {
    // Whose the log is has been made safe: a torn write could make it another's.
    this.#simulated.createDirectory(directory)
    const owner = 'version: 0\ntopic_id: b3JkZXJzLXRvcGljLWlkMQ\n'
    this.#simulated.replaceFile(`${directory}/partition.metadata`, Buffer.from(owner))
    this.#simulated.syncDirectoryNow('')
    this.log = open({ disk: this.#disk, history: 'new', config: { segmentBytes: 600 }, checkpointBytes: 200 })
  }

  readonly checkpoint = async (): Promise<void> => {
    await Promise.resolve()
    this.#recoveryPoint = this.log.recoveryPoint
    this.#logStartOffset = this.log.logStartOffset
  }

  /** The process dies at this call to the disk, counted from now. */
  dieAt(call: number): void {
    const disk = this.#disk
    let calls = 0
    disk.onCall = () => {
      calls += 1
      if (calls === call) disk.kill()
    }
  }

  /** The process is gone; with a seed the power is, too. */
  restart(leaderEpoch: number, powerCut: number | null): void {
    this.log.abandon()
    if (powerCut !== null) this.#simulated = this.#simulated.powerCut(new SeededChance(powerCut))
    this.#disk = new RefusingDisk(this.#simulated, null)
    this.log = open({
      ...{ disk: this.#disk, config: { segmentBytes: 600 }, checkpointBytes: 200, leaderEpoch },
      ...{ recoveryPoint: this.#recoveryPoint, logStartOffset: this.#logStartOffset }
    })
  }
}

/** Where the follower has to cut its log before it can go on; null where it goes on at its end (Kafka: AbstractFetcherThread). */
function divergenceOf(follower: PartitionLog, leader: PartitionLog): number | null {
  const { latestEpoch, logEndOffset } = follower
  if (latestEpoch < 0) return null
  const there = leader.endOffsetForEpoch(latestEpoch)
  if (there.leaderEpoch === latestEpoch && there.endOffset >= logEndOffset) return null
  const here = follower.endOffsetForEpoch(there.leaderEpoch)
  if (here.leaderEpoch !== there.leaderEpoch)
    return Math.min(Math.max(here.endOffset, follower.logStartOffset), logEndOffset)
  return Math.min(here.endOffset, there.endOffset, logEndOffset)
}

class Pair {
  readonly nodes = [new Node(), new Node()] as const
  epoch = 0
  #leader = 0
  /** The values that both had made safe, by offset. */
  readonly committed = new Map<number, string>()
  #written = 0

  constructor() {
    this.leader.log.beginEpoch(0)
  }

  get leader(): Node {
    return this.nodes[this.#leader === 0 ? 0 : 1]
  }

  get follower(): Node {
    return this.nodes[this.#leader === 0 ? 1 : 0]
  }

  /** Another epoch, of this leader or the other. */
  elect(which: 'same' | 'other'): void {
    this.epoch += 1
    if (which === 'other') this.#leader = 1 - this.#leader
    this.leader.log.beginEpoch(this.epoch)
  }

  append(count: number, producerId: number): void {
    const values = Array.from({ length: count }, () => `${this.epoch}:${this.#written++}`)
    const known = this.leader.log.activeProducers().find((one) => one.producerId === producerId)
    const producer = { producerId, producerEpoch: 0, baseSequence: (known?.lastSequence ?? -1) + 1 }
    const more = producerId === 0 ? {} : { ...producer, isTransactional: producerId > 1 }
    const result = this.leader.log.append(batchOf(values, more), { leaderEpoch: this.epoch, origin: 'client' })
    assert.ok(result.ok && !result.isDuplicate)
  }

  async trim(part: number): Promise<void> {
    const { log } = this.leader
    await log.deleteRecordsBefore(Math.floor(part * Math.min(log.logEndOffset, this.committed.size)))
    await this.leader.checkpoint()
  }

  /** One round of the follower's fetcher. */
  async fetch(maxBytes: number): Promise<void> {
    const { follower, leader } = this
    const { log } = follower
    const divergence = divergenceOf(log, leader.log)
    if (divergence !== null) return log.truncateTo(divergence, follower.checkpoint)
    const { logStartOffset, logEndOffset } = leader.log
    if (log.logEndOffset < logStartOffset) return log.startAt(logStartOffset, follower.checkpoint)
    const read = leader.log.read(log.logEndOffset, { maxBytes, upTo: logEndOffset, atLeastOneBatch: 'yes' })
    assert.ok(!('error' in read))
    log.appendAsFollower(read.chunks)
    if (log.logStartOffset < logStartOffset) await log.deleteRecordsBefore(logStartOffset)
  }

  /** Until there is nothing that the follower lacks. Both are safe then, and what they have is committed. */
  async catchUp(): Promise<void> {
    const { leader, follower } = this
    const isBehind = (): boolean =>
      divergenceOf(follower.log, leader.log) !== null || follower.log.logEndOffset < leader.log.logEndOffset
    for (let rounds = 0; isBehind(); rounds++) {
      assert.ok(rounds < 1000, 'a follower catches up')
      await this.fetch(400)
    }
    await Promise.all(this.nodes.map(({ log }) => log.durable(log.logEndOffset)))
    for (const { offset, value } of recordsFrom(leader.log)) this.committed.set(offset, String(value))
    const start = Math.max(leader.log.logStartOffset, follower.log.logStartOffset)
    assert.deepEqual(recordsFrom(follower.log, start), recordsFrom(leader.log, start))
    // A transaction that the start of a log has passed holds nothing back in it; the other hears of that start with its next fetch.
    const [stable = 0, stableThere] = [follower, leader].map(({ log }) => Math.max(log.lastStableOffset, start))
    assert.equal(stable, stableThere)
    for (let epoch = leader.log.epochOf(start); epoch <= this.epoch; epoch++) {
      // One that the leader has begun, and in which nothing was written, the follower cannot know.
      if (leader.log.epochOf(leader.log.logEndOffset - 1) < epoch) break
      if (epoch < 0) continue
      assert.deepEqual(follower.log.endOffsetForEpoch(epoch), leader.log.endOffsetForEpoch(epoch), `epoch ${epoch}`)
    }
  }

  /** What was committed is there, in both. */
  check(): void {
    for (const { log } of this.nodes) {
      const values = new Map(recordsFrom(log).map(({ offset, value }) => [offset, String(value)]))
      for (const [offset, value] of this.committed) {
        if (offset >= log.logStartOffset) assert.equal(values.get(offset), value, `offset ${offset}`)
      }
    }
  }
}

const seed = fc.option(fc.nat(), { nil: null })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 5 }),
      producer: fc.nat({ max: 2 })
    })
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('fetch' as const), maxBytes: fc.integer({ min: 100, max: 900 }) })
  },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'catch up' as const }, { kind: 'checkpoint' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('sync' as const), node: fc.constantFrom(0 as const, 1 as const) })
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('trim' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('elect' as const),
      which: fc.constantFrom('same' as const, 'other' as const)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      which: fc.constantFrom('same' as const, 'other' as const),
      cuts: fc.tuple(seed, seed)
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('die in a fetch' as const),
      call: fc.integer({ min: 1, max: 40 }),
      powerCut: seed
    })
  }
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function take(pair: Pair, action: Step): Promise<void> {
  if (action.kind === 'append') pair.append(action.count, action.producer)
  else if (action.kind === 'fetch') await pair.fetch(action.maxBytes)
  else if (action.kind === 'catch up') await pair.catchUp()
  else if (action.kind === 'checkpoint') for (const node of pair.nodes) await node.checkpoint()
  else if (action.kind === 'sync') await pair.nodes[action.node].log.durable(pair.nodes[action.node].log.logEndOffset)
  else if (action.kind === 'trim') await pair.trim(action.part)
  else if (action.kind === 'elect') pair.elect(action.which)
  else if (action.kind === 'crash') {
    // A leader may have lost what its follower has: another epoch begins.
    for (const [index, node] of pair.nodes.entries()) node.restart(pair.epoch + 1, action.cuts[index] ?? null)
    pair.elect(action.which)
  } else {
    pair.follower.dieAt(action.call)
    await pair.fetch(500).catch((error) => assert.equal(error.name, 'DiskError'))
    pair.follower.restart(pair.epoch, action.powerCut)
  }
}

test('whatever happens to a leader and its follower, what both have made safe is there, and the one becomes as the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const pair = new Pair()
      for (const action of steps) {
        await take(pair, action)
        pair.check()
      }
      await pair.catchUp()
    }),
    { numRuns: 300 }
  )
})
