/**
 * What the broker has promised to its clients, and what they have seen: each new answer is held against all before.
 *
 * - What was acknowledged is there, once, at the offset that was told, and in the order of its producer: acks=all for ever,
 *   acks=1 until the power is cut, or another leads.
 * - Offsets have no holes, and what one reader has seen at an offset every later reader sees.
 * - A log begins no later than somebody asked for; a group's offset never goes back; a topic stays until it is deleted.
 */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

export type Acks = -1 | 0 | 1

interface Sent {
  readonly producer: string
  readonly sequence: number
}

export class PartitionLedger {
  readonly where: string
  readonly copies: () => number
  readonly sent = new Map<string, Sent>()
  /** Acknowledged, by offset. */
  readonly durable = new Map<number, string>()
  readonly written = new Map<number, string>()
  readonly seen = new Map<number, string>()
  /** The offset at which a value was seen. */
  readonly #offsets = new Map<string, number>()
  startAsked = 0
  startPromised = 0
  /** The largest end that anybody was told of as readable. */
  readableEnd = 0
  /** What happened, for whoever looks into a failure. */
  readonly #history: string[] = []
  readonly #now: () => string

  readonly #epochNow: () => number | null
  /** The leader epoch in which acks=1 was acknowledged last. */
  #writtenIn: number | null = null

  constructor(where: string, copies: () => number, epochNow: () => number | null, now: () => string) {
    this.where = where
    this.#now = now
    this.copies = copies
    this.#epochNow = epochNow
  }

  /** For whoever looks into a failure. */
  note(what: string): void {
    this.#history.push(`${this.#now()}  ${what}`)
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
    return this.copies() > 1 && offset < this.startAsked
  }

  /** A reader was told where the log begins, and how far it may read; before it asked, somebody had read up to `readBefore`. */
  bounds(startOffset: number, endOffset: number, readBefore: number): void {
    if (startOffset > this.startAsked)
      this.fail(`it begins at ${startOffset}; nobody asked for more than ${this.startAsked}`)
    if (endOffset < readBefore) this.fail(`it ends at ${endOffset}; a reader had read up to ${readBefore}`)
  }

  powerCut(): void {
    this.written.clear()
  }

  /** All from the log's beginning to its end was read: whatever was promised is there. */
  complete(startOffset: number, endOffset: number): void {
    this.#forgetOlderEpochs()
    this.bounds(startOffset, endOffset, this.readableEnd)
    // Of several copies, another may lead that has not heard of the trim.
    if (this.copies() === 1 && startOffset < this.startPromised)
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
  /** How many brokers have it. */
  copies: number
  readonly name: string
  partitions: PartitionLedger[]
  state: 'there' | 'being deleted' | 'gone'
}

interface Committed {
  atLeast: number
  asked: number
}

export class Ledger {
  readonly #topics = new Map<string, Topic>()
  readonly #commits = new Map<string, Committed>()
  readonly counts = { acknowledged: 0, read: 0, committed: 0, topics: 0 }
  readonly #now: () => string
  readonly #epochOf: (topicId: string, partition: number) => number | null

  /** In which leader epoch a partition is, as the cluster itself knows it; null when that cannot be said. */
  constructor(epochOf: (topicId: string, partition: number) => number | null, now: () => string) {
    this.#epochOf = epochOf
    this.#now = now
  }

  get topics(): readonly Topic[] {
    return [...this.#topics.values()].filter(({ state }) => state === 'there')
  }

  topic(id: string): Topic | undefined {
    return this.#topics.get(id)
  }

  /** Somebody was told that the topic is there, with so many partitions. */
  topicIs(id: string, name: string, partitions: number, copies: number): void {
    const known = this.#topics.get(id)
    if (known?.state === 'gone') throw new BrokenPromise(`${name} (${id}) was deleted, and is there again`)
    const topic: Topic = known ?? { id, name, copies, partitions: [], state: 'there' }
    if (known === undefined) this.counts.topics += 1
    this.#topics.set(id, topic)
    topic.copies = copies
    if (partitions < topic.partitions.length)
      throw new BrokenPromise(`${name} has ${partitions} partitions, and had ${topic.partitions.length}`)
    for (let index = topic.partitions.length; index < partitions; index += 1) {
      topic.partitions.push(this.#partition(topic, index))
    }
  }

  #partition(topic: Topic, index: number): PartitionLedger {
    const { id, name } = topic
    return new PartitionLedger(
      `${name}-${index} (${id})`,
      () => topic.copies,
      () => this.#epochOf(id, index),
      this.#now
    )
  }

  powerCut(): void {
    for (const topic of this.#topics.values()) for (const partition of topic.partitions) partition.powerCut()
  }

  commitAsked(group: string, topicId: string, partition: number, offset: number): void {
    const commit = this.#commitOf(group, topicId, partition)
    commit.asked = Math.max(commit.asked, offset)
  }

  committed(group: string, topicId: string, partition: number, offset: number): void {
    this.counts.committed += 1
    const commit = this.#commitOf(group, topicId, partition)
    commit.atLeast = Math.max(commit.atLeast, offset)
  }

  /** A group was told where it is; -1 is nowhere. */
  fetchedCommit(group: string, topicId: string, partition: number, offset: number): void {
    const { atLeast, asked } = this.#commitOf(group, topicId, partition)
    if (offset >= atLeast && offset <= asked) return
    throw new BrokenPromise(
      `${group} is at ${offset} of ${topicId}-${partition}: ${atLeast} was acknowledged, ${asked} asked for`
    )
  }

  #commitOf(group: string, topicId: string, partition: number): Committed {
    const key = `${group} ${topicId} ${partition}`
    const known = this.#commits.get(key) ?? { atLeast: -1, asked: -1 }
    this.#commits.set(key, known)
    return known
  }
}
