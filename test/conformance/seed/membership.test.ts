/**
 * The consumer as a member of its group, with the embedded broker and with the real one: it leaves cleanly, shares, gives up
 * what it no longer owns, and its stored messages stay single whatever happens to it.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import type { LineProcess } from '../../harness/child-process.ts'
import { temporaryDirectory } from '../../harness/paths.ts'
import { createTopic, groupState } from '../../withkafka/group-of-topic.ts'
import { brokerKinds, consume, produce, type Row, rowsOf, startProgram } from '../../withkafka/programs.ts'

const waitMs = 90_000

function numbered(count: number, from = 0): string {
  return Array.from({ length: count }, (_, index) => `{"order_id":${from + index}}\n`).join('')
}

function storedIn(directory: string, topic: string, partitions: number): Row[] {
  return Array.from({ length: partitions }, (_, partition) => join(directory, `${topic}-${partition}.jsonl`))
    .filter((path) => existsSync(path))
    .flatMap((path) => rowsOf(readFileSync(path)))
}

function assertEachOnce(rows: readonly Row[], count: number): void {
  assert.deepEqual(
    rows.map(({ key }) => Number(key)).sort((a, b) => a - b),
    Array.from({ length: count }, (_, index) => index)
  )
}

for (const kind of brokerKinds)
  describe(`a consumer with ${kind.name}`, { skip: kind.skip }, () => {
    let broker: BrokerProcess
    let topicNumber = 0

    before(async () => {
      broker = await kind.start()
    })

    after(async () => {
      await broker?.stop()
    })

    async function newTopic(partitions: number): Promise<string> {
      const topic = `member-${++topicNumber}`
      await createTopic(broker.bootstrap, topic, partitions)
      return topic
    }

    function start(topic: string, ...args: string[]): LineProcess {
      const common = ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--group', `group-of-${topic}`]
      return startProgram('withkafka/kafkacons.ts', [...common, ...args])
    }

    const stateOf = (topic: string) => groupState(broker.bootstrap, `group-of-${topic}`, topic)

    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      test(`${signal} commits, leaves the group at once, and ends with 130`, async () => {
        const topic = await newTopic(1)
        await produce(broker, ['--topic', topic], 'a\nb\n')
        const consumer = start(topic)
        await consumer.until((lines) => lines[1], 'the second message', waitMs)
        assert.equal((await stateOf(topic)).members, 1)
        consumer.child.kill(signal)
        assert.equal(await consumer.exited, 130)
        const { members, committed } = await stateOf(topic)
        assert.deepEqual([members, committed.get(0)], [0, 2])
      })

    test('Ctrl-C lets the command finish the message in hand, and no other begins', async () => {
      using directory = temporaryDirectory('finish')
      const topic = await newTopic(1)
      await produce(broker, ['--topic', topic], 'a\nb\n')
      const gate = join(directory.path, 'gate')
      const consumer = start(
        topic,
        '--run',
        `read -r m; echo "begun $m"; while [ ! -e '${gate}' ]; do sleep 0.05; done; echo "done $m"`
      )
      await consumer.until((lines) => lines[0], 'the first command', waitMs)
      consumer.child.kill('SIGINT')
      await untilTold(consumer, /finishing what is in hand/)
      writeFileSync(gate, '')
      assert.equal(await consumer.exited, 130)
      assert.deepEqual(consumer.lines, ['begun a', 'done a'])
      assert.equal((await stateOf(topic)).committed.get(0), 1)
    })

    test('Ctrl-C again ends the program and its command at once', async () => {
      const topic = await newTopic(1)
      await produce(broker, ['--topic', topic], 'a\n')
      const consumer = start(topic, '--run', 'echo begun; sleep 600; echo done')
      await consumer.until((lines) => lines[0], 'the command', waitMs)
      consumer.child.kill('SIGINT')
      await untilTold(consumer, /finishing what is in hand/)
      consumer.child.kill('SIGINT')
      // Its output ends when nobody holds it any more, the command included.
      assert.equal(await consumer.exited, 130)
      assert.deepEqual(consumer.lines, ['begun'])
    })

    test('a second member gets its share, each message is printed by one of them, and who stays takes over', async () => {
      const topic = await newTopic(4)
      const first = start(topic)
      const second = start(topic)
      const members = [first, second]
      try {
        for (const member of members) await untilTold(member, /^reading (\S+, ){1}\S+$/m)
        await produce(broker, ['--topic', topic, '--key-field', 'order_id'], numbered(200))
        await untilSeen(members, 200)
        assert.ok(first.lines.length > 0 && second.lines.length > 0)
        second.child.kill('SIGINT')
        assert.equal(await second.exited, 130)
        await produce(broker, ['--topic', topic, '--key-field', 'order_id'], numbered(200, 200))
        await untilSeen(members, 400)
        assertEachOnce(rowsOf(members.flatMap(({ lines }) => lines).join('\n')), 400)
      } finally {
        for (const member of members) await member.kill()
      }
    })

    test('a member that is busy with a message finishes and commits it before another gets the partition', async () => {
      using directory = temporaryDirectory('busy')
      const topic = await newTopic(1)
      await produce(broker, ['--topic', topic], 'a\nb\n')
      const gate = join(directory.path, 'gate')
      const command = `read -r m; echo "begun $m"; while [ ! -e '${gate}' ]; do sleep 0.05; done; echo "done $m"`
      const first = start(topic, '--run', command)
      const second = start(topic, '--run', command)
      const members = [first, second]
      try {
        await Promise.race(members.map((member) => member.until((lines) => lines[0], 'the first command', waitMs)))
        const third = start(topic, '--run', command)
        members.push(third)
        await untilTold(third, /joining the group/)
        const begun = members.flatMap(({ lines }) => lines)
        assert.deepEqual(begun, ['begun a'], 'while a is in hand nobody else begins')
        writeFileSync(gate, '')
        await untilSeen(members, 4)
        assert.deepEqual(members.flatMap(({ lines }) => lines).sort(), ['begun a', 'begun b', 'done a', 'done b'])
      } finally {
        for (const member of members) await member.kill()
      }
    })

    test('killed again and again while it stores, each message is stored once', async () => {
      using directory = temporaryDirectory('killed')
      const topic = await newTopic(2)
      const count = 3000
      await produce(broker, ['--topic', topic, '--key-field', 'order_id'], numbered(count))
      for (let kill = 0; kill < 6; kill++) {
        const before = storedSize(directory.path, topic)
        const consumer = start(topic, '--store', directory.path, '--group', `kill-${kill}`)
        await untilTrue(consumer, () => storedSize(directory.path, topic) > before)
        await consumer.kill()
        await produce(broker, ['--topic', topic, '--key-field', 'order_id'], numbered(100, count + kill * 100))
      }
      await consume(broker, ['--topic', topic, '--store', directory.path, '--group', 'last'])
      assertEachOnce(storedIn(directory.path, topic, 2), count + 600)
    })

    test('a member that was suspended and lost its partitions stores nothing twice when it wakes up', async () => {
      using directory = temporaryDirectory('suspended')
      const topic = await newTopic(2)
      const send = (count: number, from: number) =>
        produce(broker, ['--topic', topic, '--key-field', 'order_id'], numbered(count, from))
      const first = start(topic, '--store', directory.path)
      const members = [first]
      try {
        await send(500, 0)
        await untilTrue(first, () => storedSize(directory.path, topic) >= 500)
        first.child.kill('SIGSTOP')
        await send(500, 500)
        const second = start(topic, '--store', directory.path)
        members.push(second)
        await untilTold(second, /reading \S+, \S+/)
        await untilTold(second, /waiting for process/)
        first.child.kill('SIGCONT')
        await untilTrue(second, () => storedSize(directory.path, topic) >= 1000)
        await send(500, 1000)
        await untilTrue(second, () => storedSize(directory.path, topic) >= 1500)
        assertEachOnce(storedIn(directory.path, topic, 2), 1500)
      } finally {
        for (const member of members) {
          member.child.kill('SIGCONT')
          await member.kill()
        }
      }
    })

    function storedSize(directory: string, topic: string): number {
      return [0, 1]
        .map((partition) => join(directory, `${topic}-${partition}.jsonl`))
        .filter((path) => existsSync(path))
        .reduce((sum, path) => sum + readFileSync(path).filter((byte) => byte === 0x0a).length, 0)
    }
  })

async function untilTrue(member: LineProcess, condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + waitMs
  while (!condition()) {
    if (!member.isAlive || Date.now() > deadlineMs) throw new Error(`it did not come to that: ${member.stderr}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function untilTold(member: LineProcess, expected: RegExp): Promise<void> {
  await untilTrue(member, () => expected.test(member.stderr))
}

/** Until they printed so many lines together. */
async function untilSeen(members: readonly LineProcess[], count: number): Promise<void> {
  const [one] = members
  if (one === undefined) throw new Error('no member')
  await untilTrue(one, () => members.reduce((sum, { lines }) => sum + lines.length, 0) >= count)
}
