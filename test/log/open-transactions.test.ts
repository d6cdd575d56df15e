/** Where the oldest open transaction begins, which each fetch asks for: as a walk over all producers says, and without it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProducerEntry, ProducerState } from '../../src/log/producer-state.ts'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import * as fc from '../harness/properties.ts'
import { batchOf, startMs } from './setup.ts'

const transactionalFlag = 0x10

function header(producerId: number, baseOffset: number, attributes: number, timestampMs = startMs) {
  const batch = batchOf(['a'], { producerId, producerEpoch: 0, baseSequence: 0 }, timestampMs)
  const { attributes: flags, ...rest } = readBatchHeader(batch)
  return { ...rest, attributes: flags | attributes, baseOffset }
}

function entry(producerId: number, transactionStartOffset: number): ProducerEntry {
  const rest = { producerEpoch: 0, batches: [], coordinatorEpoch: -1, lastTimestampMs: startMs }
  return { producerId, transactionStartOffset, ...rest }
}

function walked(state: ProducerState): number | null {
  const open = [...state.entries()].map((one) => one.transactionStartOffset).filter((offset) => offset >= 0)
  return open.length === 0 ? null : Math.min(...open)
}

const step = fc.record({
  what: fc.constantFrom(
    'record',
    'record',
    'transaction',
    'transaction',
    'commit',
    'restore',
    'undo',
    'undo',
    'written',
    'expire'
  ),
  producerId: fc.integer({ min: 0, max: 4 }),
  offset: fc.integer({ min: -1, max: 200 }),
  ageMs: fc.integer({ min: 0, max: 10 })
})

test('after any steps the first unstable offset is that of a walk over all producers', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const state = new ProducerState()
      const undo: (() => void)[] = []
      for (const [offset, { what, producerId, ...more }] of steps.entries()) {
        const taken = state.undoFor(producerId)
        const timestampMs = startMs + more.ageMs
        if (what === 'record') state.record(header(producerId, offset, 0, timestampMs))
        if (what === 'transaction') state.record(header(producerId, offset, transactionalFlag, timestampMs))
        if (what === 'commit')
          state.recordEnd(header(producerId, offset, 0), { coordinatorEpoch: 0, outcome: 'commit' })
        if (what === 'restore') state.restore(entry(producerId, more.offset))
        if (what === 'expire') state.expire(timestampMs)
        // The last first, as a turn that could not be written is taken back.
        if (what === 'undo') for (const back of undo.splice(0).reverse()) back()
        else if (what === 'expire' || what === 'written') undo.length = 0
        else if (taken !== null) undo.push(taken)
        assert.equal(state.firstUnstableOffset(), walked(state), `after ${what}`)
      }
    })
  )
})

test('asking for the first unstable offset looks at no producer without an open transaction', () => {
  const state = new ProducerState()
  let looks = 0
  const look = (): number => {
    looks += 1
    return -1
  }
  for (let producerId = 0; producerId < 1000; producerId++) {
    const idle = entry(producerId, -1)
    Object.defineProperty(idle, 'transactionStartOffset', { get: look })
    state.restore(idle)
  }
  state.restore(entry(1000, 17))
  looks = 0
  assert.equal(state.firstUnstableOffset(), 17)
  assert.equal(looks, 0)
})
