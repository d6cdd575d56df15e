/**
 * What compaction would take of the records of a partition, counted as they come in their order: those that a newer one of their key
 * follows, those without a key, and tombstones whose time is over (Kafka: Cleaner.shouldRetainRecord).
 */
import { KeyTable } from './key-table.ts'

export interface TalliedRecord {
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: ReadonlyArray<readonly [Uint8Array, Uint8Array | null]>
}

export interface TallyRules {
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
}

export interface Tally {
  readonly records: number
  /** Of keys, values and headers, unpacked. */
  readonly bytes: number
  readonly keys: number
  readonly superseded: number
  readonly supersededBytes: number
  readonly withoutKey: number
  /** Last of their keys. */
  readonly tombstones: number
  readonly tombstonesDue: number
  readonly removed: number
  readonly removedBytes: number
  readonly kept: number
  readonly keptBytes: number
}

/** From where on records were not looked at, and why. */
export interface TallyEnd {
  readonly offset: bigint
  readonly why: 'too young' | 'too many keys'
}

export class CompactionTally {
  readonly #rules: TallyRules
  readonly #last: KeyTable
  #records = 0
  #bytes = 0
  #superseded = 0
  #supersededBytes = 0
  #withoutKey = 0
  #withoutKeyBytes = 0
  /** Null: all was looked at. */
  end: TallyEnd | null = null

  constructor(rules: TallyRules, last = new KeyTable()) {
    this.#rules = rules
    this.#last = last
  }

  get records(): number {
    return this.#records
  }

  add(record: TalliedRecord): void {
    const sizeBytes = sizeOf(record)
    this.#records += 1
    this.#bytes += sizeBytes
    this.end ??= this.#isYoung(record) ? { offset: record.offset, why: 'too young' } : null
    if (this.end !== null) return
    if (record.key === null) {
      this.#withoutKey += 1
      this.#withoutKeyBytes += sizeBytes
      return
    }
    const tombstoneMs = record.value === null ? record.timestampMs : null
    const before = this.#last.put(record.key, { sizeBytes, tombstoneMs })
    if (before === 'full') this.end = { offset: record.offset, why: 'too many keys' }
    else if (before !== 'first') {
      this.#superseded += 1
      this.#supersededBytes += before.sizeBytes
    }
  }

  /** Of all that was added. */
  get counts(): Tally {
    let [tombstones, tombstonesDue, dueBytes] = [0, 0, 0]
    const dueBeforeMs = this.#rules.nowMs - this.#rules.deleteRetentionMs
    for (const { sizeBytes, tombstoneMs } of this.#last.all()) {
      if (tombstoneMs === null) continue
      tombstones += 1
      if (tombstoneMs >= dueBeforeMs) continue
      tombstonesDue += 1
      dueBytes += sizeBytes
    }
    const removed = this.#superseded + this.#withoutKey + tombstonesDue
    const removedBytes = this.#supersededBytes + this.#withoutKeyBytes + dueBytes
    return {
      records: this.#records,
      bytes: this.#bytes,
      keys: this.#last.size,
      superseded: this.#superseded,
      supersededBytes: this.#supersededBytes,
      withoutKey: this.#withoutKey,
      tombstones,
      tombstonesDue,
      removed,
      removedBytes,
      kept: this.#records - removed,
      keptBytes: this.#bytes - removedBytes
    }
  }

  #isYoung({ timestampMs }: TalliedRecord): boolean {
    const { nowMs, minCompactionLagMs } = this.#rules
    return minCompactionLagMs > 0 && timestampMs > nowMs - minCompactionLagMs
  }
}

function sizeOf({ key, value, headers }: TalliedRecord): number {
  let sizeBytes = (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) sizeBytes += name.length + (content?.length ?? 0)
  return sizeBytes
}
