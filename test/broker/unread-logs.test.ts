/** Whoever runs the broker reads once that a log cannot be read, and once that it can be again, however many of its files are met. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Telling } from '../../src/broker/telling.ts'
import { DiskError } from '../../src/host/disk.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'
import { limits } from '../../src/limits.ts'
import { LogHealth } from '../../src/log/log-health.ts'

function watched() {
  const told: string[] = []
  const clock = new ManualClock()
  const telling = new Telling((line) => told.push(line), clock)
  const health = new LogHealth('t-0')
  health.onUnread = (trouble) => telling.unread('t-0', trouble)
  health.onReadAgain = () => telling.readAgain('t-0')
  const read = (): void => health.noticing(() => {})
  const refuse = (file: string): void => {
    const refusal = new DiskError('too-many-files', file, `${file}: No file can be opened.`)
    assert.throws(() => health.noticing(() => assert.fail(refusal)), refusal)
  }
  return { told, clock, telling, read, refuse }
}

const begun = 't-0 cannot be read: 0.index: No file can be opened.'
const over = 't-0 can be read again'

test('while some of its files are read and others are refused, a log is told of once', () => {
  const { told, clock, read, refuse } = watched()
  read()
  for (let turn = 0; turn < 50; turn++) {
    refuse(`${turn}.index`)
    read()
    clock.advance(limits.refusalAgainMs / 2)
    read()
  }
  assert.deepEqual(told, [begun])
})

test('it is over once something is read and nothing was refused for a while; what comes then is told as new', () => {
  const { told, clock, read, refuse } = watched()
  refuse('0.index')
  clock.advance(limits.refusalAgainMs - 1)
  read()
  assert.deepEqual(told, [begun])
  clock.advance(1)
  read()
  read()
  assert.deepEqual(told, [begun, over])
  refuse('0.index')
  assert.deepEqual(told, [begun, over, begun])
})

test('a log that was opened anew is another', () => {
  const { told, clock, telling, read, refuse } = watched()
  refuse('0.index')
  telling.forgetUnread('t-0')
  clock.advance(limits.refusalAgainMs)
  read()
  refuse('0.index')
  assert.deepEqual(told, [begun, begun])
})
