/** Whoever runs the broker reads on its console that records are refused, before a client comes to ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefusedRecords } from '../../src/broker/refused-records.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'

const full = new DiskError('full', 't-0/0.log', 't-0/0.log: The disk is full.')
const short = new DiskError('too-many-files', 't-0/0.log', 't-0/0.log: No file can be opened.')
const broken = new DiskError('failed', 't-0/0.log', 't-0/0.log: The disk refused it.')
const lines = {
  full: 'records are refused: t-0/0.log: The disk is full.',
  room: 'there is room on the disk again: records are taken',
  short: 'records are refused: t-0/0.log: No file can be opened.',
  handles: 'files can be opened again: records are taken',
  broken: 'records are refused: t-0/0.log: The disk refused it.'
}

function watched() {
  const told: string[] = []
  const clock = new ManualClock()
  return { told, clock, records: new RefusedRecords(clock, (line) => told.push(line)) }
}

test('a full disk is told of once, whichever logs meet it, and once that there is room again', () => {
  const { told, records } = watched()
  records.taken('t-0')
  for (let refusal = 0; refusal < 3; refusal++) records.refused(`t-${refusal}`, full)
  assert.deepEqual(told, [lines.full])
  records.taken('t-9')
  records.taken('t-9')
  assert.deepEqual(told, [lines.full, lines.room])
})

test('while small records fit and large ones do not, that is told now and then', () => {
  const { told, clock, records } = watched()
  for (let turn = 0; turn < 100; turn++) {
    records.refused('t-0', full)
    records.taken('t-0')
  }
  assert.deepEqual(told, [lines.full, lines.room])
  clock.advance(limits.refusalAgainMs)
  records.refused('t-0', full)
  assert.deepEqual(told, [lines.full, lines.room, lines.full])
})

test('trouble of another kind is that of its log: what others take says nothing of it', () => {
  const { told, records } = watched()
  records.refused('t-0', broken)
  records.taken('t-1')
  records.refused('t-0', broken)
  assert.deepEqual(told, [lines.broken])
  records.taken('t-0')
  assert.deepEqual(told.slice(1), ['records of t-0 are taken again'])
})

test('want of handles is over when each log has taken records that was refused for it: others need no file', () => {
  const { told, records } = watched()
  for (let turn = 0; turn < 3; turn++) {
    records.refused('t-1', short)
    records.refused('t-2', short)
    records.taken('t-1')
    records.taken('t-3')
  }
  assert.deepEqual(told, [lines.short])
  records.taken('t-2')
  assert.deepEqual(told, [lines.short, lines.handles])
})

test('want of handles is over too when none was refused for a while: nobody may write where it was', () => {
  const { told, clock, records } = watched()
  records.refused('t-1', short)
  clock.advance(limits.refusalAgainMs - 1)
  records.taken('t-2')
  assert.deepEqual(told, [lines.short])
  clock.advance(1)
  records.taken('t-2')
  assert.deepEqual(told, [lines.short, lines.handles])
})

test('of a log that was opened anew, nothing that was told before is over, or too soon', () => {
  const { told, records } = watched()
  records.refused('t-0', broken)
  records.forget('t-0')
  records.taken('t-0')
  records.refused('t-0', broken)
  assert.deepEqual(told, [lines.broken, lines.broken])
})
