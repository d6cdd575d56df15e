/** What --post takes for an answer, without a broker. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { PostAction } from '../../withkafka/consume/processing-post.ts'

const message = {
  topic: 'orders',
  partition: 0,
  offset: 7,
  timestampMs: 0,
  key: null,
  value: Buffer.from('{"order_id": 123}'),
  headers: []
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a redirect (${status}) delivers no message: it is not followed, and the message has failed`, async () => {
    const calls: unknown[] = []
    const server = createServer((request, response) => {
      calls.push([request.method, request.url])
      if (request.url === '/login') response.end('welcome')
      else response.writeHead(status, { location: '/login' }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      const action = new PostAction(new URL(`http://127.0.0.1:${port}/orders`))
      await assert.rejects(action.process([message]), new RegExp(`answered ${status} .*, to be called at /login$`))
      assert.deepEqual(calls, [['POST', '/orders']])
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })
}
