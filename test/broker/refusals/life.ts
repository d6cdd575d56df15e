/**
 * What a broker does in its life, in small, on a disk that may refuse; and what it has promised meanwhile. Every request gets
 * an answer, whatever the disk does; what was answered without an error is held against the broker, now and after a start.
 */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Broker } from '../../../src/broker/broker.ts'
import { DiskError } from '../../../src/host/disk.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'
import { ManualClock } from '../../../src/host/memory/clock.ts'
import type { RefusingDisk } from '../../../src/host/simulated/refusing-disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { CreatePartitionsRequest } from '../../../src/protocol/generated/api/create-partitions-request.ts'
import { CreatePartitionsResponse } from '../../../src/protocol/generated/api/create-partitions-response.ts'
import { CreateTopicsRequest } from '../../../src/protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../../src/protocol/generated/api/create-topics-response.ts'
import { DeleteRecordsRequest } from '../../../src/protocol/generated/api/delete-records-request.ts'
import { DeleteRecordsResponse } from '../../../src/protocol/generated/api/delete-records-response.ts'
import { DeleteTopicsRequest } from '../../../src/protocol/generated/api/delete-topics-request.ts'
import { DeleteTopicsResponse } from '../../../src/protocol/generated/api/delete-topics-response.ts'
import { IncrementalAlterConfigsRequest } from '../../../src/protocol/generated/api/incremental-alter-configs-request.ts'
import { IncrementalAlterConfigsResponse } from '../../../src/protocol/generated/api/incremental-alter-configs-response.ts'
import { InitProducerIdRequest } from '../../../src/protocol/generated/api/init-producer-id-request.ts'
import { InitProducerIdResponse } from '../../../src/protocol/generated/api/init-producer-id-response.ts'
import { MetadataRequest } from '../../../src/protocol/generated/api/metadata-request.ts'
import { MetadataResponse } from '../../../src/protocol/generated/api/metadata-response.ts'
import { OffsetCommitRequest } from '../../../src/protocol/generated/api/offset-commit-request.ts'
import { OffsetCommitResponse } from '../../../src/protocol/generated/api/offset-commit-response.ts'
import { OffsetFetchRequest } from '../../../src/protocol/generated/api/offset-fetch-request.ts'
import { OffsetFetchResponse } from '../../../src/protocol/generated/api/offset-fetch-response.ts'
import { ProduceRequest } from '../../../src/protocol/generated/api/produce-request.ts'
import { ProduceResponse } from '../../../src/protocol/generated/api/produce-response.ts'
import { buildBatch } from '../../../src/protocol/records/builder.ts'
import { ask, startAlone } from '../apis/setup.ts'
import { recordsBelow, retentionOf } from './found.ts'

const network = { listen: () => Promise.reject(new Error('this broker has no sockets')) }
const group = 'readers'
const standardRetentionMs = String(7 * 24 * 3600 * 1000)
const config = {
  'offsets.topic.num.partitions': '1',
  'log.retention.check.interval.ms': '60000',
  // Snapshots of the metadata come and go all the time.
  'metadata.log.max.record.bytes.between.snapshots': '500',
  'metadata.max.retention.bytes': '3000'
}

/** Survives the process, or a power cut as well. */
type Safety = 'written' | 'synced'

interface PromisedRecord {
  readonly value: string
  readonly safety: Safety
}

interface PromisedTopic {
  partitions: number
  /** What was sent to it: a later topic of its name has none of these. */
  readonly sent: Set<string>
  retentionMs: { promised: string; readonly asked: Set<string> }
  readonly records: Map<number, Map<number, PromisedRecord>>
  readonly starts: Map<number, { promised: number; asked: number }>
}

export class Life {
  broker: Broker | null = null
  /** What whoever runs the broker was told. */
  readonly lines: string[] = []
  readonly #told = (line: string): void => void this.lines.push(line)
  readonly #clock: ManualClock
  readonly #topics = new Map<string, PromisedTopic>()
  /** Topics that are being made or deleted, or whose making or deletion was refused. */
  readonly #doubtful = new Set<string>()
  /** Topics that were deleted. */
  readonly #gone = new Set<string>()
  readonly #producerIds = new Set<number>()
  #committed: { atLeast: number; asked: number } = { atLeast: -1, asked: -1 }
  #values = 0

  constructor(clock = new ManualClock()) {
    this.#clock = clock
  }

  /** What is promised at this moment to those whose records have to survive a power cut; no broker yet. */
  afterPowerCut(): Life {
    const life = new Life(new ManualClock(this.#clock.nowMs()))
    for (const [name, topic] of structuredClone(this.#topics)) {
      for (const records of topic.records.values()) {
        for (const [offset, { safety }] of records) if (safety === 'written') records.delete(offset)
      }
      life.#topics.set(name, topic)
    }
    for (const name of this.#doubtful) life.#doubtful.add(name)
    for (const name of this.#gone) life.#gone.add(name)
    for (const id of this.#producerIds) life.#producerIds.add(id)
    life.#committed = { ...this.#committed }
    life.#values = this.#values
    return life
  }

  /** False when the disk refused; nothing is open then. */
  async start(disk: RefusingDisk): Promise<boolean> {
    const host = { disk, clock: this.#clock, network, chance: new SeededChance(this.#values + 1) }
    try {
      this.broker = await startAlone({ host, durability: 'disk', config, advertised: null, log: this.#told })
      return true
    } catch (error) {
      assert.ok(error instanceof DiskError, String(error))
      assert.equal(disk.openFiles, 0, 'a start that failed leaves no file open')
      return false
    }
  }

  async stop(disk: RefusingDisk): Promise<void> {
    const { broker } = this
    this.broker = null
    if (broker === null) return
    await broker.stop().catch((error: unknown) => assert.ok(error instanceof DiskError, String(error)))
    assert.equal(disk.openFiles, 0, 'a broker that was stopped has no file open')
  }

  async work(): Promise<void> {
    await this.createTopic('orders', 2)
    for (let round = 0; round < 3; round++) {
      await this.produce('orders', 0, -1)
      await this.produce('orders', 0, 1)
      await this.produce('orders', 1, -1)
      this.pass(2000)
    }
    await this.commit(1)
    await this.createTopic('short', 1)
    await this.produce('short', 0, -1)
    await this.grow('orders', 3)
    await this.produce('orders', 2, -1)
    await this.reconfigure('orders')
    await this.initProducer()
    await this.trim('orders', 0, 3)
    this.pass(70_000)
    await setImmediate()
    await this.deleteTopic('short')
    await this.createTopic('short', 1)
    await this.produce('short', 0, -1)
    await this.autoCreate('auto')
    await this.produce('auto', 0, 1)
    await this.commit(2)
    await this.produce('orders', 0, -1)
    this.pass(70_000)
    await setImmediate()
    await this.produce('orders', 0, 1)
  }

  /** Partitions of the topics that are certainly there. */
  partitions(): { name: string; partition: number }[] {
    const certain = [...this.#topics].filter(([name]) => !this.#doubtful.has(name))
    return certain.flatMap(([name, { partitions }]) =>
      Array.from({ length: partitions }, (_, partition) => ({ name, partition }))
    )
  }

  endOffset(name: string, partition: number): number {
    return this.broker?.replica(name, partition)?.log.logEndOffset ?? 0
  }

  async produceEverywhere(): Promise<void> {
    for (const [name, { partitions }] of this.#topics) {
      for (let partition = 0; partition < partitions; partition++) await this.produce(name, partition, -1)
    }
  }

  pass(milliseconds: number): void {
    this.#clock.advance(milliseconds)
  }

  async createTopic(name: string, partitions: number): Promise<number> {
    if (this.broker === null) return ErrorCode.NONE
    this.#gone.delete(name)
    const configs = [{ name: 'segment.ms', value: '1000' }]
    const topic = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs }
    const body = { topics: [topic], timeoutMs: 1000, validateOnly: false }
    const { topics } = await ask(this.broker, CreateTopicsRequest, CreateTopicsResponse, 7, body)
    const error = topics[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    if (error === ErrorCode.NONE) this.#remember(name, partitions)
    return error
  }

  async autoCreate(name: string): Promise<void> {
    if (this.broker === null) return
    const body = { topics: [{ name }], allowAutoTopicCreation: true }
    const { topics } = await ask(this.broker, MetadataRequest, MetadataResponse, 4, body)
    if (topics[0]?.errorCode === ErrorCode.NONE) this.#remember(name, topics[0].partitions.length)
  }

  async grow(name: string, count: number): Promise<void> {
    if (this.broker === null) return
    const body = { topics: [{ name, count, assignments: null }], timeoutMs: 1000, validateOnly: false }
    const { results } = await ask(this.broker, CreatePartitionsRequest, CreatePartitionsResponse, 3, body)
    if (results[0]?.errorCode !== ErrorCode.NONE) return
    const topic = this.#topics.get(name)
    if (topic !== undefined) topic.partitions = count
  }

  async deleteTopic(name: string): Promise<void> {
    if (this.broker === null) return
    if (this.#topics.has(name)) this.#doubtful.add(name)
    // A topic's offsets go with it.
    if (name === 'orders') this.#committed.atLeast = -1
    const body = { topics: [{ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], timeoutMs: 1000 }
    const { responses } = await ask(this.broker, DeleteTopicsRequest, DeleteTopicsResponse, 6, body)
    if (responses[0]?.errorCode !== ErrorCode.NONE) return
    this.#topics.delete(name)
    this.#doubtful.delete(name)
    this.#gone.add(name)
  }

  async reconfigure(name: string, retentionMs = '3600000'): Promise<void> {
    if (this.broker === null) return
    const known = this.#topics.get(name)?.retentionMs
    known?.asked.add(retentionMs)
    const configs = [{ name: 'retention.ms', configOperation: 0, value: retentionMs }]
    const body = { resources: [{ resourceType: 2, resourceName: name, configs }], validateOnly: false }
    const answer = await ask(this.broker, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, body)
    if (known === undefined || answer.responses[0]?.errorCode !== ErrorCode.NONE) return
    known.promised = retentionMs
    known.asked.clear()
  }

  async initProducer(): Promise<void> {
    if (this.broker === null) return
    const body = { transactionalId: null, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }
    const { errorCode, producerId } = await ask(this.broker, InitProducerIdRequest, InitProducerIdResponse, 4, body)
    if (errorCode !== ErrorCode.NONE) return
    assert.ok(!this.#producerIds.has(producerId), `the producer id ${producerId} was given before`)
    this.#producerIds.add(producerId)
  }

  async trim(name: string, partition: number, offset: number): Promise<void> {
    if (this.broker === null) return
    const starts = this.#topics.get(name)?.starts
    const start = starts?.get(partition) ?? { promised: 0, asked: 0 }
    start.asked = Math.max(start.asked, offset)
    starts?.set(partition, start)
    const body = { topics: [{ name, partitions: [{ partitionIndex: partition, offset }] }], timeoutMs: 1000 }
    const { topics } = await ask(this.broker, DeleteRecordsRequest, DeleteRecordsResponse, 2, body)
    const answer = topics[0]?.partitions[0]
    if (answer?.errorCode === ErrorCode.NONE) start.promised = Math.max(start.promised, answer.lowWatermark)
  }

  async produce(name: string, partition: number, acks: number): Promise<number> {
    if (this.broker === null) return ErrorCode.NONE
    const value = `v${this.#values++}`
    const topic = this.#topics.get(name)
    topic?.sent.add(value)
    const timestamp = this.#clock.nowMs()
    const records = buildBatch({ records: [{ timestamp, key: null, value: Buffer.from(value), headers: [] }] })
    const body = { acks, timeoutMs: 1000, topicData: [{ name, partitionData: [{ index: partition, records }] }] }
    const { responses } = await ask(this.broker, ProduceRequest, ProduceResponse, 9, body)
    const answer = responses[0]?.partitionResponses[0]
    if (answer === undefined || answer.errorCode !== ErrorCode.NONE)
      return answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    const promised = topic?.records
    const ofPartition = promised?.get(partition) ?? new Map<number, PromisedRecord>()
    const already = ofPartition.get(answer.baseOffset)
    assert.equal(already, undefined, `offset ${answer.baseOffset} of ${name}-${partition} was given before`)
    ofPartition.set(answer.baseOffset, { value, safety: acks === -1 ? 'synced' : 'written' })
    promised?.set(partition, ofPartition)
    return answer.errorCode
  }

  async commit(offset: number): Promise<number> {
    if (this.broker === null) return ErrorCode.NONE
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }]
    const asked = { groupId: group, memberId: '', topics: [{ name: 'orders', partitions }] }
    this.#committed.asked = Math.max(offset, this.#committed.asked)
    await this.broker.ensureGroupCoordinators()
    const body = { ...asked, generationIdOrMemberEpoch: -1, groupInstanceId: null }
    const { topics } = await ask(this.broker, OffsetCommitRequest, OffsetCommitResponse, 7, body)
    const error = topics[0]?.partitions[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    if (error === ErrorCode.NONE) this.#committed.atLeast = offset
    return error
  }

  /** An offset above all that were ever committed, so that what a group is promised is a lower bound. */
  commitNext(): Promise<number> {
    return this.commit(this.#committed.asked + 1)
  }

  /** Everything that was promised is there, as far as it is as safe as that, and nothing that nobody sent. */
  async assertPromises(safety: Safety): Promise<void> {
    const { broker } = this
    assert.ok(broker !== null)
    for (const name of this.#gone) assert.equal(broker.hosted(name, 0).kind, 'none', `${name} was deleted`)
    for (const [name, { partitions, records, starts, sent, retentionMs }] of this.#topics) {
      if (this.#doubtful.has(name)) continue
      const found = await retentionOf(broker, name)
      assert.ok(found === retentionMs.promised || retentionMs.asked.has(found), `${name} keeps records for ${found} ms`)
      for (let partition = 0; partition < partitions; partition++) {
        const where = `${name}-${partition}`
        const hosted = broker.hosted(name, partition)
        assert.ok(
          hosted.kind === 'online',
          `${where} is ${hosted.kind === 'offline' ? hosted.reason.message : hosted.kind}`
        )
        const found = recordsBelow(hosted.replica.log.logEndOffset, hosted.replica.log, where)
        const start = starts.get(partition) ?? { promised: 0, asked: 0 }
        assert.ok(found.start >= start.promised && found.start <= start.asked, `${where} begins at ${found.start}`)
        for (const value of found.values.values()) assert.ok(sent.has(value), `${value} in ${where}`)
        for (const [offset, promised] of records.get(partition) ?? []) {
          if (offset < found.start || (safety === 'synced' && promised.safety === 'written')) continue
          assert.equal(found.values.get(offset), promised.value, `${where} at ${offset}`)
        }
      }
    }
    await this.#assertCommitted(broker)
  }

  /**
   * The same broker, after a disk that failed: what was synced is served, but for partitions that could not be read when they
   * were opened, or whose metadata could not be made safe. They say so, until the next start.
   */
  async assertServesWhatIsSynced(): Promise<void> {
    const { broker } = this
    assert.ok(broker !== null)
    for (const [name, { partitions, records, starts }] of this.#topics) {
      if (this.#doubtful.has(name)) continue
      for (let partition = 0; partition < partitions; partition++) {
        const hosted = broker.hosted(name, partition)
        const where = `${name}-${partition}`
        assert.notEqual(hosted.kind, 'none', where)
        if (hosted.kind !== 'online') continue
        const { values, start } = recordsBelow(hosted.replica.highWatermark, hosted.replica.log, where)
        const asked = starts.get(partition)?.asked ?? 0
        assert.ok(start <= asked, `${where} begins at ${start}`)
        for (const [offset, { value, safety }] of records.get(partition) ?? []) {
          if (offset >= start && safety === 'synced') assert.equal(values.get(offset), value, `${where} at ${offset}`)
        }
      }
    }
  }

  /** With room again everything works, but for partitions whose sync failed, which wait for the next start. */
  async assertWorks(mayRefuse: 'nothing' | 'what a sync failed for'): Promise<void> {
    const isFine = (error: number, what: string): void => {
      const allowed = [ErrorCode.NONE, ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_COORDINATOR]
      if (mayRefuse === 'nothing') assert.equal(error, ErrorCode.NONE, what)
      else assert.ok((allowed as readonly number[]).includes(error), `${what}: ${error}`)
    }
    for (const [name, { partitions }] of this.#topics) {
      if (this.#doubtful.has(name)) continue
      for (let partition = 0; partition < partitions; partition++) {
        isFine(await this.produce(name, partition, -1), `${name}-${partition}`)
      }
    }
    if (this.#topics.has('orders')) isFine(await this.commitNext(), 'a commit')
    isFine(await this.createTopic(`new-${this.#values}`, 1), 'a new topic')
  }

  async #assertCommitted(broker: Broker): Promise<void> {
    const { atLeast, asked } = this.#committed
    if (atLeast < 0) return
    const body = { groups: [{ groupId: group, topics: null }], requireStable: false }
    const { groups } = await ask(broker, OffsetFetchRequest, OffsetFetchResponse, 8, body)
    const offset = groups[0]?.topics[0]?.partitions[0]?.committedOffset ?? ErrorCode.UNKNOWN_SERVER_ERROR
    assert.ok(offset >= atLeast && offset <= asked, `the group is at ${offset}, and was promised ${atLeast}`)
  }

  #remember(name: string, partitions: number): void {
    this.#doubtful.delete(name)
    this.#gone.delete(name)
    const retentionMs = { promised: standardRetentionMs, asked: new Set<string>() }
    this.#topics.set(name, { partitions, sent: new Set(), retentionMs, records: new Map(), starts: new Map() })
  }
}
