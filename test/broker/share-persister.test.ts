/** How a broker asks share coordinators for the states of share partitions: together, again, and not for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { PeerUnreachable } from '../../src/broker/peer.ts'
import { BrokerSharePersister } from '../../src/broker/share-persister.ts'
import type { SharePersister } from '../../src/coordination/share-states/persister.ts'
import { unread, unsummarized, withoutState } from '../../src/coordination/share-states/unanswered.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { ErrorCode } from '../../src/protocol/error-codes.ts'

const { NONE, NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, FENCED_LEADER_EPOCH } = ErrorCode
const keyOf = (groupId: string) => ({ groupId, topicId: 'A5arCOG3TmivizyiD_4qDA', partition: 0 })

/** A cluster of two nodes in which this broker is node 1; what it says is written down. */
class Scene {
  readonly clock = new ManualClock()
  /** Of each message: the node, and how many requests were in it. */
  readonly messages: string[] = []
  nodeOf = (_name: string): number => 2
  isThere = true
  isCut = false
  /** What coordinators answer, one after the other; NONE after that. */
  answers: ErrorCode[] = []
  readonly persister: BrokerSharePersister

  constructor() {
    this.persister = new BrokerSharePersister({
      nodeId: 1,
      clock: this.clock,
      topic: { ensure: () => Promise.resolve(this.isThere), nodeOf: (name) => (this.isThere ? this.nodeOf(name) : -1) },
      here: this.#coordinator(1),
      peer: (node) => ({
        askShareStates: async (question) => {
          this.messages.push(`to ${node}`)
          if (this.isCut) throw new PeerUnreachable('cut off')
          return question(this.#coordinator(node))
        }
      })
    })
  }

  #coordinator(node: number): SharePersister {
    const next = (what: string): ErrorCode => {
      this.messages.push(`${node} ${what}`)
      return this.answers.shift() ?? NONE
    }
    return {
      initialize: async ({ key }) => withoutState(next(`initializes ${key.groupId}`)),
      read: async ({ groupId }) => ({ ...unread(next(`reads ${groupId}`)), startOffset: 7 }),
      write: async ({ key }) => withoutState(next(`writes ${key.groupId}`)),
      summarize: async ({ groupId }) => ({ ...unsummarized(next(`sums up ${groupId}`)), startOffset: 8 }),
      remove: async ({ groupId }) => withoutState(next(`removes ${groupId}`))
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      this.clock.advance(10)
      await setImmediate()
    }
  }
}

test('what is asked of one broker in one turn goes as one message, of this broker as none', async () => {
  const scene = new Scene()
  const { persister } = scene
  scene.nodeOf = (name) => (name.startsWith('mine') ? 1 : 2)
  const { stateEpoch, startOffset } = { stateEpoch: 1, startOffset: -1 }
  const writing = { leaderEpoch: 1, deliveryCompleteCount: 0, stateBatches: [], stateEpoch, startOffset }
  const answers = await Promise.all([
    persister.initialize({ key: keyOf('a'), stateEpoch, startOffset }),
    persister.read(keyOf('b'), 1),
    persister.read(keyOf('mine'), 1),
    persister.write({ key: keyOf('c'), ...writing }),
    persister.summarize(keyOf('d')),
    persister.remove(keyOf('e'))
  ])
  assert.deepEqual(
    answers.map(({ errorCode }) => errorCode),
    [NONE, NONE, NONE, NONE, NONE, NONE]
  )
  assert.equal(answers[1].startOffset, 7)
  assert.equal(answers[4].startOffset, 8)
  assert.deepEqual(scene.messages, [
    ...['to 2', '2 initializes a', '2 reads b', '2 writes c', '2 sums up d', '2 removes e'],
    '1 reads mine'
  ])
})

test('a coordinator that has moved is asked where it is now; an error that will not pass is the answer', async () => {
  const scene = new Scene()
  scene.answers = [NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, FENCED_LEADER_EPOCH]
  const reading = scene.persister.read(keyOf('a'), 1)
  await setImmediate()
  scene.nodeOf = () => 1
  await scene.pass(200)
  assert.equal((await reading).errorCode, FENCED_LEADER_EPOCH)
  assert.deepEqual(scene.messages, ['to 2', '2 reads a', '1 reads a', '1 reads a'])
})

test('nobody is asked for ever: the last error is the answer, and the pauses grow', async () => {
  const scene = new Scene()
  scene.isCut = true
  let answer: ErrorCode | null = null
  void scene.persister.read(keyOf('a'), 1).then(({ errorCode }) => {
    answer = errorCode
  })
  await scene.pass(limits.shareStateAskMs - 2 * limits.shareStateAgainMaxMs)
  assert.equal(answer, null)
  await scene.pass(2 * limits.shareStateAgainMaxMs + 10)
  assert.equal(answer, COORDINATOR_NOT_AVAILABLE)
  const fewest = limits.shareStateAskMs / limits.shareStateAgainMaxMs - 2
  assert.ok(
    scene.messages.length > fewest && scene.messages.length < fewest + 10,
    `asked ${scene.messages.length} times`
  )
  assert.equal(scene.clock.waiting, 0)
})

test('as long as the topic cannot be made it is tried again', async () => {
  const scene = new Scene()
  scene.isThere = false
  const reading = scene.persister.read(keyOf('a'), 1)
  await scene.pass(100)
  assert.deepEqual(scene.messages, [])
  scene.isThere = true
  await scene.pass(1000)
  assert.equal((await reading).errorCode, NONE)
})

test('a broker that stops answers whoever waits, and whoever comes', async () => {
  const scene = new Scene()
  scene.isCut = true
  const waiting = scene.persister.read(keyOf('a'), 1)
  await scene.pass(100)
  scene.persister.close()
  assert.equal((await waiting).errorCode, COORDINATOR_NOT_AVAILABLE)
  assert.equal((await scene.persister.read(keyOf('a'), 1)).errorCode, COORDINATOR_NOT_AVAILABLE)
  assert.equal(scene.clock.waiting, 0)
})

test('a mistake in a coordinator is told to who asked', async () => {
  const scene = new Scene()
  scene.nodeOf = () => assert.fail('a mistake')
  await assert.rejects(scene.persister.read(keyOf('a'), 1), /a mistake/)
})
