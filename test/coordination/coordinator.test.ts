/** The runtime of every coordinator: what becomes of it when a record was appended and cannot be replayed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Coordinator, type StateLog, type StateRecord } from '../../src/coordination/coordinator.ts'
import { DiskError } from '../../src/host/disk.ts'
import { InvariantError, type Stopped } from '../../src/invariant.ts'
import { RefusedSync } from '../../src/log/refused-sync.ts'

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

test('a coordinator ends when what it has written is in doubt, and not while it is only not safe yet', async () => {
  const full = new DiskError('full', 't-0', 'no room')
  const refusals = [
    { error: RefusedSync.of(full), ends: false },
    { error: new DiskError('too-many-files', 't-0', 'no file'), ends: false },
    { error: full, ends: true }
  ]
  for (const { error, ends } of refusals) {
    let hasEnded = false
    const onFailure = (): void => {
      hasEnded = true
    }
    const log = { ...emptyLog(), durable: () => Promise.reject(error) }
    const coordinator = new Coordinator({ log, replay: () => {}, onFailure })
    await assert.rejects(coordinator.settled(), error)
    assert.equal(hasEnded, ends, error.constructor.name)
  }
})
