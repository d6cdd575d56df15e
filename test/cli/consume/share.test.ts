/** `consume --share`: members of a share group, on ours and on a real Apache Kafka. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fieldOf, Session } from '../../conformance/differential/session.ts'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { type CommandLine, commandLineAt } from '../command-line.ts'

const brokers = [
  { name: 'Odradek', tool: odradek(), start: startOdradek },
  { name: 'Apache Kafka', tool: kafkaJars('broker'), start: startRealKafka }
] as const

/** One node, and soon there. */
const configs = {
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1'
}

for (const { name, tool, start } of brokers) {
  suite(`consume --share of ${name}`, { skip: skipUnless(tool) }, () => {
    let broker: BrokerProcess
    let cli: CommandLine
    let session: Session
    before(async () => {
      broker = await start({ configs })
      cli = commandLineAt(broker.bootstrap)
      session = new Session(broker.bootstrap)
    })
    after(async () => {
      session?.close()
      await broker?.stop()
    })

    /** A group that begins at the start: what it is given was there before. */
    async function groupOn(topic: string, values: readonly string[]): Promise<string> {
      await cli.text(['topics', 'create', topic, '-p', '2'])
      const group = cli.unique('workers')
      const setting = { name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }
      const resources = [{ resourceType: 32, resourceName: group, configs: [setting] }]
      assert.equal(fieldOf(await session.ask(44, 1, { resources, validateOnly: false }), 'errorCode'), 0)
      if (values.length > 0) await cli.text(['produce', topic], values.map((value) => `${value}\n`).join(''))
      return group
    }

    const valuesOf = (rows: readonly Record<string, unknown>[]): string[] =>
      rows.map(({ value }) => String(value)).sort()

    test('gives each record to one of its members, once, and what was printed is done', async () => {
      const topic = cli.unique('share')
      const group = await groupOn(topic, [])
      const members = [cli.start(['consume', topic, '--share', group]), cli.start(['consume', topic, '--share', group])]
      const values = Array.from({ length: 40 }, (_, index) => `order-${index}`)
      for (const value of values) await cli.text(['produce', topic, value, '-k', value])
      const printed = (): string[] => members.flatMap(({ lines }) => lines.map((line) => JSON.parse(line).value)).sort()
      for (let attempt = 0; printed().length < values.length && attempt < 150; attempt++) await setTimeout(200)
      assert.deepEqual(printed(), [...values].sort())
      for (const member of members) await member.stop()
      assert.deepEqual(await cli.rows(['consume', topic, '--share', group, '-e']), [])
    })

    test('takes as many as asked for, and gives the others back', async () => {
      const topic = cli.unique('share')
      const group = await groupOn(topic, ['a', 'b', 'c', 'd', 'e'])
      const first = await cli.rows(['consume', topic, '--share', group, '-n', '2'])
      assert.equal(first.length, 2)
      const rest = await cli.rows(['consume', topic, '--share', group, '-n', '3', '--timeout', '20s'])
      assert.deepEqual(valuesOf([...first, ...rest]), ['a', 'b', 'c', 'd', 'e'])
    })

    test('with --no-commit gives back what it printed', async () => {
      const topic = cli.unique('share')
      const group = await groupOn(topic, ['a', 'b'])
      const looked = await cli.rows(['consume', topic, '--share', group, '--no-commit', '-n', '2'])
      assert.deepEqual(valuesOf(looked), ['a', 'b'])
      const taken = await cli.rows(['consume', topic, '--share', group, '-n', '2', '--timeout', '20s'])
      assert.deepEqual(valuesOf(taken), ['a', 'b'])
    })

    test('reads all again at once when its group was reset after the last member had gone', async () => {
      const topic = cli.unique('share')
      const group = await groupOn(topic, ['a', 'b', 'c'])
      const read = ['consume', topic, '--share', group, '-n', '3', '--timeout', '20s']
      assert.deepEqual(valuesOf(await cli.rows(read)), ['a', 'b', 'c'])
      await cli.text(['groups', 'reset', group, '--to', 'earliest', '--execute'])
      assert.deepEqual(valuesOf(await cli.rows(read)), ['a', 'b', 'c'])
    })

    test('where it begins is the group’s own matter', async () => {
      for (const [option, ...value] of [
        ['--from', 'start'],
        ['--tail', '3'],
        ['-g', 'other'],
        ['-P', '0'],
        ['--group-protocol', 'consumer']
      ]) {
        const { code, stderr } = await cli.run(['consume', 't', '--share', 'g', String(option), ...value])
        assert.equal(code, 2)
        assert.match(stderr, /--share and --\S+ exclude each other[\s\S]*share\.auto\.offset\.reset/)
      }
      const explained = await cli.run(['consume', 't', '--share', 'g', '--explain'])
      assert.equal(explained.code, 2)
      assert.match(explained.stderr, /odradek groups why g/)
    })

    test('whose group begins at the end says so, and how to begin at the start', async () => {
      const topic = cli.unique('share')
      await cli.text(['topics', 'create', topic])
      await cli.text(['produce', topic, 'there before'])
      const group = cli.unique('newcomers')
      const read = await cli.run(['consume', topic, '--share', group, '-e'])
      assert.equal(read.stdout.toString(), '')
      assert.match(
        read.stderr,
        new RegExp(`begins at the end.*groups reset ${group} -t ${topic} --to earliest --execute`)
      )
      await cli.text(['groups', 'reset', group, '-t', topic, '--to', 'earliest', '--execute'])
      assert.deepEqual(valuesOf(await cli.rows(['consume', topic, '--share', group, '-n', '1', '--timeout', '20s'])), [
        'there before'
      ])
    })
  })
}
