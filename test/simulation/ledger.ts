/**
 * What the broker has promised to its clients, and what they have seen: each new answer is held against all before.
 *
 * - What was acknowledged is there, once, at the offset that was told, and in the order of its producer: acks=all for ever,
 *   acks=1 until the power is cut, or another leads.
 * - Offsets have no holes, and what one reader has seen at an offset every later reader sees.
 * - A log begins no later than somebody asked for; a topic stays until it is deleted. (Of groups: `group-ledger.ts`.)
 * - Where a topic allows unclean elections, all this may be given up for having a leader: it still has no holes, and nothing that
 *   nobody sent.
 */
import { BrokenPromise } from './broken-promise.ts'
import { KeyLedgers } from './compacted/key-ledger.ts'
import { GroupLedger } from './group-ledger.ts'
import { ShareRecordLedger } from './share-members/share-record-ledger.ts'
import { ShareStateLedger } from './share-states/share-state-ledger.ts'
import { TransactionLedger } from './transactions/transaction-ledger.ts'

/** The topic that allows unclean elections, where there is one. */
export const looseTopic = 'drafts'
/** Those that are compacted, where there are some: what is promised of them is another thing (`compacted/key-ledger.ts`). */
export const compactedTopics: readonly string[] = ['menu', 'tables']
/** Those that transactions write to, where there are some (`transactions/transaction-ledger.ts`). */
export const [inputTopic, outputTopic] = ['bills', 'receipts']
/** The one whose partitions are shared, where there is one: nobody writes to it (`share-states/share-state-ledger.ts`). */
export const shareTopic = 'shelf'
/** The one that members of a share group read, where there are some (`share-members/share-record-ledger.ts`). */
export const sharedTopic = 'buffet'
const apart: readonly string[] = [...compactedTopics, inputTopic, outputTopic, shareTopic, sharedTopic]

export type Acks = -1 | 0 | 1

interface Sent {
  readonly producer: string
  readonly sequence: number
}

export class PartitionLedger {
  readonly where: string
  /** Whether an unclean election may take what was promised. */
  readonly isLoose: boolean
  readonly sent = new Map<string, Sent>()
  /** Acknowledged, by offset. */
  readonly durable = new Map<number, string>()
  readonly written = new Map<number, string>()
  readonly seen = new Map<number, string>()
  /** The offset at which a value was seen. */
  readonly #offsets = new Map<string, number>()
  startAsked = 0
  startPromised = 0
  /** Where the log begins at these brokers, at least, as long as they have the same copy. */
  readonly #startsAt = new Map<number, number>()
  /** The largest end that anybody was told of as readable. */
  readableEnd = 0
  /** The largest end that was told in each leader epoch. */
  readonly endTold = new Map<number, number>()
  /** The brokers that an administrator was told will have it, since nobody asked for others; null when that cannot be said. */
  replicasWanted: readonly number[] | null = null
  /** The one broker that has had it all the time; null before anybody looked, 'several' when there were more. */
  #keptBy: number | 'several' | null = null
  /** What happened, for whoever looks into a failure. */
  readonly #history: string[] = []
  readonly #now: () => string

  readonly #epochNow: () => number | null
  /** The leader epoch in which acks=1 was acknowledged last. */
  #writtenIn: number | null = null

  constructor(where: string, isLoose: boolean, epochNow: () => number | null, now: () => string) {
    this.where = where
    this.#now = now
    this.isLoose = isLoose
    this.#epochNow = epochNow
  }

  /** For whoever looks into a failure. */
  note(what: string): void {
    this.#history.push(`${this.#now()}  ${what}`)
  }

  /** It was trimmed, and the leader has said so: there that is safe. (Followers write it down from time to time, as Kafka's do.) */
  trimmed(leader: number, startOffset: number): void {
    this.note(`trimmed up to ${startOffset} at node ${leader}`)
    this.startPromised = Math.max(this.startPromised, startOffset)
    this.#startsAt.set(leader, Math.max(startOffset, this.#startsAt.get(leader) ?? 0))
  }

  /** A broker has another copy than before, or none. */
  forgetTrims(node: number): void {
    this.#startsAt.delete(node)
  }

  /** Up to where this broker has said that it has trimmed the copy it has now. */
  trimmedAt(node: number): number {
    return this.#startsAt.get(node) ?? 0
  }

  /** A broker leads with a log that begins here; `promised`: what it had said before that was asked. */
  ledFrom(node: number, startOffset: number, promised = this.trimmedAt(node)): void {
    if (startOffset < promised)
      this.lost(`node ${node} leads from ${startOffset} on, and had trimmed it up to ${promised}`)
  }

  /** These brokers have it now. */
  isOn(replicas: readonly number[]): void {
    const [only = -1] = replicas
    const isSame = this.#keptBy === null || this.#keptBy === only
    this.#keptBy = replicas.length === 1 && isSame ? only : 'several'
    for (const node of this.#startsAt.keys()) if (!replicas.includes(node)) this.#startsAt.delete(node)
  }

  get epoch(): number | null {
    return this.#epochNow()
  }

  send(value: string, producer: string, sequence: number): void {
    this.sent.set(value, { producer, sequence })
  }

  acknowledge(offset: number, value: string, acks: Acks): void {
    this.#forgetOlderEpochs()
    if (acks === 1) this.#writtenIn = this.epoch
    this.note(`${value} acknowledged at ${offset} (acks=${acks})`)
    if (this.isLoose) return
    const promises = acks === -1 ? this.durable : this.written
    this.#expect(promises.get(offset) ?? value, value, `was acknowledged at ${offset} twice`)
    promises.set(offset, value)
    const seen = this.seen.get(offset)
    if (seen !== undefined) this.#expect(value, seen, `was acknowledged at ${offset}, where a reader had seen another`)
  }

  /** A reader got the record; `expectedOffset` is the one behind the record that it got before. */
  see(offset: number, value: string, expectedOffset: number): void {
    this.#forgetOlderEpochs()
    this.#expect(expectedOffset, offset, 'came behind a hole, or again')
    if (!this.sent.has(value)) this.fail(`offset ${offset} has ${value}, which nobody sent here`)
    if (this.isLoose) return
    const before = this.seen.get(offset)
    this.#expect(before ?? value, value, `was read at ${offset}, where another was read before`)
    const elsewhere = this.#offsets.get(value) ?? offset
    if (elsewhere !== offset && !this.#mayComeAgain(elsewhere))
      this.fail(`${value} is there twice, at ${elsewhere} and ${offset}`)
    for (const promises of [this.durable, this.written]) {
      this.#expect(promises.get(offset) ?? value, value, `was read at ${offset}, where another was acknowledged`)
    }
    this.seen.set(offset, value)
    this.#offsets.set(value, offset)
    this.readableEnd = Math.max(this.readableEnd, offset + 1)
  }

  /**
   * What was trimmed, and is sent again. Who has written what is known from the batches of a log (Kafka: ProducerStateManager), and a
   * replica that is filled anew has none of those that were trimmed: what their producer sends again is new to it.
   */
  #mayComeAgain(offset: number): boolean {
    return this.#keptBy === 'several' && offset < this.startAsked
  }

  /** A reader was told where the log begins, and how far it may read; before it asked, somebody had read up to `readBefore`. */
  bounds(startOffset: number, endOffset: number, readBefore: number): void {
    if (this.isLoose) return
    if (startOffset > this.startAsked)
      this.fail(`it begins at ${startOffset}; nobody asked for more than ${this.startAsked}`)
    if (endOffset < readBefore) this.fail(`it ends at ${endOffset}; a reader had read up to ${readBefore}`)
  }

  powerCut(): void {
    this.written.clear()
  }

  /** All from the log's beginning to its end was read: whatever was promised is there. */
  complete(startOffset: number, endOffset: number): void {
    if (this.isLoose) return
    this.#forgetOlderEpochs()
    this.bounds(startOffset, endOffset, this.readableEnd)
    // Of several copies, another may lead that has not heard of the trim.
    if (this.#keptBy !== 'several' && startOffset < this.startPromised)
      this.fail(`it begins at ${startOffset}, and was trimmed up to ${this.startPromised}`)
    for (const promises of [this.durable, this.written]) {
      for (const [offset, value] of promises) {
        if (offset >= startOffset)
          this.#expect(value, this.seen.get(offset), `was acknowledged at ${offset}, and is not there`)
      }
    }
    this.#expectOrder()
  }

  /** The next leader may not have what the last one acknowledged with acks=1. */
  #forgetOlderEpochs(): void {
    const { epoch } = this
    if (epoch !== null && epoch !== this.#writtenIn) this.written.clear()
  }

  /** What was promised is not there. */
  lost(what: string): void {
    if (!this.isLoose) this.fail(what)
  }

  fail(what: string): never {
    throw new BrokenPromise([`${this.where}: ${what}`, ...this.#history.slice(-60)].join('\n  '))
  }

  /** What an idempotent producer sent in order lies in order. Values of others have no sequence (-1). */
  #expectOrder(): void {
    const last = new Map<string, number>()
    for (const [offset, value] of [...this.seen].sort(([one], [other]) => one - other)) {
      const sent = this.sent.get(value)
      if (sent === undefined || sent.sequence < 0) continue
      // It came again.
      if (this.#offsets.get(value) !== offset) continue
      const before = last.get(sent.producer) ?? -1
      if (sent.sequence <= before) this.fail(`${value} at ${offset} lies behind a later one of ${sent.producer}`)
      last.set(sent.producer, sent.sequence)
    }
  }

  #expect<T>(wanted: T, found: T, what: string): void {
    if (wanted !== found) this.fail(`${found} ${what}: ${wanted}`)
  }
}

export interface Topic {
  readonly id: string
  readonly name: string
  /** Whether it allows unclean elections. */
  readonly isLoose: boolean
  partitions: PartitionLedger[]
  state: 'there' | 'being deleted' | 'gone'
}

export class Ledger {
  readonly #topics = new Map<string, Topic>()
  readonly groups: GroupLedger
  readonly shares = new ShareStateLedger()
  readonly sharedRecords = new ShareRecordLedger()
  readonly keys = new KeyLedgers()
  readonly transactions = new TransactionLedger()
  readonly counts = { acknowledged: 0, read: 0, topics: 0 }
  readonly #now: () => string
  readonly #epochOf: (topicId: string, partition: number) => number | null

  /** In which leader epoch a partition is, as the cluster itself knows it; null when that cannot be said. */
  constructor(
    epochOf: (topicId: string, partition: number) => number | null,
    { now, nowMicros }: { readonly now: () => string; readonly nowMicros: () => number }
  ) {
    this.#epochOf = epochOf
    this.#now = now
    this.groups = new GroupLedger(nowMicros)
  }

  /** Without those of which other things are promised. */
  get topics(): readonly Topic[] {
    return [...this.#topics.values()].filter(({ state, name }) => state === 'there' && !apart.includes(name))
  }

  get compacted(): readonly Topic[] {
    return [...this.#topics.values()].filter(({ name }) => compactedTopics.includes(name))
  }

  get sharedTopic(): Topic | null {
    return [...this.#topics.values()].find(({ name }) => name === sharedTopic) ?? null
  }

  get transactional(): readonly Topic[] {
    return [...this.#topics.values()].filter(({ name }) => name === inputTopic || name === outputTopic)
  }

  /** A broker has another copy of a partition than before, or of all of them. */
  otherCopy(node: number, directory: string | null): void {
    for (const { name, partitions } of this.#topics.values()) {
      for (const [index, partition] of partitions.entries()) {
        if (directory === null || directory === `${name}-${index}`) partition.forgetTrims(node)
      }
    }
  }

  topic(id: string): Topic | undefined {
    return this.#topics.get(id)
  }

  /** Somebody was told that the topic is there, with so many partitions. */
  topicIs(id: string, name: string, partitions: number): void {
    const known = this.#topics.get(id)
    if (known?.state === 'gone') throw new BrokenPromise(`${name} (${id}) was deleted, and is there again`)
    const topic: Topic = known ?? { id, name, isLoose: name === looseTopic, partitions: [], state: 'there' }
    if (known === undefined) this.counts.topics += 1
    this.#topics.set(id, topic)
    if (partitions < topic.partitions.length)
      throw new BrokenPromise(`${name} has ${partitions} partitions, and had ${topic.partitions.length}`)
    for (let index = topic.partitions.length; index < partitions; index += 1) {
      topic.partitions.push(this.#partition(topic, index))
    }
  }

  #partition({ id, name, isLoose }: Topic, index: number): PartitionLedger {
    return new PartitionLedger(`${name}-${index} (${id})`, isLoose, () => this.#epochOf(id, index), this.#now)
  }

  powerCut(): void {
    for (const topic of this.#topics.values()) for (const partition of topic.partitions) partition.powerCut()
  }
}
