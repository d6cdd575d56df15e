/** TCP, by Node's own sockets. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Connection, type Dialer, ListenError, type Listener, type Network } from '../network.ts'

/**
 * Sockets never keep the process alive by themselves: a broker in a test or a program ends with it. A process that is there
 * to serve stays for its own reasons (`odradek serve`).
 */
export const nodeNetwork: Network = {
  listen(host, port, onConnection) {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
        socket.unref()
        onConnection(connectionOf(socket))
      })
      // It stays: an accept that fails later (too many open files) costs that connection, never the process.
      server.on('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
      server.listen({ host, port, backlog: 1024 }, () => {
        // Not before: whoever awaits this has nothing else that keeps the process alive.
        server.unref()
        resolve(listenerOf(server, host, port))
      })
    })
  }
}

export const nodeDialer: Dialer = {
  connect(host, port, withinMs) {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, keepAlive: true })
      socket.setTimeout(withinMs, () => socket.destroy(new Error(`nobody accepts on ${host}:${port}`)))
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.setTimeout(0)
        const connection = connectionOf(socket)
        // Nobody listens: the system chose this very port for our own end, and the socket reached itself.
        if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
          connection.destroy()
          reject(new Error(`nobody listens on ${host}:${port}`))
          return
        }
        socket.unref()
        resolve(connection)
      })
    })
  }
}

function listenerOf(server: Server, host: string, wantedPort: number): Listener {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : wantedPort
  return {
    host,
    port,
    close: () => new Promise((resolve) => server.close(() => resolve()))
  }
}

function connectionOf(socket: Socket): Connection {
  // A peer that goes away in the middle of something is everyday; 'close' follows and tells whoever cares.
  socket.on('error', () => {})
  return {
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? '',
    onData: (callback) => void socket.on('data', callback),
    onClose: (callback) => void socket.once('close', callback),
    onDrain: (callback) => void socket.on('drain', callback),
    write(chunks, onSent) {
      if (socket.destroyed || socket.writableEnded) return true
      const last = chunks.length - 1
      const sent = onSent && ((error?: Error | null) => void (error || onSent()))
      if (last > 0) socket.cork()
      let isFlowing = true
      for (const [index, chunk] of chunks.entries()) isFlowing = socket.write(chunk, index === last ? sent : undefined)
      if (last > 0) socket.uncork()
      return isFlowing
    },
    get unsentBytes() {
      return socket.writableLength
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end(onSent) {
      // Whoever awaits the end of a connection is owed it, even when nothing else is going on.
      socket.ref()
      if (onSent !== undefined) socket.once('finish', onSent)
      socket.end()
    },
    destroy: () => void socket.destroy()
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ListenError {
  if (error.code === 'EADDRINUSE') {
    const what = `Port ${port} on ${host} is in use by another program.`
    return new ListenError(
      'in-use',
      `${what} Stop that program, or choose another port (port 0 takes any free one).`,
      error
    )
  }
  if (error.code === 'EACCES') {
    const what = `This user may not listen on port ${port}.`
    return new ListenError('not-permitted', `${what} Choose a port above 1023.`, error)
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    const what = `${host} is no address of this machine.`
    return new ListenError(
      'failed',
      `${what} Use 127.0.0.1 for this machine only, or 0.0.0.0 for every network.`,
      error
    )
  }
  return new ListenError('failed', `Cannot listen on ${host}:${port}: ${error.message}.`, error)
}
