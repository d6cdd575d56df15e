/** Stands between a command and a broker, and decides what becomes of each request on its way. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** By the key of the request's API; resolves when it may go on. `cut` closes the connection instead. */
export type OnRequest = (apiKey: number) => Promise<'pass' | 'cut'>

export interface SlowProxy extends AsyncDisposable {
  readonly address: string
}

export async function slowProxy(bootstrap: string, onRequest: OnRequest): Promise<SlowProxy> {
  const [host, port] = bootstrap.split(':')
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const broker = connect(Number(port), host)
    for (const [socket, other] of [
      [client, broker],
      [broker, client]
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => other.destroy())
    }
    broker.pipe(client)
    let passed = Promise.resolve()
    let received = Buffer.alloc(0)
    client.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0)
        const frame = received.subarray(0, end)
        received = received.subarray(end)
        passed = passed.then(async () => {
          if ((await onRequest(frame.readInt16BE(4))) === 'pass') broker.write(frame)
          else client.destroy()
        })
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port: ownPort } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${ownPort}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}
