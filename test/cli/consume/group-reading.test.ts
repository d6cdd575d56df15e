/** Members of a group as the commands make them: what a rebalance gives away is read by its new owner only. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { connect } from '../../../src/cli/connect.ts'
import { GroupReading } from '../../../src/cli/consume/group-reading.ts'
import { Reader } from '../../../src/cli/consume/reader.ts'
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

/** A member that reads on until it is stopped. */
async function member(bootstrap: string, topic: string, group: string) {
  const settings = quietOptions(bootstrap)
  const cluster = await connect(settings)
  const partitions = ledPartitions(await describeTopics(cluster, [topic]))
  const stop = new AbortController()
  const options = { isolation: 'uncommitted', interrupted: stop.signal, onNotice: () => {} } as const
  const reader = new Reader(cluster, options)
  const reading = await GroupReading.join(
    cluster,
    settings,
    group,
    partitions,
    reader,
    { ...plan, topics: [topic], membership: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 100 } },
    () => {}
  )
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
    async stop() {
      stop.abort()
      await done
    }
  }
}

suite('members of a group', { skip: unavailable() }, () => {
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
})
