/** Who asks a group coordinator, as it wants to know it. */
import type { Caller } from '../coordination/groups/group-coordinator.ts'
import type { RequestContext } from './api.ts'

export function callerOf({ clientId, session, apiVersion }: RequestContext): Caller {
  return { clientId, clientHost: session.clientHost, apiVersion }
}
