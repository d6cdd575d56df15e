/** A snapshot says what the log said: an image that is made from it is the image that it was made of. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateRecord } from '../../../src/coordination/coordinator.ts'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import {
  configRecord,
  encodeMetadataRecord,
  featureLevelRecord,
  partitionRecord,
  producerIdsRecord,
  removeTopicRecord,
  topicRecord
} from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { newestSnapshot, readSnapshot } from '../../../src/coordination/metadata/snapshot.ts'
import {
  snapshotBatches,
  snapshotRecords,
  writeMetadataSnapshot
} from '../../../src/coordination/metadata/snapshot-writing.ts'
import { MemoryDisk } from '../../../src/host/memory/disk.ts'
import { limits } from '../../../src/limits.ts'
import { AccessControlEntryRecord } from '../../../src/protocol/generated/metadata-log/access-control-entry-record.ts'
import { BrokerRegistrationChangeRecord } from '../../../src/protocol/generated/metadata-log/broker-registration-change-record.ts'
import { ClearElrRecord } from '../../../src/protocol/generated/metadata-log/clear-elr-record.ts'
import { ClientQuotaRecord } from '../../../src/protocol/generated/metadata-log/client-quota-record.ts'
import { FenceBrokerRecord } from '../../../src/protocol/generated/metadata-log/fence-broker-record.ts'
import { PartitionChangeRecord } from '../../../src/protocol/generated/metadata-log/partition-change-record.ts'
import { RegisterBrokerRecord } from '../../../src/protocol/generated/metadata-log/register-broker-record.ts'
import { RemoveAccessControlEntryRecord } from '../../../src/protocol/generated/metadata-log/remove-access-control-entry-record.ts'
import { RemoveUserScramCredentialRecord } from '../../../src/protocol/generated/metadata-log/remove-user-scram-credential-record.ts'
import { UnregisterBrokerRecord } from '../../../src/protocol/generated/metadata-log/unregister-broker-record.ts'
import { UserScramCredentialRecord } from '../../../src/protocol/generated/metadata-log/user-scram-credential-record.ts'
import { readBatchHeader } from '../../../src/protocol/records/batch.ts'
import * as fc from '../../harness/properties.ts'
import { directoryId, nodeId } from './setup.ts'

const metadataVersion = 33
const topicIds = ['J8hKUf_nQQ21LcJpUdYd_g', '8bbBji0qS6SAIVo4E4OUrg', 'VpLpIogpWpTGK7lwnim_hQ']
const place = { endOffset: 42, epoch: 7, lastTimestampMs: 1000, nowMs: 2000 }

function imageOf(records: Iterable<StateRecord>): ClusterImage {
  const image = new ClusterImage()
  for (const record of records) replayMetadata(image, record)
  return image
}

/** All that an image says, in no order. */
function saidBy(image: ClusterImage): unknown {
  return {
    topics: [...image.sortedTopics()],
    configs: Array.from(image.configurations(), ({ type, name, config }) => [type, name, [...config].sort()]).sort(),
    features: [...image.features].filter(([, level]) => level > 0).sort(),
    kept: Array.from(image.kept.all(), ({ value }) => value?.toString('hex')).sort(),
    nextProducerId: image.nextProducerId,
    brokers: [...image.brokers()].sort((one, other) => one.id - other.id),
    controllers: [...image.controllers].sort()
  }
}

const registration = (brokerId: number, brokerEpoch: number): StateRecord =>
  encodeMetadataRecord(RegisterBrokerRecord, 4, {
    ...{ brokerId, brokerEpoch, incarnationId: directoryId, endPoints: [], features: [], rack: null, logDirs: [] }
  })

const quota = (name: string, key: string, remove: boolean): StateRecord =>
  encodeMetadataRecord(ClientQuotaRecord, 0, {
    entity: [{ entityType: 'user', entityName: name }],
    key,
    value: 5,
    remove
  })

const user = (name: string, iterations: number): StateRecord => {
  const secret = Buffer.from('secret')
  const credential = { name, mechanism: 1, salt: secret, storedKey: secret, serverKey: secret, iterations }
  return encodeMetadataRecord(UserScramCredentialRecord, 0, credential)
}

const right = (id: string): StateRecord =>
  encodeMetadataRecord(AccessControlEntryRecord, 0, {
    ...{ id, resourceType: 2, resourceName: 'orders', patternType: 3 },
    ...{ principal: 'User:a', host: '*', operation: 2, permissionType: 3 }
  })

const topicId = fc.constantFrom(...topicIds)
const name = fc.constantFrom('one', 'two', 'three')
const brokerId = fc.constantFrom(1, 2, 3)
const brokers = fc.option(fc.subarray([1, 2, 3]))

const newPartition = (id: string, partitionId: number): StateRecord => {
  const replicas = [nodeId]
  const place = { topicId: id, partitionId, replicas, inSyncReplicas: replicas }
  return partitionRecord({ ...place, directories: [directoryId], leader: nodeId }, metadataVersion)
}

/** A topic is made with two partitions, so that changes find them. */
const newTopic = topicId.map((id) => [
  topicRecord(`topic-${id}`, id),
  ...[0, 1].map((partitionId) => newPartition(id, partitionId))
])

const partitionChange = fc
  .record({
    topicId,
    partitionId: fc.constantFrom(0, 1),
    isr: brokers,
    leader: fc.constantFrom(-2, -1, 1, 2),
    replicas: brokers,
    addingReplicas: brokers,
    removingReplicas: brokers,
    leaderRecoveryState: fc.constantFrom(-1, 0, 1),
    eligibleLeaderReplicas: brokers,
    lastKnownElr: brokers
  })
  .map((change) => [encodeMetadataRecord(PartitionChangeRecord, 2, change)])

const oneOf = (...records: readonly fc.Arbitrary<StateRecord>[]): fc.Arbitrary<StateRecord[]> =>
  fc.oneof(...records).map((record) => [record])

const steps = fc.array(
  fc.oneof(
    newTopic,
    partitionChange,
    oneOf(
      topicId.map(removeTopicRecord),
      fc.tuple(name, fc.option(name)).map(([of, value]) => configRecord(2, of, 'retention.ms', value)),
      fc.tuple(name, fc.constantFrom(0, 1, 33)).map(([of, level]) => featureLevelRecord(`${of}.version`, level)),
      fc.nat(10_000).map((next) => producerIdsRecord(nodeId, next)),
      fc.tuple(brokerId, fc.nat(100)).map(([id, epoch]) => registration(id, epoch)),
      brokerId.map((id) => encodeMetadataRecord(FenceBrokerRecord, 0, { id, epoch: 1 })),
      fc
        .tuple(brokerId, fc.constantFrom(-1, 0, 1))
        .map(([id, fenced]) =>
          encodeMetadataRecord(BrokerRegistrationChangeRecord, 3, { brokerId: id, brokerEpoch: 1, fenced })
        ),
      brokerId.map((id) => encodeMetadataRecord(UnregisterBrokerRecord, 0, { brokerId: id, brokerEpoch: 1 })),
      fc.tuple(name, name, fc.boolean()).map(([of, key, remove]) => quota(of, key, remove)),
      fc.tuple(name, fc.nat(9)).map(([of, iterations]) => user(of, iterations)),
      name.map((of) => encodeMetadataRecord(RemoveUserScramCredentialRecord, 0, { name: of, mechanism: 1 })),
      topicId.map(right),
      topicId.map((id) => encodeMetadataRecord(RemoveAccessControlEntryRecord, 0, { id })),
      topicId.map((id) => encodeMetadataRecord(ClearElrRecord, 0, { topicName: `topic-${id}` })),
      fc.constant(encodeMetadataRecord(ClearElrRecord, 0, { topicName: '' }))
    )
  ),
  { maxLength: 60 }
)

/** Kafka's controller makes a topic once, and changes what is there. */
function possible(pieces: readonly StateRecord[][]): StateRecord[] {
  const image = new ClusterImage()
  const taken: StateRecord[] = [featureLevelRecord('metadata.version', metadataVersion)]
  for (const piece of pieces) {
    const isAgain =
      piece.length > 1 &&
      topicIds.some(
        (id) =>
          piece[0]?.value?.equals(topicRecord(`topic-${id}`, id).value ?? Buffer.alloc(0)) === true &&
          image.topicById(id) !== undefined
      )
    if (isAgain) continue
    try {
      for (const record of piece) replayMetadata(image, record)
    } catch {
      continue
    }
    taken.push(...piece)
  }
  return taken
}

test('an image that is made from a snapshot says what the image said that it was made of', () => {
  fc.assert(
    fc.property(steps, (pieces) => {
      const image = imageOf(possible(pieces))
      const bytes = Buffer.concat([...snapshotBatches(snapshotRecords(image), place)])
      assert.deepEqual(saidBy(imageOf(readSnapshot(bytes, place))), saidBy(image))
    }),
    { numRuns: 300 }
  )
})

test('a change of a registration, a fence and an eligible leader are in the snapshot', () => {
  const [id = ''] = topicIds
  const image = imageOf([
    featureLevelRecord('metadata.version', metadataVersion),
    topicRecord('orders', id),
    newPartition(id, 0),
    encodeMetadataRecord(PartitionChangeRecord, 2, { topicId: id, partitionId: 0, eligibleLeaderReplicas: [2, 3] }),
    registration(2, 10),
    encodeMetadataRecord(BrokerRegistrationChangeRecord, 3, { brokerId: 2, brokerEpoch: 10, fenced: -1 })
  ])
  const again = imageOf(snapshotRecords(image))
  assert.deepEqual(again.partition(id, 0)?.eligibleLeaderReplicas, [2, 3])
  assert.equal(again.brokerEpoch(2), 10)
  assert.equal(again.broker(2)?.fenced, false)
})

test('the file has its name when it is whole, its batches count their offsets from 0, and the image is that of the call', async () => {
  const disk = new MemoryDisk()
  const image = new ClusterImage()
  replayMetadata(image, featureLevelRecord('metadata.version', metadataVersion))
  const value = 'x'.repeat(1000)
  const settings = Math.ceil(limits.snapshotBatchBytes / 1000) + 10
  for (let index = 0; index < settings; index++) replayMetadata(image, configRecord(2, `t${index}`, 'a', value))
  const before = saidBy(image)
  const seen: string[][] = []
  const pause = async (): Promise<void> => {
    seen.push(disk.list('__cluster_metadata-0'))
    replayMetadata(image, configRecord(2, 'later', 'a', 'b'))
  }
  disk.createDirectory('__cluster_metadata-0')
  const id = await writeMetadataSnapshot(disk, image, { ...place, pause })
  const name = '00000000000000000042-0000000007.checkpoint'
  assert.deepEqual(id, { name, endOffset: 42, epoch: 7 })
  assert.ok(seen.length >= 4, 'a header, two batches of records, a footer')
  assert.ok(seen.every((names) => names.join() === `${name}.part`))
  assert.deepEqual(disk.list('__cluster_metadata-0'), [name])
  assert.deepEqual(newestSnapshot(disk.list('__cluster_metadata-0')), id)
  const bytes = disk.readFile(`__cluster_metadata-0/${name}`)
  assert.deepEqual(saidBy(imageOf(readSnapshot(bytes, place))), before)
  let expected = 0
  for (let position = 0; position < bytes.length; ) {
    const header = readBatchHeader(bytes, position)
    assert.deepEqual([header.baseOffset, header.partitionLeaderEpoch], [expected, 7])
    expected += header.recordCount
    position += header.sizeBytes
  }
})
