/** The metadata log is not opened where what it stands for is missing: every topic would be taken for a stray. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { DamageError } from '../../src/log/damage.ts'
import { createTopic } from './apis/records-setup.ts'
import { startBroker } from './apis/setup.ts'

const cleanStop = '.kafka_cleanshutdown'

async function directoryWithTopic(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const broker = await startBroker({}, disk)
  await createTopic(broker, 't1')
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
