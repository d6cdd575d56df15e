/** The network, as the server sees it: listeners that hand over connections, and connections that carry bytes. */
export interface Network {
  /** Starts listening; port 0 means any free one. Rejects with ListenError. */
  listen(host: string, port: number, onConnection: (connection: Connection) => void): Promise<Listener>
}

/** The other direction. Apart, because a broker never connects to anyone. */
export interface Dialer {
  /** Rejects when nobody listens there, or nobody accepts within that time. */
  connect(host: string, port: number, withinMs: number): Promise<Connection>
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Takes no more connections. Those that are open stay open. */
  close(): Promise<void>
}

export interface Connection {
  readonly remoteAddress: string
  readonly remotePort: number
  /** The address of this machine that the peer reached. */
  readonly localAddress: string
  /** Called with each piece that arrives; the bytes belong to the callee. */
  onData(callback: (chunk: Buffer) => void): void
  /** Called once, when the connection is gone, whoever ended it. */
  onClose(callback: () => void): void
  /** Called when what was written has left and `write` may be called again after it said false. */
  onDrain(callback: () => void): void
  /**
   * Sends the chunks in one go. False: the peer reads slowly, hold back until `onDrain`. `onSent` is called when the bytes of
   * the chunks are needed no more; never when the connection breaks before.
   */
  write(chunks: readonly Uint8Array[], onSent?: () => void): boolean
  /** Bytes handed to `write` that have not left yet. */
  readonly unsentBytes: number
  /** Stops and resumes the arrival of data. */
  pause(): void
  resume(): void
  /** Ends after what was written has left; `onSent` is called then, or never when the connection breaks before. */
  end(onSent?: () => void): void
  /** Ends at once. */
  destroy(): void
}

export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly problem: 'in-use' | 'not-permitted' | 'failed'

  constructor(problem: 'in-use' | 'not-permitted' | 'failed', message: string, cause?: unknown) {
    super(message, { cause })
    this.problem = problem
  }
}
