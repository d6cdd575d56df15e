/** The brokers that make the logs of new partitions: one that goes holds nobody up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogMaker, LogMakers } from '../../src/controller/log-makers.ts'
import { DiskError } from '../../src/host/disk.ts'

const partitions = {
  topic: 'orders',
  topicId: 'id',
  config: new Map(),
  placed: [{ partitionId: 0, replicas: [1, 2] }]
}

const all = (steps: Iterable<void>): number => [...steps].length

function makerWith(namesSafe: () => Promise<void>): LogMaker {
  const letGo = () => Promise.resolve()
  return { isLettingGo: () => false, letGo, prepare: () => [], discard: () => [], leave() {}, namesSafe }
}

test('a broker that is killed while its names are made safe is passed over', async () => {
  const makers = new LogMakers()
  makers.attach(
    1,
    makerWith(() => Promise.resolve())
  )
  makers.attach(
    2,
    makerWith(() => new Promise(() => {}))
  )
  let isSafe = false
  const safe = makers.namesSafe([partitions]).then(() => {
    isSafe = true
  })
  await new Promise(setImmediate)
  assert.equal(isSafe, false, 'the other is waited for while it is there')
  makers.detach(2)
  await safe
})

test('a broker that is killed while it lets go of a name, or comes again, is waited for no more', async () => {
  const makers = new LogMakers()
  const never = () => new Promise<void>(() => {})
  const killed = (): LogMaker => ({ ...makerWith(never), isLettingGo: () => true, letGo: never })
  makers.attach(1, killed())
  const free = makers.letGo('orders')
  makers.detach(1)
  await free
  makers.attach(1, killed())
  const safe = makers.namesSafe([partitions])
  makers.attach(1, makerWith(never))
  await safe
})

test('what a living broker cannot make safe is refused', async () => {
  const makers = new LogMakers()
  makers.attach(
    1,
    makerWith(() => Promise.reject(new Error('no room')))
  )
  await assert.rejects(makers.namesSafe([partitions]), /no room/)
  await assert.rejects(makers.allSafe(), /no room/)
})

test('one broker whose disk refuses does not keep the others from a topic; when all refuse there is none', async () => {
  const refusal = () => new DiskError('failed', '', 'The disk refuses.')
  const broken: LogMaker = {
    ...makerWith(() => Promise.reject(refusal())),
    letGo: () => Promise.reject(refusal()),
    isLettingGo: () => true,
    prepare() {
      throw refusal()
    }
  }
  const makers = new LogMakers()
  makers.attach(1, broken)
  makers.attach(2, { ...makerWith(() => Promise.resolve()), isLettingGo: () => true })
  all(makers.prepare(partitions))
  await makers.namesSafe([partitions])
  await makers.letGo('orders')
  makers.detach(2)
  assert.throws(() => all(makers.prepare(partitions)), /refuses/)
  await assert.rejects(makers.namesSafe([partitions]), /refuses/)
  await assert.rejects(makers.letGo('orders'), /refuses/)
})

test('a broker that goes while it makes logs is passed over, and the others make theirs', () => {
  const makers = new LogMakers()
  const made: string[] = []
  const makerOf = (name: string): LogMaker => ({
    ...makerWith(() => Promise.resolve()),
    *prepare(plan) {
      for (const partition of plan.partitions) {
        made.push(`${name} ${partition}`)
        yield
      }
    }
  })
  makers.attach(1, makerOf('one'))
  makers.attach(2, makerOf('two'))
  const placed = [0, 1].map((partitionId) => ({ partitionId, replicas: [1, 2] }))
  const steps = makers.prepare({ ...partitions, placed })[Symbol.iterator]()
  steps.next()
  makers.detach(1)
  makers.attach(1, makerOf('one again'))
  while (steps.next().done !== true);
  assert.deepEqual(made, ['one 0', 'two 0', 'two 1'])
})

test('a name waits for no broker that was killed', async () => {
  const makers = new LogMakers()
  makers.attach(1, {
    ...makerWith(() => Promise.resolve()),
    isLettingGo: () => true,
    letGo: () => new Promise(() => {})
  })
  const free = makers.letGo('orders')
  makers.detach(1)
  await free
})
