/**
 * The little HTTP that services need which call each other: an order comes in as JSON, a word about it goes back.
 */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { Order } from '../../orders.ts'

const host = '127.0.0.1'

export type Answer = (order: Order) => Promise<unknown>

/** Resolves when it listens. */
export function listen(port: number, answer: Answer): Promise<Server> {
  const server = createServer((incoming, response) => {
    respond(incoming, response, answer).catch(() => response.destroy())
  })
  // An idle connection that is closed just as the next call goes out would lose an order for no reason that this world is about.
  server.keepAliveTimeout = 0
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

async function respond(incoming: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const body: Buffer[] = []
  for await (const chunk of incoming) body.push(chunk)
  const result = await answer(JSON.parse(Buffer.concat(body).toString()))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
}

/** Connections are kept for the next call; more calls at once than this wait for one. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Throws when nobody listens there, the call breaks, it takes too long, or the answer is no success. */
export async function post(port: number, order: Order, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const headers = { 'content-type': 'application/json' }
  const call = request({ host, port, method: 'POST', headers, agent, signal })
  call.end(JSON.stringify(order))
  const [response]: IncomingMessage[] = await once(call, 'response')
  if (response === undefined) throw new Error('no answer')
  for await (const _chunk of response) {
    // The word about the order: nobody here asks for more than that it came.
  }
  if (response.statusCode !== 200) throw new Error(`answered with ${response.statusCode}`)
}

/** In a word: ECONNREFUSED, ECONNRESET, a time-out … */
export function callFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'timed out'
  return 'code' in error ? String(error.code) : error.message
}
