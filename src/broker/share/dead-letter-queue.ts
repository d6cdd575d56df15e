/**
 * Sends dead letters to the topic that a share group has configured for them (KIP-1191; Kafka: ShareGroupDLQStateManager).
 *
 * As in Apache Kafka 4.4.0 the topic has to begin with `errors.deadletterqueue.topic.name.prefix` and to allow it
 * (`errors.deadletterqueue.group.enable`), and the partition is that of the record, counted round. What cannot be sent after some attempts is
 * given up, and whoever runs the broker hears of it: no group stops for its dead letters.
 */
import type { BrokerConfig } from '../../coordination/config/broker-config.ts'
import type { SharePartitionSettings } from '../../coordination/config/share-config.ts'
import type { ClusterImage, TopicImage } from '../../coordination/metadata/image.ts'
import type { Clock } from '../../host/clock.ts'
import { DiskError } from '../../host/disk.ts'
import { limits } from '../../limits.ts'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import { buildBatch } from '../../protocol/records/builder.ts'
import { type LogRecord, readRecords } from '../../protocol/records/reader.ts'
import { appendCommitted } from '../append-committed.ts'
import type { ControllerLine } from '../controller-line.ts'
import { type Peer, PeerUnreachable } from '../peer.ts'
import type { Replica } from '../replication/replica.ts'
import { type DeadLetters, deadLetter } from './dead-letters.ts'
import { batchesIn } from './share-reading.ts'

/** Of one partition of the topic of dead letters, for who leads it. */
export interface DeadLetterBatch {
  readonly topicId: string
  readonly partition: number
  readonly records: Buffer
}

export interface DeadLetterQueueOptions {
  readonly nodeId: number
  readonly clock: Clock
  readonly config: BrokerConfig
  readonly image: () => ClusterImage
  readonly controller: ControllerLine
  readonly peer: (nodeId: number) => Pick<Peer, 'appendDeadLetters'>
  readonly led: (topic: string, partition: number) => { readonly replica: Replica } | { readonly error: ErrorCode }
  readonly log: (line: string) => void
}

interface Burial {
  readonly groupId: string
  readonly replica: Replica
  readonly settings: SharePartitionSettings
}

/** Worth another attempt. */
const passing: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
])

export class DeadLetterQueue {
  readonly #options: DeadLetterQueueOptions
  /** Of topics that take none, so that it is told once. */
  readonly #toldOf = new Set<string>()

  constructor(options: DeadLetterQueueOptions) {
    this.#options = options
  }

  /** Resolves when they are safe, or given up. */
  async send(letters: readonly DeadLetters[], burial: Burial): Promise<void> {
    const name = burial.settings.deadLetterTopic
    if (name === null) return
    const objection = await this.#objectionTo(name)
    if (objection !== null) {
      this.#tell(name, objection)
      return
    }
    for (const one of letters)
      for (let first = one.firstOffset; first <= one.lastOffset; first += limits.deadLettersAtOnce) {
        const last = Math.min(one.lastOffset, first + limits.deadLettersAtOnce - 1)
        await this.#sendInParts({ ...one, firstOffset: first, lastOffset: last }, name, burial)
      }
  }

  /** What is too large for the topic is tried in halves. */
  async #sendInParts(letters: DeadLetters, name: string, burial: Burial): Promise<void> {
    const errorCode = await this.#sendSome(letters, name, burial)
    const { firstOffset, lastOffset } = letters
    if (errorCode === ErrorCode.MESSAGE_TOO_LARGE && firstOffset < lastOffset) {
      const middle = Math.floor((firstOffset + lastOffset) / 2)
      await this.#sendInParts({ ...letters, lastOffset: middle }, name, burial)
      await this.#sendInParts({ ...letters, firstOffset: middle + 1 }, name, burial)
    } else if (errorCode !== ErrorCode.NONE) this.#tell(name, `the attempt ended with ${errorName(errorCode)}`)
  }

  #tell(name: string, why: string): void {
    const what = `Dead letters of a share group do not come to topic ${name}: ${why}.`
    if (this.#toldOf.has(what) || this.#toldOf.size >= limits.deadLetterTroubles) return
    this.#toldOf.add(what)
    this.#options.log(what)
  }

  /** Why the topic takes none; one that is missing is made where that is configured. */
  async #objectionTo(name: string): Promise<string | null> {
    const { config, image } = this.#options
    const { prefix, areMade } = config.deadLetterTopics
    if (!name.startsWith(prefix)) return `its name does not begin with ${prefix}`
    if (image().topicByName(name) === undefined) {
      if (!areMade) return 'there is no such topic'
      if (!(await this.#make(name))) return 'it could not be made'
    }
    const isAllowed = image().topicConfig(name).get('errors.deadletterqueue.group.enable') === 'true'
    return isAllowed ? null : 'it does not allow it (errors.deadletterqueue.group.enable)'
  }

  async #make(name: string): Promise<boolean> {
    const { controller, config, image } = this.#options
    const made = {
      partitions: Number(config.get('num.partitions')),
      replicationFactor: Number(config.get('default.replication.factor')),
      config: { 'errors.deadletterqueue.group.enable': 'true', 'message.timestamp.type': 'CreateTime' }
    }
    try {
      await controller.ask((asked) => asked.createInternalTopic(name, made))
      return image().topicByName(name) !== undefined
    } catch (error) {
      if (error instanceof PeerUnreachable) return false
      throw error
    }
  }

  async #sendSome(letters: DeadLetters, name: string, burial: Burial): Promise<ErrorCode> {
    const { clock, image } = this.#options
    const records = recordsOf(letters, burial, clock.nowMs())
    let errorCode: ErrorCode = ErrorCode.NONE
    for (let attempt = 1; attempt <= limits.deadLetterAttempts; attempt += 1) {
      const topic = image().topicByName(name)
      if (topic === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      errorCode = await this.#sendTo(topic, burial.replica.partition % topic.partitions.length, records)
      if (!passing.has(errorCode)) return errorCode
      const pauseMs = limits.deadLetterPauseMs * 2 ** (attempt - 1)
      if (attempt < limits.deadLetterAttempts) await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    }
    return errorCode
  }

  async #sendTo(topic: TopicImage, partition: number, records: Buffer): Promise<ErrorCode> {
    const { nodeId, peer } = this.#options
    const leader = topic.partitions[partition]?.leader ?? -1
    const batch = { topicId: topic.id, partition, records }
    if (leader === nodeId) return this.append(batch)
    if (leader < 0) return ErrorCode.NOT_LEADER_OR_FOLLOWER
    try {
      return await peer(leader).appendDeadLetters(batch)
    } catch (error) {
      if (error instanceof PeerUnreachable) return ErrorCode.NOT_LEADER_OR_FOLLOWER
      throw error
    }
  }

  /** To a partition that is led here. Resolves when they are committed, or cannot be. */
  async append({ topicId, partition, records }: DeadLetterBatch): Promise<ErrorCode> {
    const { clock, image, led } = this.#options
    const found = led(image().topicById(topicId)?.name ?? '', partition)
    if ('error' in found) return found.error
    const { replica } = found
    const patience = { clock, timeoutMs: limits.deadLetterCommitMs }
    return appendCommitted(replica, () => replica.append(records, 'client'), patience)
  }
}

function recordsOf(letters: DeadLetters, { groupId, replica, settings }: Burial, timestamp: number): Buffer {
  const { topic, partition } = replica
  const { firstOffset, lastOffset, deliveryCount, why } = letters
  const copied = settings.copiesDeadLetters ? copiesOf(replica, firstOffset, lastOffset) : new Map<number, LogRecord>()
  const records = Array.from({ length: lastOffset - firstOffset + 1 }, (_, index) => {
    const offset = firstOffset + index
    const record = copied.get(offset) ?? null
    return deadLetter({ topic, partition, groupId, offset, deliveryCount, why, record }, timestamp)
  })
  return buildBatch({ records })
}

/** What of the records the log still has, up to a size. */
function copiesOf(replica: Replica, firstOffset: number, lastOffset: number): Map<number, LogRecord> {
  const copies = new Map<number, LogRecord>()
  const memory = { take: (sizeBytes: number) => Buffer.allocUnsafe(sizeBytes) }
  const how = { maxBytes: limits.deadLetterReadBytes, upTo: lastOffset + 1, atLeastOneBatch: 'yes' as const, memory }
  try {
    const read = replica.log.read(Math.max(firstOffset, replica.log.logStartOffset), how)
    if ('error' in read) return copies
    for (const chunk of read.chunks)
      for (const position of batchesIn(chunk))
        for (const record of readRecords(chunk.subarray(position)))
          if (record.offset >= firstOffset && record.offset <= lastOffset) copies.set(record.offset, record)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
  return copies
}
