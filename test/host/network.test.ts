import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { Connection } from '../../src/host/network.ts'
import { nodeNetwork } from '../../src/host/node/network.ts'

const network = nodeNetwork

test('bytes go both ways, several chunks in one go, until the peer leaves', async () => {
  const accepted: Connection[] = []
  let closed = 0
  const listener = await network.listen('127.0.0.1', 0, (connection) => {
    accepted.push(connection)
    connection.onData((chunk) => connection.write([Buffer.from('<'), chunk, Buffer.from('>')]))
    connection.onClose(() => {
      closed += 1
    })
  })
  const client = connect(listener.port, listener.host)
  client.write('hello')
  let heard = ''
  while (heard.length < 7) heard += String((await once(client, 'data'))[0])
  assert.equal(heard, '<hello>')
  assert.equal(accepted[0]?.remoteAddress, '127.0.0.1')
  client.end()
  await once(client, 'close')
  await listener.close()
  assert.equal(closed, 1)
  assert.equal(accepted[0]?.write([Buffer.from('too late')]), true)
})

test('a port that is taken is told with what to do', async () => {
  const listener = await network.listen('127.0.0.1', 0, () => {})
  await assert.rejects(
    network.listen('127.0.0.1', listener.port, () => {}),
    {
      name: 'ListenError',
      problem: 'in-use',
      message: new RegExp(`Port ${listener.port} on 127\\.0\\.0\\.1 is in use.*choose another`)
    }
  )
  await listener.close()
})

test('a peer that reads nothing makes write say no, and onDrain tells when to go on', async () => {
  const connections: Connection[] = []
  const listener = await network.listen('127.0.0.1', 0, (connection) => void connections.push(connection))
  const client = connect(listener.port, listener.host)
  client.pause()
  await once(client, 'connect')
  while (connections.length === 0) await new Promise(setImmediate)
  const [connection] = connections
  assert.ok(connection !== undefined)
  while (connection.write([Buffer.alloc(1024 * 1024)]));
  assert.ok(connection.unsentBytes > 0)
  const drained = new Promise<void>((resolve) => connection.onDrain(resolve))
  client.resume()
  await drained
  connection.destroy()
  await once(client, 'close')
  await listener.close()
})
