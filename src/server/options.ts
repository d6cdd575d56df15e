/** The options of a broker inside a program. The package gives their types as they stand here, so this file imports nothing. */
export interface KafkaOptions {
  /** Where the data lives, in Kafka's own files. Without it everything is in memory and gone with `stop()`. */
  readonly directory?: string
  /** The address to listen on. Default: 127.0.0.1, so that only this machine can connect. */
  readonly host?: string
  /** The port to listen on. Default: 0, any free one. */
  readonly port?: number
  /**
   * How many brokers, all in this process. Default: 1. With more, topics are kept on up to three of them; broker 1 has `port`, and the
   * others the ports that follow; each has a directory of its own in `directory`.
   */
  readonly brokers?: number
  /** Where each broker stands, one name for each of several: replicas of a partition are spread over them (Kafka: broker.rack). */
  readonly racks?: readonly string[]
  /**
   * 'host:port' that clients are told to come back to, when it is not where they came in (containers, tunnels). With several brokers
   * it is that of broker 1, and the others have the ports that follow.
   */
  readonly advertise?: string
  /**
   * When a record sent with acks=all is acknowledged. 'disk' (default): once it is synced and survives a power cut. 'os': once
   * the operating system has it, as Apache Kafka does by default. In memory there is no difference.
   */
  readonly durability?: 'disk' | 'os'
  /** Topics to make: the number of partitions, or that and Kafka's topic configuration. Those that exist are left as they are. */
  readonly topics?: Readonly<Record<string, number | TopicOptions>>
  /** Kafka's broker configuration, by its names: `{ 'num.partitions': '3' }`. */
  readonly config?: Readonly<Record<string, string>>
  /** Gets a line when a connection was ended for what it sent. Default: nobody is told. */
  readonly log?: (line: string) => void
  /**
   * Called when the broker has stopped itself, with the reason, which `log` is told as well. After a mistake of its own nothing
   * acknowledged is lost, and after `stop()` it can be started again; `{ problem: 'gone' }` is a data directory that was removed, renamed or
   * replaced. Of several brokers the others go on, `broker(id).isRunning` is false then, and nobody is called; but where the controller
   * stops itself, none goes on.
   */
  readonly onBroken?: (reason: Error) => void
}

export interface TopicOptions {
  /** Default: num.partitions, which is 1. */
  readonly partitions?: number
  /** Kafka's topic configuration, by its names: `{ 'retention.ms': '3600000' }`. */
  readonly config?: Readonly<Record<string, string>>
}

/** The options of a broker that several processes share: each of them may have to serve the others. */
export interface OpenKafkaOptions {
  /** Where the data lives, in Kafka's own files; made when it is not there. Who names the same directory shares a broker. */
  readonly directory: string
  /** The port to listen on, for the first who serves this directory. Default: any free one, which the directory remembers. */
  readonly port?: number
  /** As in KafkaOptions. It holds while this process serves. */
  readonly durability?: 'disk' | 'os'
  /** Topics to make, whoever serves: the number of partitions, or that and Kafka's topic configuration. Those that exist are left as they are. */
  readonly topics?: Readonly<Record<string, number | TopicOptions>>
  /** Kafka's broker configuration, by its names. It holds while this process serves, so give every process the same. */
  readonly config?: Readonly<Record<string, string>>
  /** Gets a line when this process begins to serve, or cannot, and when a connection was ended for what it sent. Default: nobody is told. */
  readonly log?: (line: string) => void
}

/** One of several brokers in this process. What is asked of it is done one after the other. */
export interface KafkaBroker {
  /** From 1 on. */
  readonly id: number
  /** 'host:port', the same in each of its lives. */
  readonly address: string
  /** Where it listens. */
  readonly port: number
  readonly rack: string | null
  readonly isRunning: boolean
  /** Others lead what it led, what it was asked is answered, and its logs are closed cleanly. */
  stop(): Promise<void>
  /** Comes back on its port, and catches up with the others. Rejects with StartError. */
  start(): Promise<void>
  restart(): Promise<void>
  /** As `kill -9`: it is gone at once, and answers and writes nothing any more. Resolves when others lead what it led. */
  kill(): Promise<void>
}
