/**
 * The records that come, for one page: as many of the newest as a person can read, a few times a second, and how many more there were. A busy
 * topic is sampled so; a page that does not take what it is sent costs no more memory than that.
 */
import type { Cluster } from '../../cli/cluster.ts'
import type { ConsumedRecord } from '../../cli/record.ts'
import { pauseUnless } from '../../cli/waiting.ts'
import { recordsToCome, shownRecord } from '../views/records.ts'
import type { LiveRecords } from '../wire.ts'

const shownAtOnce = 50
const pauseMs = 200

/** The first is empty: from there on everything is seen. Ends when the page is gone. */
export async function* liveRecords(
  openCluster: () => Promise<Cluster>,
  topic: string,
  gone: AbortSignal
): AsyncGenerator<LiveRecords> {
  const cluster = await openCluster()
  const window = new LiveWindow()
  const done = new AbortController()
  const interrupted = AbortSignal.any([gone, done.signal])
  try {
    const toCome = await recordsToCome(cluster, topic, interrupted)
    yield window.take()
    const reading = gather(toCome, window, done)
    while (!interrupted.aborted) {
      await pauseUnless(interrupted, pauseMs)
      if (!window.isEmpty) yield window.take()
    }
    await reading
  } finally {
    done.abort()
    await cluster.close().catch(() => {})
  }
}

/** What ends the reading ends the looking. */
async function gather(
  toCome: AsyncIterable<readonly ConsumedRecord[]>,
  window: LiveWindow,
  done: AbortController
): Promise<void> {
  try {
    for await (const records of toCome) window.add(records)
  } finally {
    done.abort()
  }
}

export class LiveWindow {
  #records: readonly ConsumedRecord[] = []
  #skipped = 0

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  add(records: readonly ConsumedRecord[]): void {
    const all = [...this.#records, ...records]
    this.#skipped += Math.max(0, all.length - shownAtOnce)
    this.#records = all.slice(-shownAtOnce)
  }

  /** What came since it was taken last, newest first. */
  take(): LiveRecords {
    const taken = { records: this.#records.map(shownRecord).reverse(), skipped: this.#skipped }
    this.#records = []
    this.#skipped = 0
    return taken
  }
}
