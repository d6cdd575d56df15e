/**
 * A record that ends whoever reads it would take the records beside it along, attempt for attempt, until all of them are archived. So what
 * has failed often is given out in ever smaller parts, and at the last attempt one by one (KIP-932; seen on Apache Kafka 4.4.0).
 */

const fewestAttempts = 2

/** How many of a batch of that size may go out together, once they have been delivered that often; Infinity: all of them. */
export function deliveredTogether(deliveryCount: number, batchSize: number, deliveryCountLimit: number): number {
  const throttledFrom = Math.max(fewestAttempts, Math.ceil(deliveryCountLimit / 2))
  if (deliveryCount < throttledFrom) return Number.POSITIVE_INFINITY
  if (deliveryCount >= deliveryCountLimit - 1) return 1
  return Math.max(1, Math.floor(batchSize / 2 ** (deliveryCount - throttledFrom + 1)))
}
