/** Whoever runs a broker is told of trouble with the disk once, and once that it is over. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Telling } from '../../src/broker/telling.ts'
import { ManualClock } from '../../src/host/memory/clock.ts'

const refused = { is: 'passing', reason: new Error('No file handle is left.') } as const
const failed = { is: 'final', reason: new Error('The disk is broken.') } as const

test('logs that are in trouble at the same time are one line, and one when all are out of it', () => {
  const lines: string[] = []
  const telling = new Telling((line) => lines.push(line), new ManualClock())
  for (const name of ['a-0', 'a-1']) telling.troubled(name, refused)
  telling.troubled('a-0', 'over')
  assert.equal(lines.length, 1)
  telling.troubled('a-1', 'over')
  assert.deepEqual(lines.slice(1), ['Everything that was written is safe again.'])
})

test('a log that was closed or deleted in its trouble keeps no later trouble from being told', () => {
  const lines: string[] = []
  const telling = new Telling((line) => lines.push(line), new ManualClock())
  telling.troubled('a-0', refused)
  telling.troubled('a-0', 'ended')
  telling.troubled('a-1', refused)
  telling.troubled('a-1', 'over')
  assert.deepEqual(
    lines.map((line) => line.split(':')[0]),
    ['a-0', 'a-1', 'Everything that was written is safe again.']
  )
})

test('each log of which a sync has failed is told, as none of them takes more, and none keeps what passes from being told', () => {
  const lines: string[] = []
  const telling = new Telling((line) => lines.push(line), new ManualClock())
  telling.troubled('a-0', refused)
  for (const name of ['a-0', 'a-1']) telling.troubled(name, failed)
  telling.troubled('a-0', 'ended')
  telling.troubled('b-0', refused)
  telling.troubled('b-0', 'over')
  assert.deepEqual(
    lines.map((line) => line.split(':')[0]),
    ['a-0', 'a-0', 'a-1', 'b-0', 'Everything that was written is safe again.']
  )
  assert.match(lines[1] ?? '', /no more records are taken until a start has recovered it: The disk is broken/)
})
