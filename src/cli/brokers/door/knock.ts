/** Asks the process of this machine and user that serves a cluster's brokers. */
import { connect } from 'node:net'
import { parseAddress } from '../../global-options.ts'
import { doorOf } from './place.ts'
import type { DoorAnswer, DoorRequest } from './requests.ts'

/** A broker that comes back recovers its logs first. */
const patienceMs = 5 * 60_000

/** Null when there is nobody for any of these addresses. */
export async function knock(brokers: readonly string[], deed: DoorRequest['deed']): Promise<DoorAnswer | null> {
  for (const at of brokers) {
    const answer = await ask(doorOf(parseAddress(at).port), { at, deed })
    if (answer !== null && answer.kind !== 'elsewhere') return answer
  }
  return null
}

function ask(path: string, request: DoorRequest): Promise<DoorAnswer | null> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(path)
    socket.setEncoding('utf8')
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on('connect', () => socket.end(JSON.stringify(request)))
    socket.on('data', (piece: string) => {
      text += piece
    })
    // No door, one that nobody keeps any more, or one that was closed on us: there is no answer.
    socket.on('error', () => {})
    socket.on('close', () => resolve(text === '' ? null : JSON.parse(text)))
  })
}
