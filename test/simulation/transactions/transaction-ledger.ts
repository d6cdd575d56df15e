/**
 * What transactions were promised, and what was seen of them.
 *
 * - A transaction is committed, or it is not: whatever anybody is told or reads of it, in whichever partition, says the same. Its end was
 *   acknowledged; a reader of what is committed has come to a record of it; or has passed one by.
 * - What nobody asked to commit is never seen.
 * - Records are read in the order of their producer, each once, at the offset that was told; what was passed by once does not come later.
 * - Who was fenced writes and ends nothing any more, and no epoch is given to two.
 */
import { BrokenPromise } from '../broken-promise.ts'
import type { CommittedFetch } from './committed-fetch.ts'
import { ProcessedLedger } from './processed-ledger.ts'

export class Transaction {
  readonly name: string
  readonly #tell: (fate: 'committed' | 'aborted') => void
  #isCommitAsked = false
  #committed: string | null = null
  #aborted: string | null = null

  constructor(name: string, tell: (fate: 'committed' | 'aborted') => void) {
    this.name = name
    this.#tell = tell
  }

  /** From now on it may be. */
  commitAsked(): void {
    this.#isCommitAsked = true
  }

  get mayBeCommitted(): boolean {
    return this.#isCommitAsked && this.#aborted === null
  }

  get isCommitted(): boolean {
    return this.#committed !== null
  }

  /** Throws BrokenPromise. */
  committed(evidence: string): void {
    if (!this.#isCommitAsked) this.#fail(`nobody has asked to commit it, and ${evidence}`)
    if (this.#aborted !== null) this.#fail(`it is aborted, as ${this.#aborted}, and ${evidence}`)
    if (this.#committed === null) this.#tell('committed')
    this.#committed ??= evidence
  }

  /** Throws BrokenPromise. */
  aborted(evidence: string): void {
    if (this.#committed !== null) this.#fail(`it is committed, as ${this.#committed}, and ${evidence}`)
    if (this.#aborted === null) this.#tell('aborted')
    this.#aborted ??= evidence
  }

  #fail(what: string): never {
    throw new BrokenPromise(`transaction ${this.name}: ${what}`)
  }
}

interface Sent {
  readonly transaction: Transaction
  readonly sender: string
  readonly sequence: number
}

export class TransactionalPartition {
  readonly where: string
  readonly #sent = new Map<string, Sent>()
  /** By offset. */
  readonly #acknowledged = new Map<number, string>()
  readonly seen = new Map<number, string>()
  readonly #offsets = new Map<string, number>()
  /** Readers of what is committed have come so far. */
  #passedUpTo = 0

  constructor(where: string) {
    this.where = where
  }

  send(value: string, sent: Sent): void {
    this.#sent.set(value, sent)
  }

  acknowledged(offset: number, value: string): void {
    const before = this.#acknowledged.get(offset) ?? value
    if (before !== value) this.#fail(`${before} and ${value} were both acknowledged at ${offset}`)
    this.#acknowledged.set(offset, value)
    if (offset < this.#passedUpTo) this.#passedBy(offset, value)
  }

  /** A reader of what is committed has read from one offset up to another. */
  passed(from: number, { nextOffset, records, lastStableOffset, endOffset }: CommittedFetch): void {
    if (lastStableOffset > endOffset)
      this.#fail(`it is stable up to ${lastStableOffset}, and committed up to ${endOffset}`)
    // A new leader learns a little later how far records are committed.
    if (nextOffset > from && nextOffset > lastStableOffset)
      this.#fail(`it was read up to ${nextOffset}, and is stable up to ${lastStableOffset}`)
    const came = new Set<number>()
    for (const { offset, value } of records) {
      this.#see(offset, value ?? '')
      came.add(offset)
    }
    for (let offset = from; offset < nextOffset; offset += 1) {
      if (this.seen.has(offset) && !came.has(offset))
        this.#fail(`${this.seen.get(offset)} was read at ${offset}, and is there no more`)
    }
    const alreadyPassed = this.#passedUpTo
    this.#passedUpTo = Math.max(alreadyPassed, nextOffset)
    for (let offset = alreadyPassed; offset < nextOffset; offset += 1) {
      const value = this.#acknowledged.get(offset)
      if (value !== undefined) this.#passedBy(offset, value)
    }
  }

  /** All of it was read, when nothing was under way any more. */
  complete(): void {
    for (const [offset, value] of this.#acknowledged) {
      if (offset >= this.#passedUpTo)
        this.#fail(`${value} was acknowledged at ${offset}; it ends at ${this.#passedUpTo}`)
    }
    const last = new Map<string, number>()
    for (const [offset, value] of [...this.seen].sort(([one], [other]) => one - other)) {
      const { sender, sequence } = this.#sentAs(value)
      if (sequence <= (last.get(sender) ?? -1)) this.#fail(`${value} at ${offset} lies behind a later one of ${sender}`)
      last.set(sender, sequence)
    }
  }

  #see(offset: number, value: string): void {
    const { transaction } = this.#sentAs(value)
    const before = this.seen.get(offset) ?? value
    if (before !== value) this.#fail(`${value} was read at ${offset}, and ${before} before`)
    const elsewhere = this.#offsets.get(value) ?? offset
    if (elsewhere !== offset) this.#fail(`${value} is there twice, at ${elsewhere} and ${offset}`)
    const told = this.#acknowledged.get(offset) ?? value
    if (told !== value) this.#fail(`${value} was read at ${offset}, where ${told} was acknowledged`)
    if (offset < this.#passedUpTo && !this.seen.has(offset))
      this.#fail(`${value} came at ${offset} when readers had passed`)
    this.seen.set(offset, value)
    this.#offsets.set(value, offset)
    transaction.committed(`${value} was read at ${offset} of ${this.where}`)
  }

  #passedBy(offset: number, value: string): void {
    if (this.seen.get(offset) === value) return
    this.#sentAs(value).transaction.aborted(`readers have passed ${value} at ${offset} of ${this.where}`)
  }

  #sentAs(value: string): Sent {
    return this.#sent.get(value) ?? this.#fail(`it has ${value}, which nobody sent here`)
  }

  #fail(what: string): never {
    throw new BrokenPromise(`${this.where}: ${what}`)
  }
}

export interface TransactionalIdentity {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

export class TransactionLedger {
  readonly processed = new ProcessedLedger()
  readonly counts = { 'transactions committed': 0, 'transactions aborted': 0, 'producers refused': 0, 'left open': 0 }
  readonly #partitions = new Map<string, TransactionalPartition>()
  /** The latest epoch with which each transactional id was taken. */
  readonly #taken = new Map<string, TransactionalIdentity>()

  partition(topic: { readonly id: string; readonly name: string }, index: number): TransactionalPartition {
    const key = `${topic.id}-${index}`
    const known = this.#partitions.get(key) ?? new TransactionalPartition(`${topic.name}-${index}`)
    this.#partitions.set(key, known)
    return known
  }

  begin(name: string): Transaction {
    return new Transaction(name, (fate) => {
      this.counts[`transactions ${fate}`] += 1
    })
  }

  /** A producer has got the transactional id. */
  taken(identity: TransactionalIdentity): void {
    const { transactionalId, producerId, producerEpoch } = identity
    const before = this.#taken.get(transactionalId)
    if (before?.producerId === producerId && before.producerEpoch === producerEpoch)
      throw new BrokenPromise(`${transactionalId}: epoch ${producerEpoch} was given to two producers`)
    if (before === undefined || before.producerEpoch < producerEpoch) this.#taken.set(transactionalId, identity)
  }

  /** Whether somebody else has been given the transactional id since. */
  isFenced({ transactionalId, producerEpoch }: TransactionalIdentity): boolean {
    return (this.#taken.get(transactionalId)?.producerEpoch ?? -1) > producerEpoch
  }

  /** A request was taken; `wasFenced`: whether its producer was fenced when it asked first. */
  taking(what: string, { transactionalId, producerEpoch }: TransactionalIdentity, wasFenced: boolean): void {
    if (wasFenced)
      throw new BrokenPromise(`${transactionalId}: ${what} of epoch ${producerEpoch} was taken when that was fenced`)
  }
}
