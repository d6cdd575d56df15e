/**
 * The records that come: as many of the newest as a person can read, a few times a second, and how many more there were. A busy topic is sampled
 * so. It is read once, however many look; a page that does not take what it is sent costs no more memory than fifty records.
 */
import type { Cluster } from '../../cli/cluster.ts'
import type { ConsumedRecord } from '../../cli/record.ts'
import { untilInterrupted } from '../../cli/until-interrupted.ts'
import { pauseUnless } from '../../cli/waiting.ts'
import { recordsToCome, shownRecord } from '../views/records.ts'
import type { LiveRecords, RecordView } from '../wire.ts'

const shownAtOnce = 50
const pauseMs = 200

/** The topics that somebody looks at. */
export class LiveTopics {
  readonly #openCluster: () => Promise<Cluster>
  readonly #topics = new Map<string, LiveTopic>()

  constructor(openCluster: () => Promise<Cluster>) {
    this.#openCluster = openCluster
  }

  /** The first is empty: from there on everything is seen. Ends when the page is gone; throws what ends the reading. */
  async *records(name: string, gone: AbortSignal): AsyncGenerator<LiveRecords> {
    const topic = this.#topics.get(name) ?? this.#begin(name)
    const window = new LiveWindow()
    topic.windows.add(window)
    try {
      await untilInterrupted(gone, topic.begun)
      const over = AbortSignal.any([gone, topic.ended])
      yield window.take()
      while (!over.aborted) {
        await pauseUnless(over, pauseMs)
        if (!window.isEmpty) yield window.take()
      }
      if (!gone.aborted) await topic.reading
    } finally {
      topic.windows.delete(window)
      if (topic.windows.size === 0) this.#end(name, topic)
    }
  }

  #begin(name: string): LiveTopic {
    const topic = new LiveTopic(this.#openCluster, name)
    this.#topics.set(name, topic)
    // Who comes when it has ended begins another.
    topic.ended.addEventListener('abort', () => this.#end(name, topic), { once: true })
    return topic
  }

  #end(name: string, topic: LiveTopic): void {
    if (this.#topics.get(name) === topic) this.#topics.delete(name)
    topic.end()
  }
}

/** One reader, on a connection of its own: on one connection answers come one after the other. */
class LiveTopic {
  readonly windows = new Set<LiveWindow>()
  readonly begun: Promise<void>
  readonly reading: Promise<void>
  readonly #end = new AbortController()

  constructor(openCluster: () => Promise<Cluster>, name: string) {
    const toCome = this.#open(openCluster, name)
    this.begun = toCome.then(() => {})
    this.reading = this.#read(toCome)
    // Nobody may be looking when it fails: who looks then hears of it.
    for (const promise of [this.begun, this.reading]) promise.catch(() => {})
  }

  get ended(): AbortSignal {
    return this.#end.signal
  }

  end(): void {
    this.#end.abort()
  }

  async #open(openCluster: () => Promise<Cluster>, name: string): Promise<OpenedTopic> {
    const cluster = await openCluster()
    try {
      return { cluster, toCome: await recordsToCome(cluster, name, this.ended) }
    } catch (error) {
      await cluster.close().catch(() => {})
      throw error
    }
  }

  async #read(opened: Promise<OpenedTopic>): Promise<void> {
    try {
      const { cluster, toCome } = await opened
      try {
        for await (const records of toCome) for (const window of this.windows) window.add(records)
      } finally {
        await cluster.close().catch(() => {})
      }
    } finally {
      this.end()
    }
  }
}

interface OpenedTopic {
  readonly cluster: Cluster
  readonly toCome: AsyncIterable<readonly ConsumedRecord[]>
}

export class LiveWindow {
  #records: readonly RecordView[] = []
  #skipped = 0

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  /** Of each that is kept only what is shown: the bytes of the others are let go. */
  add(records: readonly ConsumedRecord[]): void {
    const count = this.#records.length + records.length
    this.#skipped += Math.max(0, count - shownAtOnce)
    this.#records = [...this.#records, ...records.slice(-shownAtOnce).map(shownRecord)].slice(-shownAtOnce)
  }

  /** What came since it was taken last, newest first. */
  take(): LiveRecords {
    const taken = { records: this.#records.toReversed(), skipped: this.#skipped }
    this.#records = []
    this.#skipped = 0
    return taken
  }
}
