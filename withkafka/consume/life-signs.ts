/**
 * Notices that this member is no longer heard by its group. The library keeps asking the broker that looked after the group
 * when it was joined; when that broker is gone for good, and another looks after the group now, joining anew is the way out.
 */
import type { Consumer } from 'kafkajs'

const checkIntervalMs = 1000

/** Calls back when nothing was heard for so long; not while the group is being divided, which may take its time. */
export function watchLifeSigns(consumer: Consumer, silenceMs: number, onSilence: () => void): Disposable {
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
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
