/**
 * What compaction has promised of one partition, and what its clients have seen: each new answer is held against all before.
 *
 * - No record moves: at an offset is what was acknowledged there, what was seen there before, or nothing any more.
 * - The last record of each key stays. One without a value may go after a while, where tombstones do not stay for longer than a world
 *   lasts; an old one, where retention deletes.
 * - A record that is too young to be compacted stays, and all behind it.
 * - Whoever reads sees offsets ascend, and nothing that nobody sent.
 */
import { BrokenPromise } from '../broken-promise.ts'
import type { PartitionLedger } from '../ledger.ts'

/** How a compacted topic is configured, as far as it says what may go. */
export interface KeyRules {
  /** Tombstones stay for longer than the world lasts, whatever clocks say. */
  readonly tombstonesStay: boolean
  /** Young records are not compacted; old ones are. */
  readonly youngStay: boolean
  /** Retention deletes segments without young records. */
  readonly oldAreDeleted: boolean
}

export interface KeyedRecord {
  /** No two have the same. */
  readonly id: string
  readonly key: string
  /** Null: a tombstone. */
  readonly value: string | null
  /** Its time lies hours before the world began. */
  readonly isOld: boolean
}

interface Bounds {
  readonly startOffset: number
  readonly endOffset: number
}

type Until = 'others write' | 'nobody writes'

interface Sent extends KeyedRecord {
  /** Where it is; null until somebody was told. */
  offset: number | null
}

export interface SeenRecord {
  readonly offset: number
  readonly id: string
  readonly key: string | null
  readonly value: string | null
}

export class KeyLedger {
  readonly rules: KeyRules
  /** Its history is told with a failure. */
  readonly #partition: PartitionLedger
  readonly #sent = new Map<string, Sent>()
  readonly #byOffset = new Map<number, Sent>()
  readonly #byKey = new Map<string, Sent[]>()
  /** The largest offset that is known of each key. */
  readonly #last = new Map<string, number>()
  #firstYoung = Number.POSITIVE_INFINITY
  #readableEnd = 0

  constructor(rules: KeyRules, partition: PartitionLedger) {
    this.rules = rules
    this.#partition = partition
  }

  send(record: KeyedRecord): void {
    const sent = { ...record, offset: null }
    this.#sent.set(record.id, sent)
    this.#byKey.set(record.key, [...(this.#byKey.get(record.key) ?? []), sent])
  }

  /** It is committed there. */
  acknowledge(offset: number, id: string): void {
    this.#partition.note(`${id} acknowledged at ${offset}`)
    this.#isAt(offset, id)
  }

  /** Somebody begins to read from the log's beginning. */
  pass(): KeyPass {
    return new KeyPass(this, new Map(this.#last), this.#readableEnd)
  }

  /** Whoever reads got it. */
  saw({ offset, id, key, value }: SeenRecord, before: number | null): void {
    const sent = this.#isAt(offset, id)
    if (sent.key !== key || sent.value !== value) this.fail(`${id} at ${offset} is ${key}=${value} now`)
    if (before !== null && before >= offset) this.fail(`${id} at ${offset} came behind offset ${before}`)
    if (!this.rules.youngStay || before === null || before < this.#firstYoung) return
    if (before + 1 !== offset) this.fail(`something between ${before} and ${offset} is gone, and was too young`)
  }

  /** Of a key nothing was seen from its last offset on, which was known before, in a log from `startOffset` to `endOffset`. */
  missed(key: string, lastOffset: number, log: Bounds, until: Until): void {
    const last = this.#byOffset.get(lastOffset)
    if (last === undefined || this.#mayBeGone(last)) return
    const isBehind = ({ offset }: Sent): boolean => offset === null || offset > lastOffset
    const later = (this.#byKey.get(key) ?? []).filter(isBehind)
    // What came meanwhile may have taken its place; in the end nothing comes any more, and all that is there was seen.
    if (later.some((sent) => until === 'others write' || this.#mayBeGone(sent))) return
    const where = `in a log from ${log.startOffset} to ${log.endOffset}`
    this.fail(`${key} had ${last.id} at ${lastOffset}, and nothing of it is there from there on, ${where}`)
  }

  /** How far somebody was told that it may be read. */
  ends(offset: number): void {
    this.#readableEnd = Math.max(this.#readableEnd, offset)
  }

  fail(what: string): never {
    return this.#partition.fail(what)
  }

  #mayBeGone({ value, isOld }: Sent): boolean {
    return (value === null && !this.rules.tombstonesStay) || (isOld && this.rules.oldAreDeleted)
  }

  #isAt(offset: number, id: string): Sent {
    const sent = this.#sent.get(id)
    if (sent === undefined) return this.fail(`offset ${offset} has ${id}, which nobody sent here`)
    const other = this.#byOffset.get(offset)
    if (other !== undefined && other !== sent) this.fail(`offset ${offset} has ${id}, where ${other.id} was before`)
    // Of a producer whose records were all deleted a copy that was made anew knows nothing (see PartitionLedger).
    const mayComeAgain = sent.isOld && this.rules.oldAreDeleted
    if (sent.offset !== null && sent.offset !== offset && !mayComeAgain)
      this.fail(`${id} is there twice, at ${sent.offset} and ${offset}`)
    sent.offset = offset
    this.#byOffset.set(offset, sent)
    this.#last.set(sent.key, Math.max(offset, this.#last.get(sent.key) ?? -1))
    if (!sent.isOld) this.#firstYoung = Math.min(this.#firstYoung, offset)
    this.ends(offset + 1)
    return sent
  }
}

/** Somebody's way from the beginning of a log to its end. */
export class KeyPass {
  /** How far it has to go at least. */
  readonly endKnown: number
  readonly #ledger: KeyLedger
  readonly #lastBefore: ReadonlyMap<string, number>
  readonly #lastSeen = new Map<string, number>()
  #before: number | null = null

  constructor(ledger: KeyLedger, lastBefore: ReadonlyMap<string, number>, endKnown: number) {
    this.#ledger = ledger
    this.#lastBefore = lastBefore
    this.endKnown = endKnown
  }

  saw(record: SeenRecord): void {
    this.#ledger.saw(record, this.#before)
    this.#before = record.offset
    if (record.key !== null) this.#lastSeen.set(record.key, record.offset)
  }

  /** It has come to the end. */
  end(log: Bounds, until: Until): void {
    this.#ledger.ends(log.endOffset)
    if (log.startOffset > 0 && !this.#ledger.rules.oldAreDeleted)
      this.#ledger.fail(`it begins at ${log.startOffset}, and nobody asked for that`)
    for (const [key, offset] of this.#lastBefore) {
      if ((this.#lastSeen.get(key) ?? -1) < offset) this.#ledger.missed(key, offset, log, until)
    }
  }
}

/** The compacted topics of a world, by their ids. */
export class KeyLedgers {
  readonly counts = { 'keys written': 0, 'compacted logs read': 0, 'offsets compacted': 0 }
  readonly #rules = new Map<string, KeyRules>()
  readonly #ledgers = new Map<string, KeyLedger>()

  /** A topic of this name is made so. */
  topicIs(name: string, rules: KeyRules): void {
    this.#rules.set(name, rules)
  }

  of({ id, name }: { readonly id: string; readonly name: string }, partition: PartitionLedger): KeyLedger {
    const rules = this.#rules.get(name)
    if (rules === undefined) throw new BrokenPromise(`nobody has made ${name}`)
    const key = `${id} ${partition.where}`
    const ledger = this.#ledgers.get(key) ?? new KeyLedger(rules, partition)
    this.#ledgers.set(key, ledger)
    return ledger
  }
}
