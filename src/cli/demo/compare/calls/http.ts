/**
 * The little HTTP that services need which call each other: an order comes in as JSON, a word about it goes back.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Order } from '../../orders.ts'

const host = '127.0.0.1'

export type Answer = (order: Order) => Promise<unknown>

/** Resolves when it listens. */
export function listen(port: number, answer: Answer): Promise<Server> {
  const server = createServer((request, response) => {
    respond(request, response, answer).catch(() => response.destroy())
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

async function respond(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const body: Buffer[] = []
  for await (const chunk of request) body.push(chunk)
  const result = await answer(JSON.parse(Buffer.concat(body).toString()))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
}

/** Throws when nobody listens there, the call breaks, it takes too long, or the answer is no success. */
export async function post(port: number, order: Order, timeoutMs: number): Promise<void> {
  const response = await fetch(`http://${host}:${port}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal: AbortSignal.timeout(timeoutMs)
  })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`answered with ${response.status}`)
}

/** In a word: ECONNREFUSED, ECONNRESET, TimeoutError … */
export function callFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return error.name === 'Error' ? error.message : error.name
}
