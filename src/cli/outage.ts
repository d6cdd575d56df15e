/**
 * What a command that goes on says of a broker that is away: once that it is gone, once that it is back. A moment without an
 * answer is not told: a leader that moves or a quick restart passes by itself. Of one whose place others can take it is said once
 * that it is gone, and no more: whether it is ever back is no matter to who goes on without it.
 */
import { CliError } from './cli-error.ts'
import { ExitCode } from './exit-codes.ts'
import { isLibraryNetworkError, kafkaFailure, networkReason, unreachableAddress } from './kafka-failure.ts'
import type { KnownBrokers } from './known-brokers.ts'
import { storageError, unknownTopics } from './passing-errors.ts'
import { explainFailure } from './present-error.ts'
import { untilInterrupted } from './until-interrupted.ts'
import { pauseUnless } from './waiting.ts'

const untoldMs = 1000
const againAfterMs = 200
/** Longer than a broker takes that waits for records or for followers: who is not there closes the connection, who hangs does not. */
const overdueMs = 8000
const overdue = new CliError({
  what: 'no answer',
  why: 'it has not answered for a while',
  exitCode: ExitCode.unreachable
})

export class Outage {
  readonly #brokers: KnownBrokers
  readonly #hint: (line: string) => void
  readonly #nowMs: () => number
  /** Who misses answers (a command reads several partitions and is a member of a group at once), and since when. */
  readonly #since = new Map<string, number>()
  #toldSinceMs: number | undefined
  /** Since when none of several brokers answers. */
  #noneSinceMs: number | undefined
  #isNoneTold = false
  #reason: unknown
  #requests = 0

  constructor(brokers: KnownBrokers, hint: (line: string) => void, nowMs: () => number = () => performance.now()) {
    this.#brokers = brokers
    this.#hint = hint
    this.#nowMs = nowMs
  }

  /** After each request that failed and may be sent again. */
  missed(who: string, reason: unknown): void {
    this.#missedSince(who, reason, this.#nowMs())
  }

  /** A request under way: one whose answer is overdue is told of while it is waited for, as of the moment it was sent. */
  async watch<Result>(who: string | readonly string[], request: Promise<Result>): Promise<Result> {
    const sentMs = this.#nowMs()
    const name = `request ${++this.#requests}`
    const timer = setTimeout(() => this.#missedSince(name, overdue, sentMs), overdueMs)
    try {
      const answer = await request
      this.answered(name)
      return answer
    } catch (error) {
      // Whoever asked tells of the failure, and asks again: the outage goes on in its name.
      if (this.#since.delete(name)) for (const one of [who].flat()) this.#since.set(one, this.#since.get(one) ?? sentMs)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #missedSince(who: string, reason: unknown, sinceMs: number): void {
    const now = this.#nowMs()
    const since = this.#since.get(who) ?? sinceMs
    this.#since.set(who, since)
    this.#reason = reason
    this.#noneSinceMs = this.#isOfNone() ? (this.#noneSinceMs ?? now) : undefined
    const isWorse = this.#noneSinceMs !== undefined && !this.#isNoneTold
    if ((this.#toldSinceMs !== undefined && !isWorse) || now - since < untoldMs) return
    this.#toldSinceMs = this.#noneSinceMs ?? since
    this.#isNoneTold = this.#noneSinceMs !== undefined
    this.#hint(`${this.#what()}: ${whyMissed(reason)}; waiting until ${this.#awaited()} (Ctrl-C ends)`)
  }

  #awaited(): string {
    if (this.#isOfStorage()) return 'it can'
    if (this.#isOfTopic()) return 'it does'
    if (this.#brokers.count === 1) return 'it is back'
    return this.#isOfNone() ? 'one does' : 'it is back or another takes over'
  }

  /** After each answer. */
  answered(who: string): void {
    if (!this.#since.delete(who) || this.#since.size > 0) return
    if (this.#toldSinceMs === undefined) return
    const seconds = Math.max(1, Math.round((this.#nowMs() - this.#toldSinceMs) / 1000))
    const back = this.#whatIsBack()
    this.#isOver()
    if (back !== undefined) this.#hint(`${back} after ${seconds} s; going on`)
  }

  #isOver(): void {
    this.#toldSinceMs = undefined
    this.#noneSinceMs = undefined
    this.#isNoneTold = false
  }

  /** Undefined where others have gone on in the place of one. */
  #whatIsBack(): string | undefined {
    if (this.#isOfStorage()) return 'the broker can use its disk again'
    if (this.#isOfTopic()) return 'the broker knows the topic again'
    if (this.#isNoneTold) return 'the cluster answers again'
    return this.#brokers.count === 1 ? 'the broker is back' : undefined
  }

  /** Whoever waits no longer misses nothing; that says nothing of the broker. */
  gaveUp(who: string): void {
    if (this.#since.delete(who) && this.#since.size === 0) this.#isOver()
  }

  get lastsMs(): number {
    return this.#since.size === 0 ? 0 : this.#nowMs() - Math.min(...this.#since.values())
  }

  /** For a command whose time is over while it still lasts. */
  toError(): CliError {
    return new CliError({
      what: this.#what(),
      why: whyMissed(this.#reason),
      next: this.#isOfStorage()
        ? "make room on the broker's disk, or mend what its own output says of it; or wait longer with --timeout"
        : 'start the broker again, or wait longer with --timeout',
      exitCode: ExitCode.unreachable,
      cause: this.#reason
    })
  }

  /** For a command whose time is over before its request was answered. */
  unanswered(): CliError {
    // What is known to be wrong says more than that the time is over.
    if (this.#since.size === 0) this.#reason = overdue
    return this.toError()
  }

  #isOfStorage(): boolean {
    return kafkaFailure(this.#reason)?.code === storageError
  }

  #isOfTopic(): boolean {
    return unknownTopics.has(kafkaFailure(this.#reason)?.code ?? 0)
  }

  #isOfNone(): boolean {
    return this.#brokers.count > 1 && this.#brokers.noneAnswers
  }

  #what(): string {
    if (this.#isOfNone()) return `none of the ${this.#brokers.count} brokers answers`
    const address = unreachableAddress(this.#reason)
    const given = this.#brokers.given.join(', ')
    const broker =
      address === undefined && this.#brokers.count > 1 ? 'a broker of the cluster' : `the broker at ${address ?? given}`
    if (this.#isOfStorage()) return `${broker} cannot use its disk`
    if (this.#isOfTopic()) return `${broker} does not know the topic`
    if (this.#reason === overdue) return `${broker} does not answer`
    return isNetworkFailure(this.#reason) ? `${broker} is gone` : `${broker} cannot answer`
  }
}

function whyMissed(reason: unknown): string {
  const failure = kafkaFailure(reason)
  if (failure) return explainFailure(failure)
  if (reason instanceof CliError) return reason.why ?? reason.message
  return networkReason(reason) ?? (reason instanceof Error ? reason.message : String(reason))
}

/** A broken connection, or one that could not be made. */
export function isNetworkFailure(reason: unknown): boolean {
  if (reason instanceof CliError) return reason.exitCode === ExitCode.unreachable
  if (kafkaFailure(reason) !== undefined) return false
  return networkReason(reason) !== undefined || isLibraryNetworkError(reason)
}

/** Who misses answers to what is not a fetch: where a partition begins and ends, what a group has committed. */
const placesAndOffsets = 'places and offsets'

/** Does what needs a broker, again and again while none can be reached. Undefined: interrupted before it was done. */
export async function patiently<Result>(
  outage: Outage | undefined,
  interrupted: AbortSignal,
  work: () => Promise<Result>,
  mayPass: (error: unknown) => boolean = isNetworkFailure
): Promise<Result | undefined> {
  while (!interrupted.aborted) {
    try {
      const result = await untilInterrupted(interrupted, work())
      if (!interrupted.aborted) outage?.answered(placesAndOffsets)
      return result
    } catch (error) {
      if (interrupted.aborted) return undefined
      if (outage === undefined || !mayPass(error)) throw error
      outage.missed(placesAndOffsets, error)
      await pauseUnless(interrupted, againAfterMs)
    }
  }
  return undefined
}
