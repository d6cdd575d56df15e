/**
 * How soon a member is to come back is Kafka's at rest only: while a group settles it is sooner (docs/differences.md). So of two answers it is
 * compared whether there is an interval, and that it is not longer than the usual one.
 */
import { fieldOf, type Plain } from './session.ts'

/** As both have it by default. */
const usualMs = 5000

export function withoutSettling(answer: Plain): Plain {
  const intervalMs = fieldOf(answer, 'heartbeatIntervalMs')
  const isOne = typeof intervalMs === 'number' && intervalMs > 0 && intervalMs <= usualMs
  if (!isOne || typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return answer
  return { ...answer, heartbeatIntervalMs: 'some' }
}
