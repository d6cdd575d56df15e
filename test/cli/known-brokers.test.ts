/** Whom a command asks what any broker answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownBrokers } from '../../src/cli/known-brokers.ts'

const at = (port: number) => ({ host: 'localhost', port })
const node = (nodeId: number, port: number) => ({ nodeId, ...at(port) })
const portsOf = ({ inOrder }: KnownBrokers) => inOrder.map(({ port }) => port)

test('those it was given come first, then those it has heard of; who does not answer is asked last', () => {
  const known = new KnownBrokers(['localhost:9092'])
  known.heardOf([node(1, 9092), node(2, 9093), node(3, 9094)])
  assert.deepEqual(portsOf(known), [9092, 9093, 9094])
  known.missed(at(9092))
  assert.deepEqual(portsOf(known), [9093, 9094, 9092])
  known.answered(at(9092))
  assert.deepEqual(portsOf(known), [9093, 9094, 9092])
})

test('who is away when others are heard of is asked on, and one that moved is asked where it is now', () => {
  const known = new KnownBrokers(['localhost:9092'])
  known.heardOf([node(1, 9092), node(2, 9093)])
  known.heardOf([node(2, 9193)])
  assert.deepEqual(portsOf(known), [9092, 9193])
  known.heardOf([node(1, 9192)])
  assert.deepEqual(portsOf(known), [9092, 9193, 9192])
  assert.equal(known.count, 2)
})

test('none answers when each was asked in vain, and one answer is enough that it is no longer so', () => {
  const known = new KnownBrokers(['localhost:9092'])
  known.heardOf([node(1, 9092), node(2, 9093)])
  known.missed(at(9092))
  known.missed(at(9099))
  assert.ok(!known.noneAnswers)
  known.missed(at(9093))
  assert.ok(known.noneAnswers)
  known.answered(at(9092))
  assert.ok(!known.noneAnswers)
})
