/** A broker as the process that serves it tells of it. */
import type { Row } from '../output.ts'
import type { ServedBroker } from './door/requests.ts'

export function servedRow({ id, address, rack, isRunning }: ServedBroker): Row {
  return { broker: id, address, rack, state: isRunning ? 'running' : 'stopped' }
}
