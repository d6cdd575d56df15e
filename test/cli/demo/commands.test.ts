/** What keys and lines mean. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandOfKey, commandOfLine, type KeyContext, keysOf, unknownKey } from '../../../src/cli/demo/commands.ts'

const context: KeyContext = { selected: 'kitchen', wanted: 2, paused: false, brokers: [], ratePerSecond: 4 }
const key = (text: string, changes: Partial<KeyContext> = {}) => commandOfKey(text, { ...context, ...changes })

test('what a terminal sends is cut into keys, arrows of both kinds included', () => {
  assert.deepEqual(keysOf('1k\u001b[A\u001bOB+\u0003'), ['1', 'k', '\u001b[A', '\u001bOB', '+', '\u0003'])
  assert.deepEqual(keysOf('\u001b[1;5C'), ['\u001b[1;5C'])
  assert.deepEqual(keysOf(''), [])
})

test('numbers and arrows choose a service', () => {
  assert.deepEqual(key('1'), { kind: 'select', service: 'customers' })
  assert.deepEqual(key('4'), { kind: 'select', service: 'notifications' })
  assert.equal(key('5'), undefined)
  assert.equal(key('0'), undefined)
  assert.deepEqual(key('\u001b[A'), { kind: 'move', by: -1 })
  assert.deepEqual(key('\u001bOB'), { kind: 'move', by: 1 })
})

test('letters and signs act on the service that is chosen, as it stands', () => {
  assert.deepEqual(key('+'), { kind: 'scale', service: 'kitchen', members: 3 })
  assert.deepEqual(key('-'), { kind: 'scale', service: 'kitchen', members: 1 })
  assert.deepEqual(key('p'), { kind: 'pause', service: 'kitchen' })
  assert.deepEqual(key('p', { paused: true }), { kind: 'resume', service: 'kitchen' })
  assert.deepEqual(key('k', { selected: 'payments' }), { kind: 'kill', service: 'payments' })
  assert.deepEqual(key('x'), { kind: 'kill-one', service: 'kitchen' })
  assert.deepEqual(key('r'), { kind: 'restart', service: 'kitchen' })
  assert.deepEqual(key('>'), { kind: 'rate', perSecond: 8 })
  assert.deepEqual(key('<'), { kind: 'rate', perSecond: 2 })
  assert.deepEqual(key('v'), { kind: 'voice' })
  assert.deepEqual(key(' '), { kind: 'pause', service: 'kitchen' })
  assert.deepEqual(key('?'), { kind: 'help' })
})

test('b kills a broker, or starts the one that is dead; where there are none of its own it does nothing', () => {
  const brokers = [1, 2, 3].map((id) => ({ id, isRunning: true }))
  assert.deepEqual(key('b', { brokers }), { kind: 'kill-broker', broker: 1 })
  const dead = brokers.map(({ id }) => ({ id, isRunning: id !== 2 }))
  assert.deepEqual(key('b', { brokers: dead }), { kind: 'start-broker', broker: 2 })
  assert.equal(key('b'), undefined)
})

test('q, Ctrl-C and Ctrl-D quit; any other key does nothing', () => {
  for (const text of ['q', '\u0003', '\u0004']) assert.deepEqual(key(text), { kind: 'quit' })
  for (const text of ['z', '\u001b', '\u001b[5~', '\r', 'ü']) assert.equal(key(text), undefined)
})

test('a key that does nothing is told: which keys there are, and how b gets brokers to kill', () => {
  assert.equal(unknownKey('z'), 'z does nothing here; ? shows all keys')
  assert.equal(unknownKey('\u001b[5~'), 'that key does nothing here; ? shows all keys')
  assert.match(unknownKey('b'), /odradek demo --brokers 3/)
})

test('lines on a pipe say the same in words', () => {
  assert.deepEqual(commandOfLine('kill payments'), { kind: 'kill', service: 'payments' })
  assert.deepEqual(commandOfLine('  Kill-One  Kitchen '), { kind: 'kill-one', service: 'kitchen' })
  assert.deepEqual(commandOfLine('restart payments'), { kind: 'restart', service: 'payments' })
  assert.deepEqual(commandOfLine('resume customers'), { kind: 'resume', service: 'customers' })
  assert.deepEqual(commandOfLine('scale kitchen 3'), { kind: 'scale', service: 'kitchen', members: 3 })
  assert.deepEqual(commandOfLine('kill-broker 2'), { kind: 'kill-broker', broker: 2 })
  assert.deepEqual(commandOfLine('start-broker 2'), { kind: 'start-broker', broker: 2 })
  assert.equal(commandOfLine('kill-broker two'), undefined)
  assert.deepEqual(commandOfLine('rate 0.5'), { kind: 'rate', perSecond: 0.5 })
  assert.deepEqual(commandOfLine('quit'), { kind: 'quit' })
  for (const line of [
    '',
    'kill',
    'kill bob',
    'scale kitchen',
    'scale kitchen -1',
    'rate 0',
    'rate x',
    'dance kitchen'
  ]) {
    assert.equal(commandOfLine(line), undefined, line)
  }
})
