/**
 * What the client library's errors mean for a program that is to go on: join the group again, try again later, or give up.
 */

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
