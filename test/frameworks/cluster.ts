/** A cluster that is killed while frameworks run on it: one broker, or three of which one dies, or all at once. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { knock } from '../../src/cli/brokers/door/knock.ts'
import { addressesFrom, freePorts } from '../crash/cluster-process.ts'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { startOdradek } from '../harness/odradek-process.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import { startRealKafka } from '../harness/real-kafka.ts'

/** Whoever is killed is given up by its group after this: the least that a classic group may ask for is six seconds. */
export const sessionTimeoutMs = 10_000
const heartbeatMs = 2000
const startTimeoutMs = 240_000

/** Groups of Streams (KIP-1071) take their times from the broker. */
const configs = {
  'num.partitions': '3',
  'group.streams.min.session.timeout.ms': String(sessionTimeoutMs),
  'group.streams.session.timeout.ms': String(sessionTimeoutMs),
  'group.streams.min.heartbeat.interval.ms': String(heartbeatMs),
  'group.streams.heartbeat.interval.ms': String(heartbeatMs),
  // A tenth of the default: what a killed member left open is over soon.
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000'
}

/** What is acknowledged is on two brokers at least. */
const inSync = { 'min.insync.replicas': '2' }

export class Cluster implements AsyncDisposable {
  readonly bootstrap: string
  readonly size: number
  readonly #port: number
  readonly #settings: Readonly<Record<string, string>>
  readonly #data = temporaryDirectory('frameworks')
  #process: BrokerProcess | null = null
  #deaths = 0

  /** Apache Kafka (`--target kafka`) has one broker here. */
  static async start(size: number, settings: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    const cluster = new Cluster(size, await freePorts(size), settings)
    await cluster.#start()
    return cluster
  }

  private constructor(size: number, port: number, settings: Readonly<Record<string, string>>) {
    this.size = size
    this.#settings = { ...configs, ...(size > 1 ? inSync : {}), ...settings }
    this.#port = port
    this.bootstrap = addressesFrom(port, size)
  }

  /** The next death, and the return. Answers what died. */
  async killAndStart(): Promise<string> {
    const death = this.#deaths++
    if (this.size > 1 && death % 2 === 0) return await this.#killOne(1 + ((death / 2) % this.size))
    await this.#process?.kill()
    await this.#start()
    return this.size === 1 ? 'the broker' : 'all brokers at once'
  }

  log(): string {
    return this.#process?.log() ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop()
    this.#data.remove()
  }

  async #start(): Promise<void> {
    const dataDirectory = join(this.#data.path, 'data')
    const options = { dataDirectory, port: this.#port, startTimeoutMs, configs: this.#settings }
    this.#process = isKafka() ? await startRealKafka(options) : await startOdradek({ ...options, brokers: this.size })
  }

  async #killOne(broker: number): Promise<string> {
    for (const what of ['kill', 'start'] as const) {
      const answer = await knock(this.bootstrap.split(','), { what, broker })
      assert.equal(answer?.kind, 'done', JSON.stringify(answer))
    }
    return `broker ${broker} of ${this.size}`
  }
}

/** How many brokers there are, one setting after the other. */
export function sizes(): readonly number[] {
  return isKafka() ? [1] : [1, 3]
}

/** As it was asked for with `--target kafka`; `target.ts` has it as it was when it was loaded. */
function isKafka(): boolean {
  return process.env.ODRADEK_TARGET === 'kafka'
}
