/** A broker as the process that serves it tells of it. */
import type { Row } from '../output.ts'
import type { ServedBroker } from './door/requests.ts'

/** Of one of which the cluster does not tell: it does not run, or the controller does not hear it (`broker.session.timeout.ms`). */
export function untoldRow(broker: ServedBroker): Row {
  return { ...servedRow(broker), state: broker.isRunning ? 'fenced' : 'stopped' }
}

export function servedRow({ id, address, rack, isRunning }: ServedBroker): Row {
  return { broker: id, address, rack, state: isRunning ? 'running' : 'stopped' }
}
