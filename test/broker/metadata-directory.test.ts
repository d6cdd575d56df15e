/** The metadata log is not opened where what it stands for is missing: every topic would be taken for a stray. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResourceType } from '../../src/coordination/metadata/image.ts'
import { configRecord } from '../../src/coordination/metadata/records.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { DamageError } from '../../src/log/damage.ts'
import { batchSizeAt, lastOffsetAt, leaderEpochAt } from '../../src/protocol/records/batch.ts'
import { buildBatch } from '../../src/protocol/records/builder.ts'
import { batchOf, createTopic, produce } from './apis/records-setup.ts'
import { startBroker } from './apis/setup.ts'

const cleanStop = '.kafka_cleanshutdown'

async function directoryWithTopic(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
  await produce(broker, { records: batchOf(['a']) })
  await broker.stop()
  return disk
}

const damages: readonly (readonly [what: string, damage: (disk: MemoryDisk) => void, why: RegExp])[] = [
  [
    'no metadata log',
    (disk) => disk.remove('__cluster_metadata-0'),
    /__cluster_metadata-0 is damaged: It is not there, and there are records \(t1-0\)/
  ],
  [
    'a snapshot that is not whole',
    (disk) => disk.replaceFile('__cluster_metadata-0/00000000000000000003-0000000001.checkpoint', Buffer.alloc(20)),
    /0000000001.checkpoint is damaged at byte 0: It is no whole snapshot/
  ],
  [
    'a quorum that does not say its epoch',
    (disk) => disk.replaceFile('__cluster_metadata-0/quorum-state', Buffer.from('{}')),
    /quorum-state is damaged: It does not say its leaderEpoch/
  ],
  [
    'records missing behind the newest snapshot',
    (disk) => disk.replaceFile('__cluster_metadata-0/00000000000000009999-0000000001.checkpoint', Buffer.alloc(20)),
    /__cluster_metadata-0 is damaged: Its newest snapshot ends at offset 9999/
  ]
]

const metadataLog = '__cluster_metadata-0/00000000000000000000.log'

const emptied: readonly (readonly [what: string, empty: (disk: MemoryDisk) => void])[] = [
  ['emptied', (disk) => disk.replaceFile(metadataLog, Buffer.alloc(0))],
  ['removed', (disk) => disk.remove(metadataLog)]
]

for (const [how, empty] of emptied) {
  test(`a metadata log that was ${how} refuses the start where there are records, also when no checkpoint speaks of it`, async () => {
    const disk = await directoryWithTopic()
    empty(disk)
    disk.remove('recovery-point-offset-checkpoint')
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects(
        startBroker({}, disk),
        (error) => error instanceof DamageError && /backup/.test(error.message)
      )
    assert.ok(disk.exists('t1-0'))
  })
}

for (const [what, damage, why] of damages) {
  test(`with ${what} a start is refused, and the mark of the clean stop and the topic stay`, async () => {
    const disk = await directoryWithTopic()
    damage(disk)
    await assert.rejects(startBroker({}, disk), (error) => error instanceof DamageError && why.test(error.message))
    assert.ok(disk.exists(cleanStop))
    assert.ok(disk.exists('t1-0'))
  })
}

test('the metadata goes on in the epoch of the quorum that wrote before', async () => {
  const disk = await directoryWithTopic()
  disk.replaceFile('__cluster_metadata-0/quorum-state', Buffer.from('{"leaderId":1,"leaderEpoch":7,"data_version":1}'))
  const broker = await startBroker({}, disk)
  assert.equal(await broker.controller.ask(async (controller) => controller.quorum().leaderEpoch), 7)
  await broker.stop()
})

test('what a Kafka has written into the metadata after our clean stop, before it was stopped while it started, is taken', async () => {
  const disk = await directoryWithTopic()
  const log = disk.readFile(metadataLog)
  let [position, next] = [0, 0]
  while (position < log.length) {
    next = lastOffsetAt(log, position) + 1
    position += batchSizeAt(log, position)
  }
  const { key, value } = configRecord(ResourceType.topic, 't1', 'retention.ms', '12345')
  const partitionLeaderEpoch = leaderEpochAt(log, 0)
  const batch = buildBatch({
    baseOffset: next,
    partitionLeaderEpoch,
    records: [{ timestamp: 1, key, value, headers: [] }]
  })
  disk.open(metadataLog, 'existing').append([batch])
  const broker = await startBroker({}, disk)
  assert.equal(broker.image.topicConfig('t1').get('retention.ms'), '12345')
  await broker.stop()
})
