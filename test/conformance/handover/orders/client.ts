/** A client of either broker, by raw requests: what the orders of stays write, and what they look at. */
import { readRecords } from '../../../../src/protocol/records/reader.ts'
import { type KeyedValue, recordBatch } from '../../../harness/record-batch.ts'
import { blob, int8, int16, int32, int64, list, RawConnection, type Reader, text } from '../../../harness/wire.ts'

/** Errors of a broker that is still getting ready: LEADER_NOT_AVAILABLE, NOT_LEADER, COORDINATOR_LOAD_IN_PROGRESS, … */
const transient: ReadonlySet<number> = new Set([3, 5, 6, 14, 15, 16, 51, 74, 78])
const patienceMs = 20_000

export interface Producer {
  readonly id: number
  readonly epoch: number
}

export interface Sequenced extends Producer {
  readonly sequence: number
  readonly isTransactional: boolean
}

export interface StoredRecord {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
}

export interface Fetched {
  readonly records: readonly StoredRecord[]
  /** From where on nothing is stable. */
  readonly lastStableOffset: number
}

export interface TopicShape {
  readonly name: string
  readonly partitions: number
}

export class Client {
  readonly #connection: RawConnection

  private constructor(connection: RawConnection) {
    this.#connection = connection
  }

  static async open(bootstrap: string): Promise<Client> {
    return new Client(await RawConnection.open(bootstrap))
  }

  close(): void {
    this.#connection.close()
  }

  /** Metadata, version 1, of all topics that are not the broker's own. */
  async topics(): Promise<TopicShape[]> {
    const answer = await this.#connection.ask(3, 1, int32(-1))
    answer.list(() => [answer.int32(), answer.text(), answer.int32(), answer.text()])
    answer.int32()
    const topics = answer.list(() => {
      const errorCode = answer.int16()
      const name = answer.text() ?? ''
      const isInternal = answer.int8() === 1
      const partitions = answer.list(() => {
        answer.int16()
        answer.int32()
        answer.int32()
        answer.list(() => answer.int32())
        return answer.list(() => answer.int32())
      }).length
      return { errorCode, name, isInternal, partitions }
    })
    return topics.filter(({ isInternal }) => !isInternal).map(({ name, partitions }) => ({ name, partitions }))
  }

  async createTopic(name: string, partitions: number, config: ReadonlyMap<string, string>): Promise<void> {
    const configs = list([...config].map(([key, value]) => Buffer.concat([text(key), text(value)])))
    const topic = Buffer.concat([text(name), int32(partitions), int16(1), list([]), configs])
    const body = Buffer.concat([list([topic]), int32(30_000), int8(0)])
    await this.#eventually('CreateTopics', async () => {
      const answer = await this.#connection.ask(19, 2, body, 40_000)
      answer.int32()
      return this.#first(answer, () => [answer.text(), answer.int16(), answer.text()][1])
    })
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#eventually('DeleteTopics', async () => {
      const answer = await this.#connection.ask(20, 1, Buffer.concat([list([text(name)]), int32(30_000)]), 40_000)
      answer.int32()
      return this.#first(answer, () => [answer.text(), answer.int16()][1])
    })
  }

  async growTopic(name: string, partitions: number): Promise<void> {
    const topic = Buffer.concat([text(name), int32(partitions), int32(-1)])
    await this.#eventually('CreatePartitions', async () => {
      const answer = await this.#connection.ask(37, 0, Buffer.concat([list([topic]), int32(30_000), int8(0)]), 40_000)
      answer.int32()
      return this.#first(answer, () => [answer.text(), answer.int16(), answer.text()][1])
    })
  }

  /** IncrementalAlterConfigs, version 0, of one setting of a topic; a null value takes it back. */
  async configure(topic: string, key: string, value: string | null): Promise<void> {
    const change = Buffer.concat([text(key), int8(value === null ? 1 : 0), text(value)])
    const body = Buffer.concat([list([Buffer.concat([int8(2), text(topic), list([change])])]), int8(0)])
    await this.#eventually('IncrementalAlterConfigs', async () => {
      const answer = await this.#connection.ask(44, 0, body)
      answer.int32()
      return this.#first(answer, () => [answer.int16(), answer.text(), answer.int8(), answer.text()][0])
    })
  }

  /** DescribeConfigs, version 1: what was set for a topic. */
  async configOf(topic: string): Promise<Map<string, string>> {
    const body = Buffer.concat([list([Buffer.concat([int8(2), text(topic), int32(-1)])]), int8(0)])
    const answer = await this.#connection.ask(32, 1, body)
    answer.int32()
    const set = new Map<string, string>()
    answer.list(() => {
      const errorCode = answer.int16()
      if (errorCode !== 0) throw new Error(`DescribeConfigs of ${topic}: error ${errorCode}`)
      answer.text()
      answer.int8()
      answer.text()
      answer.list(() => {
        const key = answer.text() ?? ''
        const value = answer.text() ?? ''
        answer.int8()
        const source = answer.int8()
        answer.int8()
        answer.list(() => [answer.text(), answer.text(), answer.int8()])
        if (source === 1) set.set(key, value)
      })
    })
    return set
  }

  /** Produce, version 3, acks=all; gives the offset of the first record. */
  async produce(
    topic: string,
    partition: number,
    records: readonly KeyedValue[],
    by: (Sequenced & { readonly transactionalId?: string }) | null = null
  ): Promise<number> {
    const producer = by && { producerId: by.id, producerEpoch: by.epoch, baseSequence: by.sequence }
    const batch = recordBatch(records, { ...producer, attributes: by?.isTransactional ? 0x10 : 0 })
    const partitions = list([Buffer.concat([int32(partition), blob(batch)])])
    const topics = list([Buffer.concat([text(topic), partitions])])
    const body = Buffer.concat([text(by?.transactionalId ?? null), int16(-1), int32(10_000), topics])
    let baseOffset = -1
    await this.#eventually(`Produce to ${topic}-${partition}`, async () => {
      const answer = await this.#connection.ask(0, 3, body, 20_000)
      return this.#firstOfFirst(answer, () => {
        answer.int32()
        const errorCode = answer.int16()
        baseOffset = answer.int64()
        answer.int64()
        return errorCode
      })
    })
    return baseOffset
  }

  /** Everything from the beginning of a partition up to its end. Fetch, version 4. */
  async fetchAll(topic: string, partition: number, end: number): Promise<Fetched> {
    const records: StoredRecord[] = []
    let lastStableOffset = -1
    for (let offset = await this.offset(topic, partition, -2); offset < end || lastStableOffset < 0; ) {
      const wanted = list([Buffer.concat([int32(partition), int64(offset), int32(1_000_000)])])
      const limits = [int32(-1), int32(0), int32(1), int32(1_000_000), int8(0)]
      const body = Buffer.concat([...limits, list([Buffer.concat([text(topic), wanted])])])
      let bytes: Buffer = Buffer.alloc(0)
      await this.#eventually(`Fetch of ${topic}-${partition} at ${offset}`, async () => {
        const answer = await this.#connection.ask(1, 4, body)
        answer.int32()
        return this.#firstOfFirst(answer, () => {
          answer.int32()
          const errorCode = answer.int16()
          answer.int64()
          lastStableOffset = answer.int64()
          answer.list(() => [answer.int64(), answer.int64()])
          bytes = answer.blob()
          return errorCode
        })
      })
      let position = 0
      const before = offset
      for (; bytes.length - position >= 61; ) {
        const sizeBytes = 12 + bytes.readInt32BE(position + 8)
        if (position + sizeBytes > bytes.length) break
        const batch = Buffer.from(bytes.subarray(position, position + sizeBytes))
        const isControl = (batch.readInt16BE(21) & 0x20) !== 0
        if (!isControl) {
          for (const record of readRecords(batch)) {
            const { key, value } = record
            if (record.offset >= before) {
              records.push({ offset: record.offset, key: key?.toString() ?? null, value: value?.toString() ?? null })
            }
          }
        }
        offset = Number(batch.readBigInt64BE(0)) + batch.readInt32BE(23) + 1
        position += sizeBytes
      }
      if (offset === before && offset < end)
        throw new Error(`${topic}-${partition} gives nothing at ${offset}, its end is ${end}`)
      if (offset === before) break
    }
    return { records, lastStableOffset }
  }

  /** ListOffsets, version 1: -1 for the end, -2 for the beginning. */
  async offset(topic: string, partition: number, timestamp: number): Promise<number> {
    const wanted = list([Buffer.concat([int32(partition), int64(timestamp)])])
    const body = Buffer.concat([int32(-1), list([Buffer.concat([text(topic), wanted])])])
    let offset = -1
    await this.#eventually(`ListOffsets of ${topic}-${partition}`, async () => {
      const answer = await this.#connection.ask(2, 1, body)
      return this.#firstOfFirst(answer, () => {
        answer.int32()
        const errorCode = answer.int16()
        answer.int64()
        offset = answer.int64()
        return errorCode
      })
    })
    return offset
  }

  async deleteRecordsBefore(topic: string, partition: number, offset: number): Promise<void> {
    const wanted = list([Buffer.concat([int32(partition), int64(offset)])])
    const body = Buffer.concat([list([Buffer.concat([text(topic), wanted])]), int32(10_000)])
    await this.#eventually(`DeleteRecords of ${topic}-${partition}`, async () => {
      const answer = await this.#connection.ask(21, 0, body)
      answer.int32()
      return this.#firstOfFirst(answer, () => [answer.int32(), answer.int64(), answer.int16()][2])
    })
  }

  /** OffsetCommit, version 2, of a group without members. */
  async commit(group: string, topic: string, partition: number, offset: number): Promise<void> {
    const wanted = list([Buffer.concat([int32(partition), int64(offset), text(null)])])
    const topics = list([Buffer.concat([text(topic), wanted])])
    const body = Buffer.concat([text(group), int32(-1), text(''), int64(-1), topics])
    await this.#eventually(`OffsetCommit of ${group}`, async () => {
      const answer = await this.#connection.ask(8, 2, body)
      return this.#firstOfFirst(answer, () => [answer.int32(), answer.int16()][1])
    })
  }

  /** OffsetFetch, version 1: -1 where nothing was committed. */
  async committed(group: string, topic: string, partition: number): Promise<number> {
    const body = Buffer.concat([text(group), list([Buffer.concat([text(topic), list([int32(partition)])])])])
    let offset = -1
    await this.#eventually(`OffsetFetch of ${group}`, async () => {
      const answer = await this.#connection.ask(9, 1, body)
      return this.#firstOfFirst(answer, () => {
        answer.int32()
        offset = answer.int64()
        answer.text()
        return answer.int16()
      })
    })
    return offset
  }

  /** FindCoordinator, version 1: makes the topic that it keeps its state in, when it is not there yet. */
  async findCoordinator(of: 'group' | 'transaction'): Promise<void> {
    await this.#eventually('FindCoordinator', async () => {
      const answer = await this.#connection.ask(10, 1, Buffer.concat([text('any'), int8(of === 'group' ? 0 : 1)]))
      answer.int32()
      return answer.int16()
    })
  }

  /** A member of the new group protocol (KIP-848) comes and goes. ConsumerGroupHeartbeat, version 1. */
  async visitGroup(group: string, memberId: string, topic: string): Promise<void> {
    const body = (memberEpoch: number, topics: Buffer) => {
      const whose = Buffer.concat([compact(group), compact(memberId), int32(memberEpoch), int8(0), int8(0)])
      const nothing = memberEpoch < 0 ? int8(0) : int8(1)
      return Buffer.concat([int8(0), whose, int32(60_000), topics, int8(0), int8(0), nothing, int8(0)])
    }
    const subscribed = Buffer.concat([int8(2), compact(topic)])
    for (const bytes of [body(0, subscribed), body(-1, int8(0))]) {
      await this.#eventually('ConsumerGroupHeartbeat', async () => {
        const answer = await this.#connection.ask(68, 1, bytes)
        answer.int8()
        answer.int32()
        return answer.int16()
      })
    }
  }

  /** InitProducerId, version 0. */
  async producer(transactionalId: string | null): Promise<Producer> {
    let producer = { id: -1, epoch: -1 }
    await this.#eventually('InitProducerId', async () => {
      const answer = await this.#connection.ask(22, 0, Buffer.concat([text(transactionalId), int32(900_000)]))
      answer.int32()
      const errorCode = answer.int16()
      producer = { id: answer.int64(), epoch: answer.int16() }
      return errorCode
    })
    return producer
  }

  /** AddPartitionsToTxn, version 0, of one partition. */
  async addToTransaction(transactionalId: string, by: Producer, topic: string, partition: number): Promise<void> {
    const topics = list([Buffer.concat([text(topic), list([int32(partition)])])])
    const body = Buffer.concat([text(transactionalId), int64(by.id), int16(by.epoch), topics])
    await this.#eventually('AddPartitionsToTxn', async () => {
      const answer = await this.#connection.ask(24, 0, body)
      answer.int32()
      return this.#firstOfFirst(answer, () => [answer.int32(), answer.int16()][1])
    })
  }

  /** AddOffsetsToTxn and TxnOffsetCommit, version 0. */
  async commitInTransaction(
    transactionalId: string,
    by: Producer,
    place: { readonly group: string; readonly topic: string; readonly partition: number; readonly offset: number }
  ): Promise<void> {
    const { group, topic, partition, offset } = place
    const whose = Buffer.concat([int64(by.id), int16(by.epoch)])
    await this.#eventually('AddOffsetsToTxn', async () => {
      const answer = await this.#connection.ask(25, 0, Buffer.concat([text(transactionalId), whose, text(group)]))
      answer.int32()
      return answer.int16()
    })
    const partitions = list([Buffer.concat([int32(partition), int64(offset), text(null)])])
    const topics = list([Buffer.concat([text(topic), partitions])])
    await this.#eventually('TxnOffsetCommit', async () => {
      const answer = await this.#connection.ask(
        28,
        0,
        Buffer.concat([text(transactionalId), text(group), whose, topics])
      )
      answer.int32()
      return this.#firstOfFirst(answer, () => [answer.int32(), answer.int16()][1])
    })
  }

  async endTransaction(transactionalId: string, by: Producer, outcome: 'commit' | 'abort'): Promise<void> {
    const committed = int8(outcome === 'commit' ? 1 : 0)
    const body = Buffer.concat([text(transactionalId), int64(by.id), int16(by.epoch), committed])
    await this.#eventually('EndTxn', async () => {
      const answer = await this.#connection.ask(26, 0, body)
      answer.int32()
      return answer.int16()
    })
  }

  /** Waits for what a broker has answered before it is done. */
  async untilEnd(topic: string, partition: number, end: number): Promise<void> {
    await this.#until(`the end of ${topic}-${partition}`, end, () => this.offset(topic, partition, -1))
  }

  async untilCommitted(group: string, topic: string, partition: number, offset: number): Promise<void> {
    await this.#until(`what ${group} has committed`, offset, () => this.committed(group, topic, partition))
  }

  async #until(what: string, expected: number, look: () => Promise<number>): Promise<void> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const found = await look()
      if (found === expected) return
      if (Date.now() > deadline) throw new Error(`${what} is ${found}, not ${expected}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  #first(answer: Reader, errorCodeOf: () => string | number | null | undefined): number {
    const [errorCode] = answer.list(errorCodeOf)
    return Number(errorCode)
  }

  #firstOfFirst(answer: Reader, errorCodeOf: () => string | number | null | undefined): number {
    const [errorCode] = answer.list(() => {
      answer.text()
      return this.#first(answer, errorCodeOf)
    })
    return Number(errorCode)
  }

  async #eventually(what: string, ask: () => Promise<number>): Promise<void> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const errorCode = await ask()
      if (errorCode === 0) return
      if (!transient.has(errorCode) || Date.now() > deadline)
        throw new Error(`${what} is answered with error ${errorCode}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** A string of the flexible versions. */
function compact(value: string): Buffer {
  return Buffer.concat([int8(value.length + 1), Buffer.from(value)])
}
