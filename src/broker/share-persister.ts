/**
 * How far share partitions are, asked of whoever keeps it, wherever in the cluster that is (KIP-932; Kafka: PersisterStateManager).
 *
 * What is asked of one broker in one turn goes to it as one message. Where the share coordinator is not there yet, has moved, cannot be reached or
 * does not know whether a write is safe, the same is asked again, a little later each time, and for so long as `limits.ts` says. A write that
 * comes twice changes nothing (`share-states/batches.ts`), nor does another request that does.
 */
import type { InitializeRequest } from '../coordination/share-states/initialize.ts'
import type { ShareStateAnswer } from '../coordination/share-states/objection.ts'
import type { SharePersister } from '../coordination/share-states/persister.ts'
import type { ReadAnswer, SummaryAnswer } from '../coordination/share-states/read.ts'
import { nameOf, type SharePartitionKey } from '../coordination/share-states/state.ts'
import { unread, unsummarized, withoutState } from '../coordination/share-states/unanswered.ts'
import type { WriteRequest } from '../coordination/share-states/write.ts'
import type { Clock, Timer } from '../host/clock.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type Peer, PeerUnreachable } from './peer.ts'
import type { StateTopic } from './state-topic.ts'

export interface BrokerSharePersisterOptions {
  readonly nodeId: number
  readonly clock: Clock
  readonly topic: Pick<StateTopic, 'ensure' | 'nodeOf'>
  /** What is looked after by this broker. */
  readonly here: SharePersister
  readonly peer: (nodeId: number) => Pick<Peer, 'askShareStates'>
}

/** An answer, and how whoever asked gets it. */
interface Reply {
  readonly errorCode: ErrorCode
  readonly deliver: () => void
}

/** One request until it is answered. */
interface Question {
  /** The name of the share partition. */
  readonly name: string
  readonly put: (states: SharePersister) => Promise<Reply>
  /** It was asked in vain, or for too long. */
  readonly giveUp: (errorCode: ErrorCode) => void
  readonly fail: (error: unknown) => void
  readonly untilMs: number
  pauseMs: number
}

/** Another time, or another broker, may have another answer. */
const passing: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR
])

const nobody = -1

export class BrokerSharePersister implements SharePersister {
  readonly #of: BrokerSharePersisterOptions
  /** Asked in this turn. */
  #next: Question[] = []
  /** To be asked again. */
  readonly #pauses = new Map<Question, Timer>()
  #openQuestions = 0
  #isClosed = false

  constructor(of: BrokerSharePersisterOptions) {
    this.#of = of
  }

  initialize(request: InitializeRequest): Promise<ShareStateAnswer> {
    return this.#ask(request.key, (states) => states.initialize(request), withoutState)
  }

  read(key: SharePartitionKey, leaderEpoch: number): Promise<ReadAnswer> {
    return this.#ask(key, (states) => states.read(key, leaderEpoch), unread)
  }

  write(request: WriteRequest): Promise<ShareStateAnswer> {
    return this.#ask(request.key, (states) => states.write(request), withoutState)
  }

  summarize(key: SharePartitionKey): Promise<SummaryAnswer> {
    return this.#ask(key, (states) => states.summarize(key), unsummarized)
  }

  remove(key: SharePartitionKey): Promise<ShareStateAnswer> {
    return this.#ask(key, (states) => states.remove(key), withoutState)
  }

  /** Nobody waits any more: each that was not answered gets COORDINATOR_NOT_AVAILABLE. */
  close(): void {
    this.#isClosed = true
    for (const [question, pause] of this.#pauses) {
      pause.cancel()
      question.giveUp(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    }
    this.#pauses.clear()
  }

  #ask<Answer extends ShareStateAnswer>(
    key: SharePartitionKey,
    put: (states: SharePersister) => Promise<Answer>,
    inVain: (errorCode: ErrorCode) => Answer
  ): Promise<Answer> {
    if (this.#isClosed || this.#openQuestions >= limits.shareStateQuestions)
      return Promise.resolve(inVain(ErrorCode.COORDINATOR_NOT_AVAILABLE))
    this.#openQuestions += 1
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#put({
        name: nameOf(key),
        put: (states) =>
          put(states).then((answer) => ({ errorCode: answer.errorCode, deliver: () => resolve(answer) })),
        giveUp: (errorCode) => resolve(inVain(errorCode)),
        fail: reject,
        untilMs: this.#of.clock.monotonicMs() + limits.shareStateAskMs,
        pauseMs: limits.shareStateAgainMs
      })
    })
    return answered.finally(() => {
      this.#openQuestions -= 1
    })
  }

  #put(question: Question): void {
    this.#next.push(question)
    if (this.#next.length === 1) unattended(this.#of.clock, this.#sendNext())
  }

  async #sendNext(): Promise<void> {
    // Whatever else is asked in this turn goes with it.
    await null
    const questions = this.#next
    this.#next = []
    try {
      await this.#of.topic.ensure()
      for (const [node, asked] of this.#byNode(questions)) unattended(this.#of.clock, this.#sendTo(node, asked))
    } catch (error) {
      for (const question of questions) question.fail(error)
    }
  }

  #byNode(questions: readonly Question[]): ReadonlyMap<number, readonly Question[]> {
    const byNode = new Map<number, Question[]>()
    for (const question of questions) {
      const node = this.#of.topic.nodeOf(question.name)
      const asked = byNode.get(node)
      if (asked === undefined) byNode.set(node, [question])
      else asked.push(question)
    }
    return byNode
  }

  async #sendTo(node: number, questions: readonly Question[]): Promise<void> {
    try {
      const replies = node === nobody ? null : await this.#repliesOf(node, questions)
      for (const [index, question] of questions.entries()) {
        const reply = replies?.[index] ?? null
        if (reply === null || passing.has(reply.errorCode)) this.#askAgain(question, reply?.errorCode)
        else reply.deliver()
      }
    } catch (error) {
      for (const question of questions) question.fail(error)
    }
  }

  /** Null when nothing came back. */
  async #repliesOf(node: number, questions: readonly Question[]): Promise<readonly Reply[] | null> {
    const put = (states: SharePersister): Promise<readonly Reply[]> =>
      Promise.all(questions.map((question) => question.put(states)))
    const { nodeId, here, peer } = this.#of
    try {
      return await (node === nodeId ? put(here) : peer(node).askShareStates(put))
    } catch (error) {
      if (error instanceof PeerUnreachable) return null
      throw error
    }
  }

  #askAgain(question: Question, errorCode: ErrorCode = ErrorCode.COORDINATOR_NOT_AVAILABLE): void {
    const { clock } = this.#of
    const { pauseMs } = question
    if (this.#isClosed || clock.monotonicMs() + pauseMs > question.untilMs) {
      question.giveUp(errorCode)
      return
    }
    question.pauseMs = Math.min(2 * pauseMs, limits.shareStateAgainMaxMs)
    const pause = clock.after(pauseMs, () => {
      this.#pauses.delete(question)
      this.#put(question)
    })
    this.#pauses.set(question, pause)
  }
}
