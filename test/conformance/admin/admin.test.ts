/** Apache Kafka's own administration tools, as an operator uses them. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { BrokerProcess } from '../../harness/broker-process.ts'
import { javaTool, tryJavaTool } from '../../harness/java-tool.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../harness/paths.ts'
import { flights } from '../../harness/real-data.ts'
import { startTarget, target } from '../../harness/target.ts'
import { kafkaJars, skipUnless } from '../../harness/tools.ts'
import { kafkajs } from '../clients/kafkajs.ts'

const ROWS = flights('2k').slice(0, 300)

describe('administration with Java tools', { skip: skipUnless(target(), kafkaJars('tools')) }, () => {
  let broker: BrokerProcess
  let scratch: TemporaryDirectory

  before(async () => {
    scratch = temporaryDirectory('admin')
    broker = await startTarget({ configs: { 'num.partitions': '3' } })
  })

  after(async () => {
    await broker?.stop()
    scratch.remove()
  })

  async function tool(className: string, ...args: string[]): Promise<string> {
    const output = await javaTool(className, ['--bootstrap-server', broker.bootstrap, ...args])
    return output.toString()
  }
  const topics = (...args: string[]) => tool('org.apache.kafka.tools.TopicCommand', ...args)
  const configs = (...args: string[]) => tool('kafka.admin.ConfigCommand', ...args)
  const groups = (...args: string[]) => tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', ...args)
  const offsets = (...args: string[]) => tool('org.apache.kafka.tools.GetOffsetShell', ...args)

  async function fill(topic: string): Promise<void> {
    await kafkajs.produce(broker.bootstrap, ROWS, { topic, codec: 'none', acks: 'all' })
  }

  test('TopicCommand creates, lists, describes, grows and deletes a topic', async () => {
    const created = await topics(
      '--create',
      '--topic',
      'orders',
      '--partitions',
      '3',
      '--config',
      'retention.ms=3600000'
    )
    assert.match(created, /Created topic orders\./)
    assert.match(await topics('--list'), /^orders$/m)
    const described = await topics('--describe', '--topic', 'orders')
    assert.match(described, /Topic: orders\s+TopicId: \S{22}\s+PartitionCount: 3\s+ReplicationFactor: 1/)
    assert.match(described, /Configs: .*retention\.ms=3600000/)
    assert.equal(described.match(/Leader: 1|Leader: 0/g)?.length, 3)
    await topics('--alter', '--topic', 'orders', '--partitions', '5')
    assert.match(await topics('--describe', '--topic', 'orders'), /PartitionCount: 5/)
    await topics('--delete', '--topic', 'orders')
    assert.doesNotMatch(await topics('--list'), /^orders$/m)
  })

  test('TopicCommand is told why a topic cannot be made', async () => {
    await topics('--create', '--topic', 'twice', '--partitions', '1')
    const refusals: [args: string[], reason: RegExp][] = [
      [['--topic', 'twice', '--partitions', '1'], /TopicExistsException|already exists/],
      [['--topic', 'bad name!', '--partitions', '1'], /InvalidTopicException/],
      [['--topic', 'three-copies', '--replication-factor', '3'], /InvalidReplicationFactorException/],
      [['--topic', 'odd', '--config', 'retention.ms=soon'], /InvalidConfig|ConfigException/]
    ]
    for (const [args, reason] of refusals) {
      const className = 'org.apache.kafka.tools.TopicCommand'
      const { code, stdout, stderr } = await tryJavaTool(className, [
        '--bootstrap-server',
        broker.bootstrap,
        '--create',
        ...args
      ])
      assert.notEqual(code, 0)
      assert.match(`${stdout}${stderr}`, reason)
    }
  })

  test('ConfigCommand sets, describes and removes the configs of a topic', async () => {
    await topics('--create', '--topic', 'configured', '--partitions', '1')
    const entity = ['--entity-type', 'topics', '--entity-name', 'configured']
    await configs(...entity, '--alter', '--add-config', 'retention.ms=60000,cleanup.policy=compact')
    const described = await configs(...entity, '--describe')
    assert.match(described, /retention\.ms=60000/)
    assert.match(described, /cleanup\.policy=compact/)
    await configs(...entity, '--alter', '--delete-config', 'retention.ms')
    const all = await configs(...entity, '--describe', '--all')
    assert.match(all, /retention\.ms=604800000/)
    assert.match(all, /cleanup\.policy=compact .*DYNAMIC_TOPIC_CONFIG/)
  })

  test('ConfigCommand asks for the defaults of all brokers', async () => {
    assert.match(
      await configs('--entity-type', 'brokers', '--entity-default', '--describe'),
      /Default configs for brokers/
    )
  })

  test('BrokerApiVersionsCommand finds the APIs that a client needs', async () => {
    const said = await tool('org.apache.kafka.tools.BrokerApiVersionsCommand')
    for (const api of ['Produce(0): 0 to 13', 'Fetch(1): 4 to 18', 'Metadata(3): 0 to 13', 'JoinGroup(11): 0 to 9']) {
      assert.ok(said.includes(api), `${api} in ${said}`)
    }
  })

  test('GetOffsetShell tells the ends, the beginnings, and the offset of a time', async () => {
    await fill('measured')
    const ends = (await offsets('--topic', 'measured')).trim().split('\n')
    assert.equal(ends.length, 3)
    assert.equal(sumOfOffsets(ends), ROWS.length)
    assert.equal(sumOfOffsets((await offsets('--topic', 'measured', '--time', '-2')).trim().split('\n')), 0)
    assert.equal(sumOfOffsets((await offsets('--topic', 'measured', '--time', '1')).trim().split('\n')), 0)
  })

  test('DeleteRecordsCommand moves the beginning of a partition', async () => {
    await fill('trimmed')
    const file = join(scratch.path, 'delete.json')
    writeFileSync(file, JSON.stringify({ version: 1, partitions: [{ topic: 'trimmed', partition: 0, offset: 5 }] }))
    const said = await tool('org.apache.kafka.tools.DeleteRecordsCommand', '--offset-json-file', file)
    assert.match(said, /partition: trimmed-0\tlow_watermark: 5/)
    assert.match(await offsets('--topic', 'trimmed', '--time', 'earliest'), /trimmed:0:5/)
  })

  test('ConsumerGroupCommand lists, describes, resets and deletes a group and its offsets', async () => {
    await fill('read')
    await kafkajs.consume(broker.bootstrap, { topic: 'read', count: ROWS.length, group: 'readers' })
    assert.match(await groups('--list'), /^readers$/m)
    const described = await groups('--describe', '--group', 'readers')
    assert.match(described, /readers\s+read\s+0\s+(\d+)\s+\1\s+0\s/, 'the group has read all of partition 0')
    assert.match(await groups('--describe', '--group', 'readers', '--state'), /readers.*\sEmpty\s/)

    const reset = ['--reset-offsets', '--group', 'readers', '--topic', 'read', '--to-earliest']
    assert.match(await groups(...reset, '--execute'), /readers\s+read\s+0\s+0/)
    assert.match(await groups('--describe', '--group', 'readers'), /readers\s+read\s+0\s+0\s+\d+\s+[1-9]/)

    await groups('--delete-offsets', '--group', 'readers', '--topic', 'read:0')
    assert.doesNotMatch(await groups('--describe', '--group', 'readers'), /readers\s+read\s+0\s+0\s/)
    assert.match(await groups('--delete', '--group', 'readers'), /Deletion of requested consumer groups.*successful/)
    assert.doesNotMatch(await groups('--list'), /^readers$/m)
  })

  test('LogDirsCommand tells how large each partition is', async () => {
    await fill('sized')
    const said = await tool('org.apache.kafka.tools.LogDirsCommand', '--describe', '--topic-list', 'sized')
    const json: { brokers: { logDirs: { error: unknown; partitions: { partition: string; size: number }[] }[] }[] } =
      JSON.parse(said.split('\n').find((line) => line.startsWith('{')) ?? '{}')
    const directories = json.brokers.flatMap((node) => node.logDirs)
    const partitions = directories.flatMap((directory) => directory.partitions)
    assert.deepEqual(partitions.map(({ partition }) => partition).sort(), ['sized-0', 'sized-1', 'sized-2'])
    assert.ok(partitions.reduce((sum, { size }) => sum + size, 0) > 1000)
  })
})

/** The offsets of lines like `topic:partition:offset`, added up. */
function sumOfOffsets(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Number(line.split(':')[2]), 0)
}
