/** What a real Kafka says in its metadata log and the snapshots of it: epochs, transactions, and what one broker cannot serve. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateRecord } from '../../../src/coordination/coordinator.ts'
import { ClusterImage } from '../../../src/coordination/metadata/image.ts'
import {
  abortTransactionRecord,
  configRecord,
  encodeMetadataRecord,
  featureLevelRecord,
  partitionRecord,
  registerBrokerRecord,
  topicRecord
} from '../../../src/coordination/metadata/records.ts'
import { replayMetadata } from '../../../src/coordination/metadata/replay.ts'
import { DamagedSnapshot, newestSnapshot, readSnapshot } from '../../../src/coordination/metadata/snapshot.ts'
import { objectionToCluster } from '../../../src/coordination/metadata/support.ts'
import { BeginTransactionRecord } from '../../../src/protocol/generated/metadata-log/begin-transaction-record.ts'
import { EndTransactionRecord } from '../../../src/protocol/generated/metadata-log/end-transaction-record.ts'
import { PartitionChangeRecord } from '../../../src/protocol/generated/metadata-log/partition-change-record.ts'
import { RegisterControllerRecord } from '../../../src/protocol/generated/metadata-log/register-controller-record.ts'
import { metadataLogMessages } from '../../../src/protocol/generated/metadata-log/registry.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { raftControlBatch } from '../../../src/protocol/records/raft-control-records.ts'
import { alone, coordinatorOn, directoryId, MemoryStateLog, newTopic, nodeId } from './setup.ts'

const topicId = 'J8hKUf_nQQ21LcJpUdYd_g'
const first: readonly StateRecord[] = [
  featureLevelRecord('metadata.version', 33),
  topicRecord('t', topicId),
  partitionRecord(alone(topicId, 0), 33)
]
const change = (of: Partial<PartitionChangeRecord>) =>
  encodeMetadataRecord(PartitionChangeRecord, 2, { topicId, partitionId: 0, ...of })
const begin = encodeMetadataRecord(BeginTransactionRecord, 0, { name: 'Bootstrap records' })
const end = encodeMetadataRecord(EndTransactionRecord, 0, {})

const registered = (id: number, directories: readonly string[]) =>
  registerBrokerRecord(
    {
      ...{ id, epoch: 1, rack: null, incarnationId: topicId, endpoints: [], directories, features: [] },
      ...{ fenced: true, inControlledShutdown: false }
    },
    33
  )

function logOf(...records: readonly StateRecord[]): MemoryStateLog {
  const log = new MemoryStateLog()
  log.append([...first, ...records])
  return log
}

const epochsOn = (log: MemoryStateLog) => {
  const [partition] = coordinatorOn(log).image.topicByName('t')?.partitions ?? []
  return { leader: partition?.leader, leaderEpoch: partition?.leaderEpoch, partitionEpoch: partition?.partitionEpoch }
}

test('a change that names a leader begins an epoch, even of the same leader; any other does not', () => {
  const changes = [change({ leader: 1 }), change({ isr: [1] }), change({ leader: 1 })]
  assert.deepEqual(epochsOn(logOf(...changes)), { leader: 1, leaderEpoch: 2, partitionEpoch: 3 })
})

test('a partition that a stopping Kafka left without a leader is led from the next epoch on, and a start later still', () => {
  // An in-sync set is empty only where eligible leaders are known (KIP-966).
  const eligible = featureLevelRecord('eligible.leader.replicas.version', 1)
  const log = logOf(eligible, change({ leader: -1, isr: [], lastKnownElr: [1] }))
  assert.deepEqual(epochsOn(log), { leader: 1, leaderEpoch: 2, partitionEpoch: 2 })
  assert.deepEqual(epochsOn(log), { leader: 1, leaderEpoch: 2, partitionEpoch: 2 })
})

test('the records of a transaction count when it ends, and not when it is aborted', () => {
  const set = (value: string) => configRecord(2, 't', 'retention.ms', value)
  const retentionOn = (...records: StateRecord[]) =>
    coordinatorOn(logOf(...records))
      .image.topicConfig('t')
      .get('retention.ms')
  assert.equal(retentionOn(set('1'), begin, set('2')), '1')
  assert.equal(retentionOn(set('1'), begin, set('2'), end), '2')
  assert.equal(retentionOn(set('1'), begin, set('2'), abortTransactionRecord('')), '1')
})

test('a transaction that nobody ended is aborted before anything else is said', async () => {
  const log = logOf(begin, configRecord(2, 't', 'retention.ms', '2'))
  await coordinatorOn(log).createInternalTopic('later', { partitions: 1, replicationFactor: 1, config: {} })
  const { image } = coordinatorOn(log)
  assert.ok(image.topicByName('later'))
  assert.equal(image.topicConfig('t').size, 0)
})

test('a deleted topic leaves no configuration to a Kafka that replays its making and its end in one go', async () => {
  const log = logOf(configRecord(2, 't', 'retention.ms', '2'))
  const before = log.records.length
  await coordinatorOn(log).deleteTopics([topicId])
  assert.deepEqual(log.records.slice(before)[0], configRecord(2, 't', 'retention.ms', null))
})

test('every type of record of Apache Kafka 4.4.0 is replayed or passed over; another is refused by its number', () => {
  for (const { apiKey, name } of metadataLogMessages) {
    const frame = Buffer.from([1, apiKey, 0])
    // Cut short, so that what is decoded fails: only a type that is unknown is unsupported.
    try {
      replayMetadata(new ClusterImage(), { key: null, value: frame })
    } catch (error) {
      assert.notEqual(error instanceof Error ? error.name : '', 'UnsupportedMetadata', name)
    }
  }
  const replay = (type: number, version: number) => () =>
    replayMetadata(new ClusterImage(), { key: null, value: Buffer.from([1, type, version]) })
  assert.throws(replay(99, 0), /a record of type 99/)
  assert.throws(replay(PartitionChangeRecord.apiKey, 9), /version 9 of PartitionChangeRecord/)
})

const refused: readonly (readonly [what: string, record: StateRecord, why: RegExp])[] = [
  ['a replica on another node', change({ replicas: [1, 2] }), /t-0 has a replica on node 2, and this is node 1/],
  [
    'another log directory',
    change({ directories: ['J8hKUf_nQQ21LcJpUdYd_g'] }),
    /t-0 lies in another log directory \(J8hKUf_nQQ21LcJpUdYd_g; this one is s9tppN_69VVX-1KFHLS1dA by its meta.properties\)/
  ],
  ['remote storage', configRecord(2, 't', 'remote.storage.enable', 'true'), /topic t keeps records in remote storage/],
  [
    'a later metadata.version',
    featureLevelRecord('metadata.version', 34),
    /metadata.version 34, and this version serves 7 to 33/
  ],
  [
    'a controller elsewhere',
    encodeMetadataRecord(RegisterControllerRecord, 0, {
      ...{ controllerId: 3000, incarnationId: topicId, zkMigrationReady: false, endPoints: [], features: [] }
    }),
    /its controller on node 3000, and this is node 1/
  ]
]

for (const [what, record, why] of refused) {
  test(`${what} is refused, and nothing is written`, () => {
    const log = logOf(record)
    const before = log.records.length
    assert.throws(() => coordinatorOn(log), why)
    assert.equal(log.records.length, before)
  })
}

test('what one broker wrote itself is served', () => {
  const image = new ClusterImage()
  for (const record of first) replayMetadata(image, record)
  assert.equal(objectionToCluster(image, [{ nodeId, directoryId }], nodeId), null)
})

test('several brokers serve what lies on any of them, each in its own directory', () => {
  const other = { nodeId: 2, directoryId: 'J8hKUf_nQQ21LcJpUdYd_g' }
  const nodes = [{ nodeId, directoryId }, other]
  const objectionTo = (of: Partial<PartitionChangeRecord>, directoriesOf2: readonly string[] = [other.directoryId]) => {
    const image = new ClusterImage()
    const registrations = [registered(nodeId, [directoryId]), registered(2, directoriesOf2)]
    for (const record of [...first, ...registrations, change(of)]) replayMetadata(image, record)
    return objectionToCluster(image, nodes, 1000)
  }
  const replicas = [2, 1]
  assert.equal(objectionTo({ replicas, directories: [other.directoryId, directoryId] }), null)
  assert.equal(objectionTo({ replicas, directories: [other.directoryId, 'AAAAAAAAAAAAAAAAAAAAAA'] }), null)
  assert.match(objectionTo({ replicas: [2, 3] }) ?? '', /t-0 has a replica on node 3, and these are nodes 1, 2/)
  const crossed = objectionTo({ replicas, directories: [directoryId, other.directoryId] })
  assert.match(crossed ?? '', /t-0 lies in another log directory \(s9tppN.*; this one is J8hKUf/)
  const gone = Buffer.alloc(16, 7).toString('base64url')
  const lost = { replicas, directories: [gone, directoryId] }
  assert.equal(objectionTo(lost, [gone]), null, 'its disk was replaced: it is filled again')
  const second = objectionTo(lost, [gone, other.directoryId])
  assert.match(second ?? '', /t-0 lies in another log directory/, 'a Kafka had several, and one of them is not served')
})

test('a broker with another disk says so before it is registered with it: a crash in between changes nothing', async () => {
  const log = new MemoryStateLog()
  const [one, two] = [1, 2].map((id) => ({ nodeId: id, directoryId: Buffer.alloc(16, id).toString('base64url') }))
  assert.ok(one !== undefined && two !== undefined)
  const controller = coordinatorOn(log, {}, [one, two])
  const registration = {
    id: 2,
    rack: null,
    incarnationId: topicId,
    endpoints: [],
    isClean: true,
    ends: [],
    offline: [],
    damaged: [],
    ahead: []
  }
  await controller.brokers.register({ ...registration, directoryId: two.directoryId })
  await controller.brokers.begin([2])
  await controller.createTopics([newTopic('t1', { replicationFactor: 2 })])
  const before = log.records.length
  const replaced = { nodeId: 2, directoryId: Buffer.alloc(16, 7).toString('base64url') }
  await controller.brokers.register({ ...registration, directoryId: replaced.directoryId })
  assert.ok(log.records.length > before + 1)
  for (let end = before; end <= log.records.length; end += 1) {
    const image = new ClusterImage()
    for (const record of log.records.slice(0, end)) replayMetadata(image, record)
    assert.equal(objectionToCluster(image, [one, replaced], 1), null, `after ${end - before} records`)
  }
})

test('the controller of several brokers is known again after a Kafka has registered it, and no other is', () => {
  const nodes = [
    { nodeId, directoryId },
    { nodeId: 2, directoryId: 'J8hKUf_nQQ21LcJpUdYd_g' }
  ]
  const registration = { incarnationId: topicId, zkMigrationReady: false, endPoints: [], features: [] }
  const image = new ClusterImage()
  const controller = encodeMetadataRecord(RegisterControllerRecord, 0, { controllerId: 1000, ...registration })
  for (const record of [...first, controller]) replayMetadata(image, record)
  assert.equal(objectionToCluster(image, nodes, 1000), null)
  const elsewhere = /its controller on node 1000, and here it is node 1001/
  assert.match(objectionToCluster(image, nodes, 1001) ?? '', elsewhere)
})

test('the newest snapshot is the one of the largest offset, then epoch; one that is being written is none', () => {
  const name = (offset: number, epoch: number) =>
    `${String(offset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}`
  const names = [`${name(9, 9)}.checkpoint`, `${name(20, 2)}.checkpoint`, `${name(20, 3)}.checkpoint`]
  const halfMade = [`${name(30, 3)}.checkpoint.part`, `${name(30, 3)}.checkpoint.deleted`, 'quorum-state']
  assert.deepEqual(newestSnapshot([...names, ...halfMade]), { name: names[2], endOffset: 20, epoch: 3 })
  assert.equal(newestSnapshot(halfMade), null)
})

test('a snapshot gives its records, and cut anywhere it is damaged', () => {
  const place = { partitionLeaderEpoch: 1, timestampMs: 0 }
  const header = { type: 'snapshotHeader', value: { version: 0, lastContainedLogTimestamp: 0 } } as const
  const bytes = Buffer.concat([
    raftControlBatch({ ...place, baseOffset: 0, records: [header] }),
    buildBatch({
      baseOffset: 1,
      partitionLeaderEpoch: 1,
      records: first.map((record) => ({ timestamp: 0, headers: [], ...record }))
    }),
    raftControlBatch({ ...place, baseOffset: 4, records: [{ type: 'snapshotFooter', value: { version: 0 } }] })
  ])
  assert.deepEqual(
    readSnapshot(bytes, { epoch: 1 }).map(({ value }) => value),
    first.map(({ value }) => value)
  )
  for (let length = 0; length < bytes.length; length += 1) {
    assert.throws(() => readSnapshot(bytes.subarray(0, length), { epoch: 1 }), DamagedSnapshot)
  }
})
