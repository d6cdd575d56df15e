/**
 * Brokers go away and come back, leaders move, groups are divided anew: which of the client library's errors pass, and how
 * one waits for that.
 */
import { setTimeout as pause } from 'node:timers/promises'

/** From a tenth of a second to a whole one between two attempts of the library. */
export const patiently = { initialRetryTime: 100, maxRetryTime: 1000, retries: Number.MAX_SAFE_INTEGER }

const pauseMs = 100

/** By Kafka's names: this member is no longer what the group knows of it. */
const lostMembership = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP'
])

/** The library takes these for final, but they end when the brokers are back. */
const passing = new Set(['KafkaJSGroupCoordinatorNotFound', 'KafkaJSLockTimeout', 'KafkaJSFetcherRebalanceError'])

export function needsRejoin(error: unknown): boolean {
  return error instanceof Error && 'type' in error && lostMembership.has(String(error.type))
}

/** Whether the same may succeed later: a broker is away, a leader moves. */
export function mayPass(error: unknown): boolean {
  const origin = originOf(error)
  if (!(origin instanceof Error)) return false
  return needsRejoin(origin) || passing.has(origin.name) || ('retriable' in origin && origin.retriable === true)
}

/** The error inside the error: the library wraps what made it give up. */
function originOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? originOf(error.cause) : error
}

/** Does the work again as long as what goes wrong may pass, and nobody gave up. */
export async function whileAway<Result>(giveUp: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (giveUp.aborted || !mayPass(error)) throw error
      await pause(pauseMs)
    }
  }
}

/** Rejects when the work takes longer; the work itself goes on. */
export async function within<Result>(limitMs: number, work: Promise<Result>, complaint: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
