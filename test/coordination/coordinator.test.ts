/** The runtime of every coordinator: what becomes of it when a record was appended and cannot be replayed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Coordinator, type StateLog, type StateRecord } from '../../src/coordination/coordinator.ts'
import { InvariantError, type Stopped } from '../../src/invariant.ts'

const record: StateRecord = { key: Buffer.from('key'), value: null }

function emptyLog(): StateLog {
  return { logEndOffset: 0, append() {}, durable: () => Promise.resolve(), replaySteps: () => [] }
}

function replay(): void {
  throw new TypeError('no such state')
}

function stops(stopped: Stopped) {
  return (error: unknown) =>
    error instanceof InvariantError && error.stops === stopped && error.cause instanceof TypeError
}

test('a coordinator that cannot replay what it has appended ends, and nothing else does', () => {
  const failures: Error[] = []
  const coordinator = new Coordinator({ log: emptyLog(), replay, onFailure: (error) => failures.push(error) })
  assert.throws(() => coordinator.commit([record], 0), stops('nothing else'))
  assert.deepEqual(
    failures.map(({ message }) => message),
    ['no such state']
  )
})

test('where nobody would end it, the broker stops', () => {
  const coordinator = new Coordinator({ log: emptyLog(), replay })
  assert.throws(() => coordinator.commit([record], 0), stops('broker'))
})
