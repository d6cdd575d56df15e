/** Which records go to whom, as a running Apache Kafka 4.4.0 gave them out and answered in the same places. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAcknowledgements } from '../../../src/broker/share/acknowledgements.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { Reading } from './reading.ts'

const { INVALID_REQUEST, INVALID_RECORD_STATE } = ErrorCode

test('a member gets whole batches until it has as many records as it asked for; nobody else gets them', () => {
  const reading = new Reading([10, 10, 10])
  assert.equal(reading.fetch('a', { maxRecords: 5 }), '0-9x1')
  assert.equal(reading.fetch('b', { maxRecords: 12 }), '10-29x1')
  assert.equal(reading.fetch('b'), '')
})

test('ranges end with batches of the log, at the first end that makes them large enough', () => {
  assert.equal(new Reading([5, 5, 5, 5, 5, 5]).fetch('a', { batchSize: 12 }), '0-14x1,15-29x1')
  assert.equal(new Reading([10, 10, 10]).fetch('a', { batchSize: 3 }), '0-9x1,10-19x1,20-29x1')
})

test('where the number is a limit exactly so many go out, and the rest of the batch later', () => {
  const reading = new Reading([10, 10, 10])
  const mode = 'record-limit'
  assert.equal(reading.fetch('a', { mode, maxRecords: 5 }), '0-4x1')
  assert.equal(reading.fetch('a', { mode, maxRecords: 12 }), '5-9x1,10-16x1')
  reading.say('a', '3-4 release')
  assert.equal(reading.fetch('a', { mode, maxRecords: 3 }), '3-4x2,17-17x1')
})

test('where the number is a limit there is one range, however many batches of the log it is of', () => {
  const reading = new Reading([5, 5, 5])
  assert.equal(reading.fetch('a', { mode: 'record-limit', batchSize: 1, maxRecords: 12 }), '0-11x1')
  assert.equal(reading.fetch('a', { maxRecords: 1 }), '12-14x1', 'where it is none, all that is left of the batch')
})

test('of what is limited by locks, what was given back counts as well', () => {
  const reading = new Reading([90, 5, 20], { maxRecordLocks: 100 })
  const mode = 'record-limit'
  reading.fetch('a', { maxRecords: 90 })
  reading.say('a', '80-87 release')
  assert.equal(reading.fetch('a', { mode }), '80-87x2,90-91x1')
  assert.equal(reading.fetch('a', { mode }), '92-94x1,95-96x1')
  assert.equal(reading.fetch('a', { mode }), '97-114x1', 'what is left of a batch goes out all the same')
})

test('of a batch of which some have failed, what is at its last attempt goes out alone', () => {
  const reading = new Reading([10], { deliveryCountLimit: 5 })
  for (let attempt = 1; attempt <= 2; attempt += 1) reading.fetchAndRelease('a')
  reading.fetch('a')
  reading.say('a', '3-9 release')
  assert.equal(reading.fetch('a'), '3-7x4')
  reading.say('a', '0-7 release')
  assert.equal(reading.fetch('a'), '0-2x4')
  assert.equal(reading.fetch('a'), '3-3x5')
})

test('what is accepted is written, and forgotten once that is safe; what is below the start is passed over', () => {
  const reading = new Reading([10, 10, 10])
  reading.fetch('a')
  assert.equal(reading.say('a', '0-4 accept'), 'from 0, 5 done: 0/4/2/1')
  assert.equal(reading.partition.startOffset, 5)
  assert.equal(reading.say('a', '3-6 accept'), 'from 5, 2 done: 5/6/2/1')
  assert.equal(reading.say('a', '5-9 accept release reject gap accept'), 'from 7, 3 done: 7/8/4/1 9/9/2/1')
  assert.equal(reading.partition.startOffset, 10)
})

test('nothing of a request holds when one record is not held by who speaks', () => {
  const reading = new Reading([10, 10, 10])
  reading.fetch('a', { maxRecords: 5 })
  reading.fetch('b')
  const before = reading.told()
  assert.equal(reading.say('b', '10-12 accept,5-6 accept'), INVALID_REQUEST, 'out of order')
  assert.equal(reading.say('b', '5-12 accept'), INVALID_RECORD_STATE)
  assert.equal(reading.say('a', '8-40 accept'), INVALID_REQUEST)
  assert.equal(reading.say('a', '100-110 accept'), INVALID_REQUEST)
  assert.equal(reading.say('a', '8-9 accept,9-9 accept'), INVALID_RECORD_STATE)
  assert.equal(reading.told(), before)
  assert.equal(new Reading([10]).say('a', '0-1 accept'), INVALID_RECORD_STATE)
})

test('an acknowledgement that is none is refused before anything is looked at', () => {
  const one = (firstOffset: number, lastOffset: number, ...acknowledgeTypes: number[]) =>
    readAcknowledgements([{ firstOffset, lastOffset, acknowledgeTypes }], false)
  assert.equal(one(8, 8, 9), null)
  assert.equal(one(8, 10, 1, 1), null)
  assert.equal(one(8, 6, 1), null)
  assert.equal(one(8, 8), null)
  assert.equal(one(8, 8, 4), null, 'a renewal has to be said in the request')
  assert.equal(one(-2, 8, 1), null)
  assert.equal(one(8, 10, 1, 1, 2)?.length, 2)
})

test('until a write is safe nobody gets what was given back; refused, all is as it was', () => {
  const reading = new Reading([4])
  reading.fetch('a')
  const change = reading.begin('a', '0-1 accept,2-2 release')
  assert.ok(change !== null && typeof change === 'object')
  assert.equal(reading.fetch('b'), '')
  assert.equal(reading.say('a', '2-2 accept'), INVALID_RECORD_STATE)
  reading.partition.refused(change)
  assert.equal(reading.partition.startOffset, 0)
  assert.equal(reading.say('a', '0-3 release'), 'from 0, 0 done: 0/3/0/1')
  assert.equal(reading.fetch('b'), '0-3x2')
})

test('a lock that runs out gives the records to others, and at the last attempt to nobody', () => {
  const reading = new Reading([3], { deliveryCountLimit: 2 })
  reading.fetch('a')
  assert.equal(reading.partition.nextTimeoutMs, 30_000)
  assert.equal(reading.timeOut(29_999), '')
  assert.equal(reading.timeOut(30_000), 'from 0, 0 done: 0/2/0/1')
  assert.equal(reading.partition.nextTimeoutMs, Number.POSITIVE_INFINITY)
  assert.equal(reading.fetch('b'), '0-2x2')
  assert.equal(reading.say('a', '0-2 accept'), INVALID_RECORD_STATE)
  assert.equal(reading.timeOut(60_000), 'from 0, 3 done: 0/2/4/2')
  assert.equal(reading.partition.startOffset, 0)
  reading.partition.writeEnded()
  assert.equal(reading.partition.startOffset, 3)
  assert.equal(reading.fetch('a'), '')
})

test('a lock that was renewed runs out later, and renewing writes nothing', () => {
  const reading = new Reading([10])
  reading.fetch('a')
  reading.nowMs = 20_000
  assert.equal(reading.say('a', '0-4 renew'), '')
  assert.equal(reading.say('b', '0-4 renew'), INVALID_RECORD_STATE)
  assert.equal(reading.timeOut(30_000), 'from 0, 0 done: 5/9/0/1')
  assert.equal(reading.say('a', '0-9 renew'), INVALID_RECORD_STATE)
  assert.equal(reading.say('a', '0-4 renew accept renew release reject'), 'from 0, 2 done: 1/1/2/1 3/3/0/1 4/4/4/1')
  reading.settings = { ...reading.settings, renewsLocks: false }
  assert.equal(reading.say('a', '0-0 renew'), INVALID_RECORD_STATE)
})

test('a session that ends gives back what it holds and keeps the count', () => {
  const reading = new Reading([10, 10])
  reading.fetch('a', { maxRecords: 1 })
  reading.fetch('b')
  assert.equal(reading.release('a'), 'from 0, 0 done: 0/9/0/1')
  assert.equal(reading.release('a'), '')
  assert.equal(reading.fetch('b'), '0-9x2')
})

test('what has failed often goes out in ever smaller parts, alone, and one by one at last', () => {
  const ten = new Reading([16], { deliveryCountLimit: 10 })
  const five = new Reading([16], { deliveryCountLimit: 5 })
  const given = (reading: Reading) => reading.fetchAndRelease('a')
  const parts = '0-15x1 0-15x2 0-15x3 0-15x4 0-15x5 0-7x6 0-3x7 0-1x8 0-0x9 0-0x10 1-1x9 1-1x10 2-3x8 2-2x9'
  assert.equal(Array.from({ length: 14 }, () => given(ten)).join(' '), parts)
  const ofFive = '0-15x1 0-15x2 0-15x3 0-7x4 0-0x5 1-1x5 2-2x5 3-3x5 4-4x5 5-5x5 6-6x5 7-7x5 8-15x4 8-8x5'
  assert.equal(Array.from({ length: 14 }, () => given(five)).join(' '), ofFive)
})

test('what has not failed goes out before what has, and not with it', () => {
  const reading = new Reading([4, 8], { deliveryCountLimit: 6 })
  reading.fetch('a', { batchSize: 4 })
  for (let attempt = 2; attempt <= 3; attempt += 1) {
    reading.say('a', '4-11 release')
    reading.fetch('a', { batchSize: 4 })
  }
  reading.say('a', '0-11 release')
  reading.produce(5)
  const given = Array.from({ length: 5 }, () => reading.fetch('a', { batchSize: 4 }))
  assert.deepEqual(given, ['0-3x2', '4-7x4', '8-11x4', '12-16x1', ''])
})

test('of a batch in which some have failed the first that is there decides', () => {
  const mixed = new Reading([12], { deliveryCountLimit: 6 })
  mixed.fetch('a')
  mixed.say('a', '0-5 release')
  mixed.fetch('a')
  mixed.say('a', '0-3 release')
  mixed.fetch('a')
  mixed.say('a', '0-3 release')
  mixed.say('a', '4-11 release')
  assert.equal(mixed.fetch('a'), '0-3x4,4-5x3')
  assert.equal(mixed.fetch('a'), '6-11x2')
})

test('records in flight are limited, whether they are done or not, to whole batches of the log', () => {
  const reading = new Reading([60, 60, 60, 60], { maxRecordLocks: 100 })
  assert.equal(reading.fetch('a'), '0-119x1')
  reading.say('a', '5-9 accept')
  assert.equal(reading.fetch('a'), '')
  assert.equal(reading.partition.canAcquire, false)
  reading.say('a', '0-4 accept')
  assert.equal(reading.fetch('a'), '')
  reading.say('a', '20-24 release')
  assert.equal(reading.partition.canAcquire, true)
  assert.equal(reading.fetch('a'), '20-24x2')
  reading.say('a', '10-59 accept')
  assert.equal(reading.fetch('a'), '120-179x1')
})

test('a batch of a million records is acquired in parts, and takes no more room than one in one state', () => {
  const reading = new Reading([1_000_000])
  assert.equal(reading.fetch('a', { maxRecords: 2_000_000 }), '0-9999x1')
  assert.equal([...reading.partition.runs()].length, 1)
  assert.equal(reading.fetch('b'), '')
  const types = Array.from({ length: 10_000 }, (_, index) => (index % 2 === 0 ? 'accept' : 'release')).join(' ')
  reading.say('a', `0-9999 ${types}`)
  assert.equal([...reading.partition.runs()].length, 9999)
  assert.equal(reading.fetch('b', { mode: 'record-limit' }), reading.fetchedOnes(1, 500))
})

test('aborted records are done as they are read, control records are given out', () => {
  const reading = new Reading([3, 4, 1, 4, 1, 2])
  reading.aborted = [{ firstOffset: 3, lastOffset: 6 }]
  assert.equal(reading.fetch('a'), '0-2x1,7-14x1')
  assert.equal(reading.say('a', '3-6 accept'), INVALID_RECORD_STATE)
  assert.equal(reading.say('a', '0-2 accept'), 'from 0, 7 done: 0/2/2/1')
  assert.equal(reading.partition.startOffset, 7)
  assert.equal(reading.say('a', '3-6 accept'), '')
})

test('where all that was read is aborted the start offset waits for the next write', () => {
  const reading = new Reading([3, 2])
  reading.aborted = [{ firstOffset: 0, lastOffset: 2 }]
  assert.equal(reading.fetch('a', { maxRecords: 3 }), '')
  assert.equal(reading.partition.nextFetchOffset, 3)
  assert.equal(reading.fetch('a'), '3-4x1')
  assert.equal(reading.partition.startOffset, 0)
  assert.equal(reading.say('a', '3-4 release'), 'from 0, 3 done: 3/4/0/1')
  assert.equal(reading.partition.startOffset, 3)
})

test('where what was aborted takes all the room the start offset waits for nothing', () => {
  const reading = new Reading([60, 60, 5], { maxRecordLocks: 100 })
  reading.aborted = [{ firstOffset: 0, lastOffset: 119 }]
  assert.equal(reading.fetch('a'), '')
  assert.equal(reading.partition.canAcquire, true)
  assert.equal(reading.fetch('a'), '120-124x1')
  assert.equal(reading.partition.startOffset, 120)
})

test('where the number is a limit, what was aborted counts, and what is left of its batch is left', () => {
  const reading = new Reading([3, 4])
  reading.aborted = [{ firstOffset: 0, lastOffset: 2 }]
  assert.equal(reading.fetch('a', { mode: 'record-limit', maxRecords: 2 }), '')
  assert.equal(reading.partition.nextFetchOffset, 2)
  assert.equal(reading.fetch('a', { mode: 'record-limit', maxRecords: 2 }), '3-3x1')
})

test('when the log begins later what was before is forgotten, whoever holds it', () => {
  const reading = new Reading([10, 10, 10])
  reading.fetch('a')
  reading.say('a', '12-14 release,25-25 accept')
  reading.trim(15)
  assert.equal(reading.fetch('b'), '')
  assert.equal(reading.say('a', '0-9 accept'), '')
  assert.equal(reading.say('a', '10-19 accept'), 'from 15, 6 done: 15/19/2/1')
  reading.trim(30)
  reading.produce(5)
  assert.equal(reading.fetch('b'), '30-34x1')
})

test('a write that was under way when the log began later changes nothing any more', () => {
  const reading = new Reading([10])
  reading.fetch('a')
  const change = reading.begin('a', '0-9 release')
  assert.ok(change !== null && typeof change === 'object')
  reading.trim(5)
  reading.partition.refused(change)
  assert.equal(reading.say('a', '5-9 accept'), 'from 5, 5 done: 5/9/2/1')
})

test('a restart goes on from what was written; of offsets that nothing was written of nobody has had any', () => {
  const reading = new Reading([10, 10])
  reading.load(2, '5/7/2/1 12/13/0/2 15/16/4/3')
  assert.equal(reading.partition.nextFetchOffset, 2)
  assert.equal(reading.fetch('a', { maxRecords: 2 }), '2-4x1')
  assert.equal(reading.say('a', '2-4 accept'), 'from 2, 8 done: 2/4/2/1')
  assert.equal(reading.partition.startOffset, 8)
  assert.equal(reading.fetch('a'), '8-11x1,12-13x3,14-14x1,17-19x1')
})

test('what compaction has taken is done, in what was given back and behind the end', () => {
  const reading = new Reading([5, 5, 5])
  reading.fetch('a', { maxRecords: 1 })
  reading.say('a', '0-4 release')
  reading.compact(0)
  assert.equal(reading.fetch('a', { maxRecords: 1 }), '5-9x1')
  assert.equal(reading.partition.nextFetchOffset, 10)
  reading.produce(5)
  reading.compact(10)
  assert.equal(reading.fetch('a'), '15-19x1')
  assert.equal(reading.say('a', '5-9 accept'), 'from 0, 15 done: 5/9/2/1')
  assert.equal(reading.partition.startOffset, 15)
})

test('a limit that was lowered is not exceeded', () => {
  const reading = new Reading([4])
  for (let attempt = 1; attempt <= 3; attempt += 1) reading.fetchAndRelease('a')
  reading.settings = { ...reading.settings, deliveryCountLimit: 2 }
  assert.equal(reading.fetch('a'), '')
  assert.equal(reading.partition.nextFetchOffset, 4)
})

test('it is held as long as a member holds a record, and no longer: not until its lock would have run out', () => {
  const reading = new Reading([3])
  assert.equal(reading.partition.isHeld, false)
  reading.fetch('a')
  assert.equal(reading.partition.isHeld, true)
  reading.say('a', '0-1 accept')
  assert.equal(reading.partition.isHeld, true)
  reading.release('a')
  assert.equal(reading.partition.isHeld, false)
})
