/** A network whose listeners and connections end with the host. */
import type { Connection, Listener, Network } from '../network.ts'
import type { Lease } from './lease.ts'

export class RevocableNetwork implements Network {
  readonly #network: Network
  readonly #lease: Lease

  constructor(network: Network, lease: Lease) {
    this.#network = network
    this.#lease = lease
  }

  async listen(host: string, port: number, onConnection: (connection: Connection) => void): Promise<Listener> {
    return await this.#lease.outcomeOf(async () => {
      const accept = (connection: Connection): void => this.#accept(connection, onConnection)
      return this.#held(await this.#network.listen(host, port, accept))
    })
  }

  /** It may come when the host is gone. */
  #held(listener: Listener): Listener {
    if (this.#lease.isTaken) void listener.close()
    const forget = this.#lease.hold(() => void listener.close())
    const close = async (): Promise<void> => {
      forget()
      await listener.close()
    }
    return { host: listener.host, port: listener.port, close }
  }

  #accept(connection: Connection, onConnection: (connection: Connection) => void): void {
    if (this.#lease.isTaken) {
      connection.destroy()
      return
    }
    const forget = this.#lease.hold(() => connection.destroy())
    connection.onClose(forget)
    onConnection(connection)
  }
}
