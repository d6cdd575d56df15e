/** Partitions that cannot be read when their reading is to begin are read once they can be: nothing is left out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Growth } from '../../../src/cli/consume/growth.ts'
import { openPassedOver, openPositions } from '../../../src/cli/consume/open-positions.ts'
import { Reader } from '../../../src/cli/consume/reader.ts'
import type { LedPartition } from '../../../src/cli/partitions.ts'
import { UnreadableError } from '../../../src/cli/unreadable.ts'
import { PretendBroker } from './pretend-broker.ts'

const limitMs = 10_000
const leaderNotAvailable = 5
const authorizationFailed = 29

/** As `consume` reads: with its notices in `lines`. */
function following(broker: PretendBroker, topics: readonly string[], partitions?: readonly number[]) {
  const lines: string[] = []
  const say = (line: string) => lines.push(line)
  const options = { isolation: 'uncommitted', interrupted: AbortSignal.timeout(limitMs), onNotice: say } as const
  const reader = new Reader(broker.cluster, options)
  const plan = { range: { from: { kind: 'start' } }, exitAtEnd: false, isolation: 'uncommitted' } as const
  const growth = new Growth(broker.cluster, { topics, partitions }, reader, say)
  const openAgain = (again: readonly LedPartition[]) => openPassedOver(broker.cluster, reader, again, plan, options)
  return {
    lines,
    reader,
    open: (chosen: readonly LedPartition[], exitAtEnd = false) =>
      openPositions(broker.cluster, reader, chosen, { ...plan, exitAtEnd }, options),
    async readUntil(isEnough: (values: readonly string[]) => boolean): Promise<string[]> {
      const values: string[] = []
      for await (const records of reader.read()) {
        values.push(...records.map((record) => String(record.value)))
        if (isEnough(values)) return values
        await growth.addNew(openAgain)
      }
      throw new Error(`it ended after ${JSON.stringify(values)}`)
    }
  }
}

function brokerWithout(broker: PretendBroker, name: string, index: number): void {
  broker.partition(name, index).offsetsErrorCode = leaderNotAvailable
  broker.partition(name, index).leader = -1
}

function comesBack(broker: PretendBroker, name: string, index: number): void {
  broker.partition(name, index).offsetsErrorCode = 0
  broker.partition(name, index).leader = 2
}

for (const chosen of [undefined, [0, 1]]) {
  const asked = chosen === undefined ? 'of a topic' : 'of those asked for'
  test(`a partition ${asked} that had no leader is read from its start as soon as it has one`, async () => {
    const broker = new PretendBroker()
    broker.create('a', 2)
    for (const index of [0, 1]) broker.partition('a', index).values.push(`in a:${index}`)
    brokerWithout(broker, 'a', 0)
    const { lines, reader, open, readUntil } = following(broker, ['a'], chosen)
    await open(broker.led('a'))
    assert.match(lines.join(), /^a:0 cannot be read: LEADER_NOT_AVAILABLE \(5\); reading the others/)
    assert.deepEqual(await readUntil((values) => values.length > 0), ['in a:1'])
    comesBack(broker, 'a', 0)
    assert.deepEqual(await readUntil((values) => values.length > 0), ['in a:0'])
    assert.equal(lines.at(-1), 'a:0 can be read now; going on with what is there')
    assert.equal(reader.passedOver.size, 0)
  })
}

test('whoever follows the only partition waits for its leader; whoever stops at its end is told that it has none', async () => {
  const broker = new PretendBroker()
  broker.create('a', 1)
  broker.partition('a', 0).values.push('in a:0')
  brokerWithout(broker, 'a', 0)
  await assert.rejects(following(broker, ['a']).open(broker.led('a'), true), UnreadableError)
  const { lines, open, readUntil } = following(broker, ['a'])
  await open(broker.led('a'))
  assert.match(lines.join(), /^a:0 cannot be read: LEADER_NOT_AVAILABLE \(5\); waiting until it can be/)
  comesBack(broker, 'a', 0)
  assert.deepEqual(await readUntil((values) => values.length > 0), ['in a:0'])
})

test('nobody waits for what is forbidden', async () => {
  const broker = new PretendBroker()
  broker.create('a', 1)
  broker.partition('a', 0).offsetsErrorCode = authorizationFailed
  await assert.rejects(following(broker, ['a']).open(broker.led('a')), UnreadableError)
})

test('a topic that was passed over and is made anew is read from its start', async () => {
  const broker = new PretendBroker()
  for (const name of ['a', 'b']) broker.create(name, 1)
  brokerWithout(broker, 'b', 0)
  const { open, readUntil } = following(broker, ['a', 'b'])
  await open([...broker.led('a'), ...broker.led('b')])
  broker.create('b', 1)
  broker.partition('b', 0).values.push('new')
  assert.deepEqual(await readUntil((values) => values.length > 0), ['new'])
})
