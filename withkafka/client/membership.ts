/**
 * Keeps a consumer in its group: brokers may go away and come back as often as they like. What ends it is only an error that
 * does not pass, such as a group that may not be read.
 */
import type { Consumer } from 'kafkajs'
import { tell } from '../program/output.ts'
import { reasonOf } from '../program/problem.ts'
import { mayPass, needsRejoin, patiently, within } from './patience.ts'

const sessionTimeoutMs = 10_000
const silenceMs = sessionTimeoutMs + 2000
const checkIntervalMs = 1000
const restartDelayMs = 500
const leaveTimeoutMs = 3000

/** How long a group waits for its members, and they for it. */
export const groupTimeouts = {
  /** A member that is not heard of for so long is dead to its group. */
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: 1000,
  /** Others wait so long for a member that is busy with a message, as for Java's consumers (max.poll.interval.ms). */
  rebalanceTimeout: 300_000,
  /** How long a fetch waits for new messages, and so how long Ctrl-C may take. */
  maxWaitTimeInMs: 500,
  // The library counts the troubles of a consumer's whole life, so any number of them would end it one day. What it gives up
  // all the same is begun anew here.
  retry: { ...patiently, restartOnFailure: async () => false }
}

export interface Polling {
  /** Runs the consumer: done again whenever the group is lost. */
  poll(): Promise<void>
  readonly until: AbortSignal
  onLost(reason: string): void
  /** There is nothing more to do. */
  onFailure(error: unknown): void
}

/** Goes on in the background. */
export function keepPolling(consumer: Consumer, { poll, until, onLost, onFailure }: Polling): void {
  const begin = () => {
    if (!until.aborted) poll().catch(fail)
  }
  const fail = (error: unknown) => {
    if (until.aborted) return
    if (!mayPass(error)) {
      onFailure(error)
      return
    }
    onLost(`lost the group (${reasonOf(error)})`)
    setTimeout(begin, restartDelayMs)
  }
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error))
  watchLifeSigns(consumer, until, () => {
    onLost('the group does not hear this member')
    consumer.stop().then(begin, fail)
  })
  begin()
}

/**
 * Notices that this member is no longer heard by its group. The library keeps asking the broker that looked after the group
 * when it was joined; when that broker is gone for good, and another looks after the group now, joining anew is the way out.
 * While the group is being divided, which may take its time, silence is no sign.
 */
function watchLifeSigns(consumer: Consumer, until: AbortSignal, onSilence: () => void): void {
  const { events } = consumer
  let heardAtMs = Number.POSITIVE_INFINITY
  const heard = () => {
    heardAtMs = performance.now()
  }
  const unknown = () => {
    heardAtMs = Number.POSITIVE_INFINITY
  }
  for (const event of [events.GROUP_JOIN, events.HEARTBEAT, events.COMMIT_OFFSETS] as const) consumer.on(event, heard)
  for (const event of [events.REBALANCING, events.CRASH, events.STOP] as const) consumer.on(event, unknown)
  const timer = setInterval(() => {
    if (performance.now() - heardAtMs < silenceMs) return
    unknown()
    onSilence()
  }, checkIntervalMs)
  until.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/**
 * Keeps this member alive in its group while it is busy with a message, however long that takes, and learns that the group
 * is being divided anew: then the message in hand is finished and committed before the partition is given up.
 */
export class Pulse implements Disposable {
  readonly #timer: NodeJS.Timeout
  readonly #lost = new AbortController()

  constructor(heartbeat: () => Promise<void>) {
    this.#timer = setInterval(() => {
      // A broker that is away for a moment takes no membership away.
      heartbeat().catch((error: unknown) => needsRejoin(error) && this.#lost.abort(error))
    }, groupTimeouts.heartbeatInterval)
  }

  /** Aborted, with the reason, when the group is to be joined again. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** A broker that does not answer keeps nobody from leaving. */
export async function waitBriefly(leaving: Promise<void>): Promise<void> {
  try {
    await within(leaveTimeoutMs, leaving, 'no answer')
  } catch (error) {
    tell(
      `the group was not left cleanly (${reasonOf(error)}); it divides the work anew in ${sessionTimeoutMs / 1000} s`
    )
  }
}
