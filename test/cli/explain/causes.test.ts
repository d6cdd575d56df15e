/** Why a reader is given nothing, decided from what the cluster tells. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainGroup, type GroupFacts, type GroupPartition, ofLog } from '../../../src/cli/explain/causes.ts'
import type { KnownLog } from '../../../src/cli/explain/log-facts.ts'
import { findingParagraph } from '../../../src/cli/explain/shown.ts'
import { createStyle } from '../../../src/cli/terminal.ts'

function logOf(of: Partial<KnownLog> = {}): KnownLog {
  const end = of.end ?? 10n
  return { kind: 'known', start: 0n, end, stable: end, holders: [], givesNothing: false, ...of }
}

function partitionOf(of: Partial<GroupPartition> = {}): GroupPartition {
  const committed = of.committed ?? 4n
  return { topic: 't', partition: 0, committed, committedBefore: committed, member: 'm1', log: logOf(), ...of }
}

function explained(partitions: readonly GroupPartition[], of: Partial<GroupFacts> = {}): string[] {
  const members = [{ id: 'm1', partitionCount: partitions.length }]
  return explainGroup({ group: 'g', type: 'consumer', state: 'Stable', members, partitions, ...of }).map(
    ({ cause }) => cause
  )
}

test('of each partition is told what keeps its reader', () => {
  const cases: Readonly<Record<string, Partial<GroupPartition>>> = {
    'topic is gone': { log: { kind: 'gone' } },
    'not authorized': {
      log: { kind: 'unreadable', failure: { name: 'TOPIC_AUTHORIZATION_FAILED', code: 29, message: '' } }
    },
    'cannot be read': { log: { kind: 'unreadable', failure: { name: 'KAFKA_STORAGE_ERROR', code: 56, message: '' } } },
    empty: { committed: 3n, log: logOf({ start: 3n, end: 3n }) },
    'removed before it was read': { committed: 2n, log: logOf({ start: 3n }) },
    'made again': { committed: 11n },
    'at the end': { committed: 10n },
    'open transaction': { committed: 6n, log: logOf({ stable: 6n }) },
    aborted: { log: logOf({ givesNothing: true }) },
    'is being read': { committedBefore: 3n },
    'does not get on': {},
    'nobody has it': { member: null }
  }
  for (const [cause, of] of Object.entries(cases)) assert.deepEqual(explained([partitionOf(of)]), [cause])
  assert.deepEqual(explained([{ ...partitionOf(), committed: null, committedBefore: null }]), ['nothing committed'])
})

test('while a group gives out its partitions anew nobody is said to have left one', () => {
  for (const state of ['PreparingRebalance', 'CompletingRebalance', 'Assigning', 'Reconciling'])
    assert.deepEqual(explained([partitionOf({ member: null })], { state }), ['rebalancing', 'rebalancing'])
})

test('a group without members is told as that, once; and what waits for it', () => {
  assert.deepEqual(explained([partitionOf({ member: null })], { state: 'Empty', members: [] }), [
    'no member',
    'no member'
  ])
  assert.deepEqual(explained([], { state: 'Empty', members: [] }), ['no member'])
})

test('what is so of several partitions is told once', () => {
  const findings = explainGroup({
    ...{ group: 'g', type: 'consumer', state: 'Stable', members: [{ id: 'm1', partitionCount: 3 }] },
    partitions: [0, 1, 2].map((partition) => partitionOf({ partition, committed: 10n }))
  })
  assert.deepEqual(
    findings.map(({ cause, partitions }) => [cause, partitions]),
    [['at the end', ['t:0', 't:1', 't:2']]]
  )
})

test('of a share group is told what is given out, and that it begins by a setting of its own', () => {
  assert.deepEqual(explained([partitionOf()], { type: 'share' }), ['given out'])
  assert.deepEqual(explained([partitionOf({ committed: 10n })], { type: 'share' }), ['at the end'])
  const unread = { ...partitionOf(), committed: null, committedBefore: null }
  const members = [{ id: 'm1', partitionCount: 1 }]
  const [told] = explainGroup({ group: 'g', type: 'share', state: 'Stable', members, partitions: [unread] })
  assert.equal(told?.cause, 'nothing committed')
  assert.match(told?.text ?? '', /share\.auto\.offset\.reset/)
})

test('a share group whose records are all done is at the end, although it starts before; and what waits is what is left', () => {
  assert.deepEqual(explained([partitionOf({ left: 0n })], { type: 'share' }), ['at the end'])
  const members = [{ id: 'm1', partitionCount: 1 }]
  const of = { group: 'g', type: 'share' as const, state: 'Stable', members }
  const [told] = explainGroup({ ...of, partitions: [partitionOf({ left: 2n })] })
  assert.match(told?.text ?? '', /^2 offsets from 4 on are given out/)
})

test('what is to be typed names the topic, and the kind of the group', () => {
  const nextOf = (of: Partial<GroupFacts>) =>
    explainGroup({
      ...{ group: 'g', type: 'consumer', state: 'Empty', members: [], partitions: [partitionOf({ member: null })] },
      ...of
    }).flatMap(({ next }) => next ?? [])
  assert.deepEqual(nextOf({}), ['odradek consume t --group g'])
  assert.deepEqual(nextOf({ type: 'share' }), ['odradek consume t --share g'])
  assert.deepEqual(nextOf({ partitions: [] }), [])
  const members = [{ id: 'm1', partitionCount: 1 }]
  assert.deepEqual(nextOf({ members, partitions: [partitionOf({ committed: 11n })] }), [
    'odradek groups reset g -t t --to earliest'
  ])
})

test('an open transaction comes before an aborted one: its end is what is waited for', () => {
  assert.equal(ofLog(logOf({ stable: 4n, givesNothing: false, holders: ['payer'] }), 4n)?.cause, 'open transaction')
  assert.match(ofLog(logOf({ stable: 4n, holders: ['payer'] }), 4n)?.text ?? '', /of payer, or come behind it/)
  assert.equal(ofLog(logOf(), 4n), null)
})

test('a finding fits a terminal', () => {
  const out = createStyle('plain')
  for (const columns of [40, 80]) {
    for (const finding of explainGroup({
      group: 'g',
      type: 'consumer',
      state: 'Empty',
      members: [],
      partitions: [partitionOf({ committed: null })]
    })) {
      const lines = findingParagraph(finding, { out, columns }).split('\n')
      for (const line of lines.filter((one) => !one.includes('odradek'))) assert.ok(line.length <= columns, line)
    }
  }
})
