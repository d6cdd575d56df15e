/** Members of a group as the commands make them: what a rebalance gives away is read by its new owner only. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import type { Cluster } from '../../../src/cli/cluster.ts'
import { connect } from '../../../src/cli/connect.ts'
import { type GroupPlan, GroupReading } from '../../../src/cli/consume/group-reading.ts'
import { Reader } from '../../../src/cli/consume/reader.ts'
import { committedByPartition } from '../../../src/cli/group-offsets.ts'
import { describeModern } from '../../../src/cli/groups/describe-group.ts'
import { describeTopics, ledPartitions } from '../../../src/cli/partitions.ts'
import { openCommandLine, unavailable } from '../command-line.ts'
import { quietOptions } from '../quiet-options.ts'

const plan = {
  range: { from: { kind: 'start' } },
  start: 'default',
  exitAtEnd: false,
  isolation: 'uncommitted',
  commits: true
} as const

const waitMs = 60_000
/** By which the members of the suite that runs agree. */
let protocol: 'classic' | 'consumer' = 'classic'

/** One that has joined, and does nothing by itself. */
async function joined(bootstrap: string, topic: string, group: string, asked: Partial<GroupPlan> = {}) {
  const settings = quietOptions(bootstrap)
  const cluster = await connect(settings)
  const partitions = ledPartitions(await describeTopics(cluster, [topic]))
  const stop = new AbortController()
  const options = { isolation: 'uncommitted', interrupted: stop.signal, onNotice: () => {} } as const
  const reader = new Reader(cluster, options)
  const said: string[] = []
  const reading = await GroupReading.join({
    cluster,
    global: settings,
    group,
    partitions,
    reader,
    plan: {
      ...plan,
      topics: [topic],
      groupProtocol: protocol,
      membership: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 100 },
      ...asked
    },
    onNotice: (text) => said.push(text)
  })
  return { cluster, stop, options, reader, reading, said }
}

/** A member that reads on until it is stopped. */
async function member(bootstrap: string, topic: string, group: string, asked: Partial<GroupPlan> = {}) {
  const { cluster, stop, options, reader, reading } = await joined(bootstrap, topic, group, asked)
  await reading.followAssignment(options)
  const seen: string[] = []
  const done = (async () => {
    for await (const records of reader.read()) {
      seen.push(...records.map(({ partition, offset }) => `${partition}:${offset}`))
      reading.taken(records)
      await reading.followAssignment(options)
    }
    await reading.leave()
    await cluster.close()
  })()
  return {
    seen,
    reader,
    async stop() {
      stop.abort()
      await done
    }
  }
}

/** Looks again and again, for as long as a test may wait. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isSo()) && waited < waitMs; waited += 50) await pause(50)
  assert.ok(await isSo(), isSo.toString())
}

async function membersOf(cluster: Cluster, group: string) {
  const coordinator = await cluster.coordinator(group)
  if (protocol === 'consumer') {
    const [described] = await describeModern(cluster, coordinator, [group])
    return (described?.members ?? []).map(({ id }) => ({ memberId: id, groupInstanceId: null }))
  }
  const { groups } = await cluster.call('DescribeGroups', coordinator, [group], false)
  return (groups[0]?.members ?? []).map(({ memberId }) => ({ memberId, groupInstanceId: null }))
}

/** Of the first partition, while the group has no members. */
async function commitForAnother(cluster: Cluster, group: string, name: string, offset: bigint): Promise<void> {
  const partitions = [{ partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1 }]
  const coordinator = await cluster.coordinator(group)
  await cluster.call('OffsetCommit', coordinator, group, -1, '', null, [{ name, partitions }])
}

/** As the end of its session does for the only member. */
async function expel(cluster: Cluster, group: string): Promise<void> {
  const members = await membersOf(cluster, group)
  assert.equal(members.length, 1)
  const coordinator = await cluster.coordinator(group)
  if (protocol === 'classic') await cluster.call('LeaveGroup', coordinator, group, members)
  const left = -1
  if (protocol === 'consumer')
    for (const { memberId } of members)
      await cluster.call(
        'ConsumerGroupHeartbeat',
        coordinator,
        group,
        memberId,
        left,
        null,
        null,
        -1,
        null,
        null,
        null,
        []
      )
}

/** It reads, is given up by the group, another commits four, and it is back: it says meanwhile that it dealt with two. */
async function readTwoWhileAnotherReadsFour(
  { cluster, reader, reading, options }: Awaited<ReturnType<typeof joined>>,
  group: string,
  topic: string
): Promise<void> {
  await reading.followAssignment(options)
  for await (const records of reader.read()) {
    if (records.length === 0) continue
    await expel(cluster, group)
    reading.taken(records.slice(0, 2))
    break
  }
  await commitForAnother(cluster, group, topic, 4n)
  await until(async () => (await membersOf(cluster, group)).length === 1)
}

for (const groupProtocol of ['classic', 'consumer'] as const)
  suite(`members of a group by the ${groupProtocol} protocol`, { skip: unavailable() }, () => {
    before(() => {
      protocol = groupProtocol
    })

    test('a fetch that waited through a rebalance brings nothing of a partition that was given away', async () => {
      await using cli = await openCommandLine()
      const topic = cli.unique('topic')
      await cli.text(['topics', 'create', topic, '-p', '2'])
      const group = cli.unique('group')
      const producer = new Kafka({ brokers: [cli.bootstrap], logLevel: logLevel.NOTHING }).producer()
      await producer.connect()
      const members = [await member(cli.bootstrap, topic, group)]
      try {
        members.push(await member(cli.bootstrap, topic, group))
        // The first one's fetch of both partitions is still waiting for records.
        await producer.send({ topic, messages: [0, 1].map((partition) => ({ partition, value: 'an order' })) })
        const all = () => members.flatMap(({ seen }) => seen).sort()
        for (let waited = 0; all().length < 2 && waited < 10_000; waited += 50) await pause(50)
        // Whatever else would come, comes within the wait of a fetch.
        await pause(1000)
        assert.deepEqual(all(), ['0:0', '1:0'])
      } finally {
        await Promise.all([producer.disconnect(), ...members.map((one) => one.stop())])
      }
    })

    test('a new assignment asks for the topics once', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '2'])
      const { cluster, reading, reader, options } = await joined(cli.bootstrap, topic, group)
      const asked: unknown[] = []
      const metadata = cluster.metadata.bind(cluster)
      cluster.metadata = (...request) => {
        asked.push(request[0])
        return metadata(...request)
      }
      await reading.followAssignment(options)
      assert.deepEqual([asked, reader.positions.size], [[[topic]], 2])
      await reading.leave()
      await cluster.close()
    })

    test('partitions that are given away while their offsets are looked for are not read by two', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '2'])
      const first = await joined(cli.bootstrap, topic, group)
      let answer = () => {}
      const answered = new Promise<void>((resolve) => {
        answer = resolve
      })
      const call = first.cluster.call.bind(first.cluster)
      first.cluster.call = async (name, to, ...request) => {
        if (name === 'ListOffsets') await answered
        return await call(name, to, ...request)
      }
      const following = first.reading.followAssignment(first.options)
      const second = await member(cli.bootstrap, topic, group)
      try {
        // The first one has its new assignment a moment after the second has its own.
        await pause(500)
        answer()
        await following
        await first.reading.followAssignment(first.options)
        const names = [first, second].flatMap(({ reader }) => [...reader.positions.keys()])
        assert.deepEqual(names.sort(), [`${topic}:0`, `${topic}:1`])
      } finally {
        answer()
        await second.stop()
        await first.reading.leave()
        await first.cluster.close()
      }
    })

    test('--from counts where a member begins, not for what it gets by a rebalance later', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '2'])
      const write = async () => {
        for (const partition of ['0', '1']) await cli.text(['produce', topic, 'an order', '-P', partition])
      }
      await write()
      const asked = { start: 'asked' } as const
      const first = await member(cli.bootstrap, topic, group, asked)
      await until(() => first.seen.length === 2)
      const second = await member(cli.bootstrap, topic, group, asked)
      try {
        await until(() => second.seen.length === 1)
        const [begun] = second.seen
        await first.stop()
        await until(() => second.reader.positions.size === 2)
        await write()
        await until(() => second.seen.length >= 3)
        assert.deepEqual([...second.seen].sort(), [begun, '0:1', '1:1'].sort())
      } finally {
        await second.stop()
      }
    })

    test('a partition that a topic gets is read from its start, also by who began at the end', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '1'])
      await cli.text(['produce', topic, 'before'])
      const reader = await member(cli.bootstrap, topic, group, { start: 'asked', range: { from: { kind: 'end' } } })
      try {
        await cli.text(['topics', 'alter', topic, '-p', '2'])
        await cli.text(['produce', topic, 'an order', '-P', '1'])
        await until(() => reader.seen.length > 0)
        assert.deepEqual(reader.seen, ['1:0'])
      } finally {
        await reader.stop()
      }
    })

    test('a topic that is deleted and made anew is read from its start', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      const write = async () => {
        await cli.text(['topics', 'create', topic, '-p', '1'])
        for (const value of ['one', 'two', 'three']) await cli.text(['produce', topic, value])
      }
      await write()
      const reader = await member(cli.bootstrap, topic, group)
      try {
        await until(() => reader.seen.length === 3)
        await cli.text(['topics', 'delete', topic, '--yes'])
        // The group gives the partition up, and out again when it is back.
        await until(() => reader.reader.positions.size === 0)
        await write()
        await until(() => reader.seen.length > 3)
        await cli.text(['produce', topic, 'four'])
        await until(() => reader.seen.at(-1) === '0:3')
        assert.deepEqual(reader.seen, ['0:0', '0:1', '0:2', '0:0', '0:1', '0:2', '0:3'])
      } finally {
        await reader.stop()
      }
    })

    test('what was read of a topic is not committed for the one that was made anew under its name', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '1'])
      await cli.text(['produce', topic, 'an order'])
      const { cluster, options, reader, reading, said } = await joined(cli.bootstrap, topic, group, {
        commitIntervalMs: 60_000
      })
      await reading.followAssignment(options)
      let idOfNew: string | undefined
      for await (const records of reader.read()) {
        reading.taken(records)
        if (records.length > 0) {
          await cli.text(['topics', 'delete', topic, '--yes'])
          await cli.text(['topics', 'create', topic, '-p', '1'])
          idOfNew = ledPartitions(await describeTopics(cluster, [topic]))[0]?.topicId
        }
        // By the consumer protocol the group may have taken the partition back before its reader has seen the other.
        const now = reader.positions.get(`${topic}:0`)?.partition.topicId
        if (idOfNew !== undefined && (now === idOfNew || now === undefined)) break
      }
      await reading.leave()
      assert.deepEqual(said, [])
      assert.deepEqual(await committedByPartition(cluster, group), new Map())
      await cluster.close()
    })

    test('who was given up by the group does not set its offsets back behind what another read meanwhile', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '1'])
      await cli.text(['produce', topic], 'one\ntwo\nthree\nfour\nfive\n')
      const asleep = await joined(cli.bootstrap, topic, group, {
        membership: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 2000 },
        commitIntervalMs: 100
      })
      const { cluster, reader, reading, options } = asleep
      try {
        await readTwoWhileAnotherReadsFour(asleep, group, topic)
        await pause(500)
        assert.equal((await committedByPartition(cluster, group)).get(`${topic}:0`), 4n)
        await reading.followAssignment(options)
        assert.equal(reader.positions.get(`${topic}:0`)?.next, 4n)
        await pause(500)
      } finally {
        await reading.leave()
      }
      assert.equal((await committedByPartition(cluster, group)).get(`${topic}:0`), 4n)
      await cluster.close()
    })

    test('who ends before it followed its last assignment does not set its offsets back either', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '1'])
      await cli.text(['produce', topic], 'one\ntwo\nthree\nfour\nfive\n')
      const asleep = await joined(cli.bootstrap, topic, group, {
        membership: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 2000 },
        commitIntervalMs: 60_000
      })
      const { cluster, reading } = asleep
      try {
        await readTwoWhileAnotherReadsFour(asleep, group, topic)
      } finally {
        assert.equal(await reading.leave(), 'committed')
      }
      assert.equal((await committedByPartition(cluster, group)).get(`${topic}:0`), 4n)
      await cluster.close()
    })

    test('what comes after the reading began at the end is read by whoever goes on in the place of a member that was killed', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '2'])
      await cli.text(['produce', topic, 'before', '-P', '0'])
      const atEnd = { start: 'asked', range: { from: { kind: 'end' } } } as const
      const killed = await joined(cli.bootstrap, topic, group, {
        ...atEnd,
        membership: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 60_000 },
        commitIntervalMs: 100
      })
      const { cluster } = killed
      try {
        await killed.reading.followAssignment(killed.options)
        await until(async () => (await committedByPartition(cluster, group)).size === 2)
        await expel(cluster, group)
      } finally {
        await killed.reading.leave()
      }
      for (const partition of ['0', '1']) await cli.text(['produce', topic, 'an order', '-P', partition])
      const next = await member(cli.bootstrap, topic, group, { ...atEnd, start: 'default' })
      try {
        await until(() => next.seen.length >= 2)
        assert.deepEqual([...next.seen].sort(), ['0:1', '1:0'])
      } finally {
        await next.stop()
        await cluster.close()
      }
    })

    test('where the reading began is committed when it ends, also when nothing came', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '1'])
      await cli.text(['produce', topic, 'before'])
      const { cluster, reading, options } = await joined(cli.bootstrap, topic, group, {
        range: { from: { kind: 'end' } },
        commitIntervalMs: 60_000
      })
      await reading.followAssignment(options)
      assert.equal(await reading.leave(), 'committed')
      assert.deepEqual(await committedByPartition(cluster, group), new Map([[`${topic}:0`, 1n]]))
      await cluster.close()
    })

    test('a topic that is deleted under its only member is told as gone, and not as held by others', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '1'])
      const { cluster, reader, reading, options, said } = await joined(cli.bootstrap, topic, group)
      try {
        await reading.followAssignment(options)
        await cli.text(['topics', 'delete', topic, '--yes'])
        await until(async () => {
          await reading.followAssignment(options)
          return reader.positions.size === 0
        })
        await reading.followAssignment(options)
      } finally {
        await reading.leave()
        await cluster.close()
      }
      assert.deepEqual(said, [`topic "${topic}" is gone; waiting 15 s for a new one`])
    })

    test('whose last offsets the group does not take is told, with the reason', async () => {
      await using cli = await openCommandLine()
      const [topic, group] = [cli.unique('topic'), cli.unique('group')]
      await cli.text(['topics', 'create', topic, '-p', '1'])
      await cli.text(['produce', topic, 'an order'])
      const { cluster, options, reader, reading, said } = await joined(cli.bootstrap, topic, group, {
        membership: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 60_000 },
        commitIntervalMs: 60_000
      })
      await reading.followAssignment(options)
      for await (const records of reader.read()) {
        reading.taken(records)
        if (records.length > 0) break
      }
      await expel(cluster, group)
      assert.equal(await reading.leave(), 'not committed')
      assert.match(said.join(), /^the last offsets were not committed: UNKNOWN_MEMBER_ID \(25\)/)
      await cluster.close()
    })
  })
