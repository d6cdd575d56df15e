/**
 * What the members of a share group were promised of records, and what they have been given.
 *
 * - Each record that was acknowledged to its producer is given to somebody, again and again until it is done: until it was accepted or rejected, or
 *   may have been, or all attempts are used up, those of which no answer came as well.
 * - What was accepted or rejected, or given back at its last attempt, is given to nobody again, whoever leads and whoever keeps the states.
 * - While a member holds a record nobody else is given it: who says of it in the end that it is done has had it all the time.
 * - An attempt that was given back counts; none is beyond the limit.
 */
import type { PartitionLedger } from '../ledger.ts'

/** group.share.delivery.count.limit */
export const deliveryCountLimit = 3
/** group.share.record.lock.duration.ms */
export const lockMs = 1000

/** A question, and when its answer came. */
export interface Exchange {
  readonly sentMicros: number
  readonly answeredMicros: number
}

export interface Given extends Exchange {
  readonly memberId: string
  readonly offset: number
  readonly deliveryCount: number
}

export type Verdict = 'accept' | 'release' | 'reject'

interface KnownRecord {
  readonly given: Given[]
  /** From when on nobody may be given it; Infinity: not known to be done. */
  doneMicros: number
  /** Somebody has said of it what may hold. */
  mayBeDone: boolean
  /** The attempts that were given back, and from when on they count. */
  countedAttempts: number
  countedMicros: number
}

export class SharedPartition {
  readonly partition: PartitionLedger
  readonly #records = new Map<number, KnownRecord>()
  /** How often records were fetched without an answer: who was to get them, nobody knows. */
  #unanswered = 0

  constructor(partition: PartitionLedger) {
    this.partition = partition
  }

  unanswered(): void {
    this.#unanswered += 1
  }

  given(given: Given, value: string | null): void {
    const { offset, deliveryCount, memberId } = given
    if (value === null) this.#fail(`${memberId} was given ${offset} without a record`)
    this.partition.note(`${memberId} was given ${offset}, attempt ${deliveryCount}`)
    this.partition.see(offset, value, offset)
    const known = this.#known(offset)
    if (deliveryCount > deliveryCountLimit) this.#fail(`${offset} was given ${deliveryCount} times`)
    if (given.sentMicros >= known.doneMicros) this.#fail(`${memberId} was given ${offset}, which was done`)
    if (given.sentMicros >= known.countedMicros && deliveryCount <= known.countedAttempts)
      this.#fail(`attempt ${deliveryCount} at ${offset} was begun, and ${known.countedAttempts} were given back`)
    known.given.push(given)
  }

  /** What the member said of it holds. */
  said(given: Given, verdict: Verdict, { sentMicros, answeredMicros }: Exchange): void {
    const { offset, memberId, deliveryCount } = given
    this.partition.note(`${memberId} has said of ${offset}: ${verdict}`)
    const known = this.#known(offset)
    for (const other of known.given) {
      const isMeanwhile = other.sentMicros >= given.answeredMicros && other.answeredMicros <= sentMicros
      if (other !== given && isMeanwhile)
        this.#fail(`${other.memberId} was given ${offset} while ${memberId} held it, which says: ${verdict}`)
    }
    if (verdict !== 'release' || deliveryCount >= deliveryCountLimit) {
      known.doneMicros = Math.min(known.doneMicros, answeredMicros)
      return
    }
    if (deliveryCount < known.countedAttempts) return
    known.countedAttempts = deliveryCount
    known.countedMicros = answeredMicros
  }

  /** It is refused what it says of a record that nobody else can have been given. */
  taken({ offset, memberId }: Given): void {
    this.#fail(`${memberId} holds ${offset}, and is told that it does not`)
  }

  /** What the member said of it may hold, or not. */
  mayHaveSaid({ offset }: Given): void {
    this.#known(offset).mayBeDone = true
  }

  /** A record that was promised, and is to be given to somebody yet. Null when there is none. */
  left(): number | null {
    for (const offset of this.partition.durable.keys()) {
      const known = this.#known(offset)
      const attempts = Math.max(0, ...known.given.map(({ deliveryCount }) => deliveryCount))
      const isGivenUp = attempts + this.#unanswered >= deliveryCountLimit
      if (known.doneMicros === Number.POSITIVE_INFINITY && !known.mayBeDone && !isGivenUp) return offset
    }
    return null
  }

  #known(offset: number): KnownRecord {
    const none = { doneMicros: Number.POSITIVE_INFINITY, countedMicros: Number.POSITIVE_INFINITY, countedAttempts: 0 }
    const known = this.#records.get(offset) ?? { ...none, mayBeDone: false, given: [] }
    this.#records.set(offset, known)
    return known
  }

  #fail(what: string): never {
    this.partition.fail(what)
  }
}

export class ShareRecordLedger {
  readonly counts = { 'records shared': 0, 'said of them': 0 }
  /** Members may come. */
  isBegun = false
  readonly #partitions = new Map<string, SharedPartition>()

  of(partition: PartitionLedger): SharedPartition {
    const shared = this.#partitions.get(partition.where) ?? new SharedPartition(partition)
    this.#partitions.set(partition.where, shared)
    return shared
  }
}
