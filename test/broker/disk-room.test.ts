/** Whoever runs the broker reads of a full disk on its console, before a client comes to ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskRoom } from '../../src/broker/disk-room.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'

const full = new DiskError('full', 't-0/0.log', 't-0/0.log: The disk is full.')
const lines = {
  full: 'records are refused: t-0/0.log: The disk is full.',
  room: 'there is room on the disk again: records are taken'
}

function newRoom() {
  const told: string[] = []
  const clock = new ManualClock()
  return { told, clock, room: new DiskRoom(clock, (line) => told.push(line)) }
}

test('a full disk is told of once, and once that there is room again', () => {
  const { told, room } = newRoom()
  room.taken()
  for (let refusal = 0; refusal < 3; refusal++) room.refused(full)
  assert.deepEqual(told, [lines.full])
  room.taken()
  room.taken()
  assert.deepEqual(told, [lines.full, lines.room])
})

test('while small records fit and large ones do not, that is told now and then', () => {
  const { told, clock, room } = newRoom()
  for (let turn = 0; turn < 100; turn++) {
    room.refused(full)
    room.taken()
  }
  assert.deepEqual(told, [lines.full, lines.room])
  clock.advance(limits.fullDiskAgainMs)
  room.refused(full)
  assert.deepEqual(told, [lines.full, lines.room, lines.full])
})

test('a log that is offline is told of where it went, not here', () => {
  const { told, room } = newRoom()
  room.refused(new DiskError('damaged', 't-0', 'damaged'))
  assert.deepEqual(told, [])
})
