/** Who is closed and who waits when all connections together hold too much. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { type Holder, ServerMemory } from '../../src/server/memory.ts'
import { turn } from './fakes.ts'

class FakeHolder implements Holder {
  incompleteBytes = 0
  reason = ''
  wentOn = 0
  #unsentBytes = 0
  readonly #memory: ServerMemory
  /** What has really not left; the memory learns of it when it asks. */
  reallyUnsentBytes = 0

  constructor(memory: ServerMemory) {
    this.#memory = memory
  }

  send(bytes: number): void {
    this.reallyUnsentBytes += bytes
    this.countUnsentBytes()
  }

  receive(bytes: number): void {
    this.incompleteBytes += bytes
    this.#memory.changeIncomplete(bytes)
  }

  countUnsentBytes(): number {
    const change = this.reallyUnsentBytes - this.#unsentBytes
    this.#unsentBytes = this.reallyUnsentBytes
    this.#memory.changeUnsent(change)
    return this.#unsentBytes
  }

  giveUp(reason: string): void {
    this.reason = reason
    this.#memory.changeIncomplete(-this.incompleteBytes)
    this.#memory.changeUnsent(-this.#unsentBytes)
    this.incompleteBytes = 0
  }

  goOn(): void {
    this.wentOn += 1
  }
}

function three() {
  const holders: FakeHolder[] = []
  const clock = new ManualClock()
  const memory = new ServerMemory({ requestBytes: 100, answerBytes: 100, answerBytesAtAStretch: 50, clock, holders })
  const [small, large, other] = [new FakeHolder(memory), new FakeHolder(memory), new FakeHolder(memory)]
  holders.push(small, large, other)
  return { memory, clock, small, large, other }
}

test('when unfinished requests are too many bytes, the largest is given up, not the one that came last', () => {
  const { memory, small, large } = three()
  large.receive(70)
  small.receive(20)
  small.receive(11)
  assert.match(large.reason, /more than 100 bytes of requests, this one the most/)
  assert.equal(small.reason, '')
  assert.equal(memory.requestBytes, 31)
})

test('when the engine has most of the bytes, nobody is given up: it will answer, and who waits goes on then', async () => {
  const { memory, small, large } = three()
  memory.changeTaken(80)
  large.receive(30)
  assert.ok(memory.isFull)
  assert.equal(large.reason, '')
  memory.waitForRoom(small)
  memory.changeTaken(-5)
  await turn()
  assert.equal(small.wentOn, 0)
  memory.changeTaken(-5)
  await turn()
  assert.equal(small.wentOn, 1)
  memory.changeTaken(-70)
  await turn()
  assert.equal(small.wentOn, 1, 'once')
})

test('when the engine has answered and it is still too much, the largest unfinished request is given up', () => {
  const { memory, large } = three()
  memory.changeTaken(120)
  large.receive(110)
  assert.equal(large.reason, '')
  memory.changeTaken(-120)
  assert.notEqual(large.reason, '')
  assert.equal(memory.requestBytes, 0)
})

test('who has left is not called', async () => {
  const { memory, small } = three()
  memory.changeTaken(120)
  memory.waitForRoom(small)
  memory.forget(small)
  memory.changeTaken(-120)
  await turn()
  assert.equal(small.wentOn, 0)
})

test('when unread answers are too many bytes, the slowest reader is given up', () => {
  const { memory, small, large } = three()
  large.send(60)
  small.send(50)
  assert.match(large.reason, /more than 100 bytes of answers/)
  assert.equal(small.reason, '')
  assert.equal(memory.answerBytes, 50)
})

test('bytes that left without a word are counted before anyone is blamed', () => {
  const { memory, small, large } = three()
  large.send(60)
  large.reallyUnsentBytes = 0
  small.send(50)
  assert.equal(large.reason, '')
  assert.equal(small.reason, '')
  assert.equal(memory.answerBytes, 50)
})

test('answers that nobody takes are made a stretch at a time; then everybody waits for a moment', () => {
  const { memory, clock, small, large } = three()
  large.send(40)
  memory.answered(40)
  assert.equal(memory.isPausing, false)
  large.send(20)
  memory.answered(20)
  assert.ok(memory.isPausing && memory.isFull)
  memory.waitForRoom(small)
  clock.advance(limits.answerPauseMs - 1)
  assert.equal(small.wentOn, 0)
  clock.advance(1)
  assert.equal(memory.isPausing, false)
  return turn().then(() => assert.equal(small.wentOn, 1))
})

test('answers that leave as fast as they are made make nobody wait, however many they are', () => {
  const { memory, large } = three()
  for (let count = 0; count < 100; count++) {
    large.send(20)
    memory.answered(20)
    large.reallyUnsentBytes = 0
    large.countUnsentBytes()
  }
  assert.equal(memory.isFull, false)
})
