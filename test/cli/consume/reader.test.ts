/** What a reader makes of partitions that cannot be read, move, or are made anew while it reads them. */
import assert from 'node:assert/strict'
import { afterEach, mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { lastRecordsStarts } from '../../../src/cli/consume/last-records.ts'
import { Reader } from '../../../src/cli/consume/reader.ts'
import { KnownBrokers } from '../../../src/cli/known-brokers.ts'
import { Outage } from '../../../src/cli/outage.ts'
import { UnreadableError } from '../../../src/cli/unreadable.ts'
import { PretendBroker } from './pretend-broker.ts'

const limitMs = 10_000
const offline = 56
const outOfRange = 1
const leaderNotAvailable = 5

const realNow = performance.now.bind(performance)
let skippedMs = 0

/** What a reader and an outage count by is that much later. */
function skip(ms: number): void {
  skippedMs += ms
  mock.method(performance, 'now', () => realNow() + skippedMs)
}

afterEach(() => {
  mock.restoreAll()
  skippedMs = 0
})

/** As `consume` has one: patient, with what it says in `lines`. */
function patientReader(broker: PretendBroker, stop: AbortSignal = AbortSignal.timeout(limitMs)) {
  const lines: string[] = []
  const say = (line: string) => lines.push(line)
  const outage = new Outage(new KnownBrokers(['localhost:9092']), say)
  const reader = new Reader(broker.cluster, { isolation: 'uncommitted', interrupted: stop, onNotice: say, outage })
  return { reader, outage, lines }
}

/** Reads on until there is enough; returns what came in this call. */
async function readUntil(reader: Reader, isEnough: (values: readonly string[]) => boolean): Promise<string[]> {
  const values: string[] = []
  for await (const records of reader.read()) {
    values.push(...records.map((record) => String(record.value)))
    if (isEnough(values)) return values
  }
  throw new Error(`it ended after ${JSON.stringify(values)}`)
}

for (const [bad, good] of [
  [0, 1],
  [1, 0]
] as const) {
  test(`while a:${bad} is offline a:${good} is read on, and who waits is told`, async () => {
    const broker = new PretendBroker()
    broker.create('a', 2)
    const { reader, outage, lines } = patientReader(broker)
    for (const partition of broker.led('a')) reader.add(partition, 0n, undefined)
    broker.partition('a', bad).errorCode = offline
    broker.partition('a', bad).values.push('late')
    broker.partition('a', good).values.push('first')
    assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['first'])
    broker.partition('a', good).values.push('second')
    assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['second'])
    skip(1500)
    await readUntil(reader, () => lines.length > 0)
    assert.match(
      lines[0] ?? '',
      new RegExp(`KAFKA_STORAGE_ERROR \\(56\\): a:${bad} cannot be read; waiting until it can`)
    )
    assert.ok(outage.lastsMs > 1000)
    broker.partition('a', bad).errorCode = 0
    assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['late'])
    assert.equal(outage.lastsMs, 0)
    assert.match(lines[1] ?? '', /going on$/)
    assert.equal(lines.length, 2)
  })
}

test('a topic that is deleted beside another is told of and passed over, and the leader of the other is found again', async () => {
  const broker = new PretendBroker()
  for (const name of ['a', 'b']) broker.create(name, 2)
  const { reader, outage, lines } = patientReader(broker)
  for (const name of ['a', 'b']) for (const partition of broker.led(name)) reader.add(partition, 0n, undefined)
  broker.partition('a', 0).values.push('first')
  assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['first'])
  broker.topics.delete('b')
  broker.partition('a', 0).leader = 2
  broker.partition('a', 0).values.push('second')
  assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['second'])
  await readUntil(reader, () => reader.positions.get('b:1')?.trouble !== undefined)
  skip(16_000)
  await readUntil(reader, () => reader.passedOver.size > 0)
  assert.deepEqual([...reader.passedOver.keys()].sort(), ['b:0', 'b:1'])
  assert.match(lines.at(-1) ?? '', /^b:0, b:1 cannot be read: UNKNOWN_TOPIC_ID \(100\); reading the others/)
  assert.equal(outage.lastsMs, 0)
  broker.partition('a', 0).values.push('third')
  assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['third'])
})

test('a topic that is deleted, and was the only one, ends the reading', async () => {
  const broker = new PretendBroker()
  broker.create('a', 2)
  const { reader } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 0n, undefined)
  broker.topics.delete('a')
  await readUntil(reader, () => [...reader.positions.values()].every((one) => one.trouble !== undefined))
  skip(16_000)
  await assert.rejects(
    readUntil(reader, () => false),
    (error) => error instanceof UnreadableError && error.apiCode === 100
  )
})

test('what is read up to its end ends as well when the topic is made anew meanwhile', async () => {
  const broker = new PretendBroker()
  broker.create('a', 1)
  const { reader, lines } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 0n, 5n)
  broker.create('a', 1)
  broker.partition('a', 0).values.push('new')
  const values: string[] = []
  for await (const records of reader.read()) values.push(...records.map((record) => String(record.value)))
  assert.deepEqual(values, ['new'])
  assert.equal(reader.finished, true)
  assert.deepEqual(lines.at(-1), 'a:0: the topic was deleted and made anew; reading it from the start')
})

test('a partition whose leader moves while it is asked is read once', async () => {
  const broker = new PretendBroker()
  broker.create('a', 2)
  const { reader } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 0n, undefined)
  const seen: string[] = []
  for (const round of Array.from({ length: 20 }, (_, index) => index)) {
    broker.partition('a', round % 2).leader = 1 + (round % 3)
    for (const index of [0, 1]) broker.partition('a', index).values.push(`${index}: ${round}`)
    seen.push(...(await readUntil(reader, (values) => values.length >= 2)))
  }
  const expected = [0, 1].flatMap((index) => broker.partition('a', index).values)
  assert.deepEqual(seen.sort(), expected.sort())
})

test('an offset that was out of range for a moment, and is there now, is read', async () => {
  const broker = new PretendBroker()
  broker.create('a', 1)
  const values = Array.from({ length: 20 }, (_, offset) => String(offset))
  broker.partition('a', 0).values.push(...values)
  broker.partition('a', 0).nextErrorCodes.push(outOfRange)
  const { reader, lines } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 10n, 20n)
  const read = await readUntil(reader, (some) => some.length > 0)
  assert.deepEqual(read, values.slice(10))
  assert.deepEqual(lines, [])
})

test('while it is not known where a partition begins and ends, the others are read on', async () => {
  const broker = new PretendBroker()
  broker.create('a', 2)
  broker.partition('a', 0).errorCode = outOfRange
  broker.partition('a', 0).offsetsErrorCode = leaderNotAvailable
  // Who is patient gets no answer while the leader is not there.
  broker.cluster.call = () => new Promise(() => {})
  const { reader } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 7n, undefined)
  await readUntil(reader, () => reader.positions.get('a:0')?.trouble !== undefined)
  broker.partition('a', 1).values.push(...Array.from({ length: 8 }, (_, offset) => String(offset)))
  assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['7'])
  broker.partition('a', 0).errorCode = 0
  broker.partition('a', 0).offsetsErrorCode = 0
  broker.partition('a', 0).values.push(...Array.from({ length: 8 }, (_, offset) => `again ${offset}`))
  assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['again 7'])
})

test('an offset behind the end goes on at the end, and it is said', async () => {
  const broker = new PretendBroker()
  broker.create('a', 1)
  broker.partition('a', 0).values.push('one', 'two')
  broker.partition('a', 0).nextErrorCodes.push(outOfRange)
  const { reader, lines } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 7n, undefined)
  await readUntil(reader, () => lines.length > 0)
  assert.deepEqual(lines, ['a:0: offset 7 is gone, going on at 2'])
  broker.partition('a', 0).values.push('three')
  assert.deepEqual(await readUntil(reader, (values) => values.length > 0), ['three'])
})

test('partitions that always have more keep nobody from the others of their leader', async () => {
  const broker = new PretendBroker()
  for (const name of ['a', 'b']) broker.create(name, 3)
  broker.fullWith = 2
  const { reader } = patientReader(broker)
  const all = ['a', 'b'].flatMap((name) => broker.led(name))
  for (const partition of all) reader.add(partition, 0n, undefined)
  const write = () => {
    for (const { topic, partition } of all) broker.partition(topic, partition).values.push(`${topic}:${partition}`)
  }
  write()
  const seen = new Set<string>()
  let answers = 0
  for await (const records of reader.read()) {
    for (const record of records) seen.add(String(record.value))
    write()
    if (seen.size === all.length || ++answers === 20) break
  }
  assert.deepEqual([...seen].sort(), ['a:0', 'a:1', 'a:2', 'b:0', 'b:1', 'b:2'])
})

test('no fetch makes a session in the cache of the broker', async () => {
  const broker = new PretendBroker()
  broker.create('a', 1)
  const { reader } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 0n, undefined)
  await readUntil(reader, () => broker.sessions.length > 2)
  assert.deepEqual(broker.sessions[0], [0, -1])
  assert.deepEqual(broker.sessions[1], [0, -1])
})

test('what was read is let go of, however long the reading goes on', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const broker = new PretendBroker()
  broker.create('a', 1)
  const { reader } = patientReader(broker)
  for (const partition of broker.led('a')) reader.add(partition, 0n, undefined)
  const count = 100
  let read = 0
  for await (const records of reader.read()) {
    read += records.length
    broker.partition('a', 0).values.push('one more')
    if (read < count) continue
    await turn()
    collect()
    break
  }
  const held = broker.answers.filter((answer) => answer.deref() !== undefined).length
  assert.ok(broker.answers.length >= count)
  assert.ok(held < 10, `${held} of ${broker.answers.length} answers are held`)
})

test('where the last records begin is not known when the search was interrupted', async () => {
  const broker = new PretendBroker()
  broker.create('a', 1)
  broker.partition('a', 0).values.push('one', 'two', 'three')
  const options = { isolation: 'uncommitted', interrupted: AbortSignal.abort(), onNotice: () => {} } as const
  const bounds = new Map([['a:0', { start: 0n, end: 3n }]])
  await assert.rejects(lastRecordsStarts(broker.cluster, broker.led('a'), 1, bounds, options), { name: 'AbortError' })
})
