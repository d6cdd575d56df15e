/**
 * What the process of this machine that serves a cluster tells of its brokers: also of those that do not run, of which the cluster tells
 * nothing, and by which it cannot be reached.
 */
import type { GlobalOptions } from '../command.ts'
import { knock } from './door/knock.ts'
import type { ServedBroker } from './door/requests.ts'

export interface Served {
  /** None where nobody here serves it. */
  readonly brokers: readonly ServedBroker[]
  /** Undefined: none of them runs. The one that was named may be the one that was stopped. */
  readonly reachable: GlobalOptions | undefined
}

export async function servedBrokers(global: GlobalOptions): Promise<Served> {
  const answer = await knock(global.brokers, null)
  const brokers = answer?.kind === 'done' ? answer.brokers : []
  if (brokers.length === 0) return { brokers, reachable: global }
  const running = brokers.filter(({ isRunning }) => isRunning).map(({ address }) => address)
  return { brokers, reachable: running.length === 0 ? undefined : { ...global, brokers: running } }
}
