/** What a test knows of a broker that runs as a process of its own, whichever broker it is. */
export interface BrokerProcess extends AsyncDisposable {
  readonly kind: 'kafka' | 'odradek' | 'null' | 'kfake'
  /** host:port, for any client. */
  readonly bootstrap: string
  readonly pid: number
  /** Where its files lie; null when it keeps them in memory. */
  readonly dataDirectory: string | null
  /** From the start of the process to its first Metadata answer. */
  readonly startMs: number
  readonly isAlive: boolean
  /** What it wrote last, for the message of a failing test. */
  log(): string
  /** A clean stop. */
  stop(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
}

export interface BrokerOptions {
  /** A directory to keep; without it, a temporary one that goes with the process. */
  readonly dataDirectory?: string
  /** 0 or nothing: any free port. */
  readonly port?: number
  /** Broker configs, by Kafka's names. */
  readonly configs?: Readonly<Record<string, string>>
  /** For a directory that takes long to open. */
  readonly startTimeoutMs?: number
}
