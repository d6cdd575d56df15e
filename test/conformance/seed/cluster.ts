/** What the suites on a real cluster share: ports that are free, what is written to it, and what is read from it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { LineProcess } from '../../harness/child-process.ts'
import { topicMetadata } from '../../harness/raw-requests.ts'
import { RawConnection } from '../../harness/wire.ts'
import type { Exec } from '../../withkafka/exec-sh.ts'
import { kcat } from '../clients/kcat.ts'
import type { AcknowledgedOrder, StoredOrder } from './orders.ts'

/** A port that exec.sh can start a cluster at: this one and the next two are free, and their controllers' ten above. */
export async function freeBasePort(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 10_000)
    const ports = [0, 1, 2, 10, 11, 12].map((distance) => base + distance)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** The number of the broker that leads the first partition. */
export async function someLeader(bootstrap: string, topic: string): Promise<number> {
  const connection = await RawConnection.open(bootstrap)
  const { leaders } = await topicMetadata(connection, topic)
  connection.close()
  return leaders[0] ?? -1
}

/** kafkaprod.ts, fed as fast as it is told that what it sent is safe. */
export class OrderProducer {
  readonly #child: LineProcess
  readonly #lines: readonly string[]
  #sent = 0

  constructor(exec: Exec, topic: string, lines: readonly string[]) {
    this.#child = exec.start('prod', '--topic', topic, '--format', 'json', '--key-field', 'orderId')
    this.#lines = lines
  }

  get acknowledged(): AcknowledgedOrder[] {
    return this.#child.lines.map((line) => JSON.parse(line))
  }

  /** Sends the orders up to this one, a few at a time, each when those before are acknowledged. */
  async sendUpTo(end: number, atATime: number): Promise<void> {
    while (this.#sent < end) {
      const next = Math.min(end, this.#sent + atATime)
      for (const line of this.#lines.slice(this.#sent, next)) this.#child.send(line)
      this.#sent = next
      await this.#child.until((told) => (told.length >= next ? true : undefined), `${next} delivery reports`, 120_000)
    }
  }

  /** Its exit code. */
  async finish(): Promise<number | null> {
    this.#child.child.stdin.end()
    return await this.#child.exited
  }

  async stop(): Promise<void> {
    await this.#child.stop()
  }
}

/** Everything in the topic, read by a client that shares nothing with the programs: librdkafka. */
export async function ordersByKcat(bootstrap: string, topic: string, count: number): Promise<StoredOrder[]> {
  const records = await kcat.consume(bootstrap, { topic, count })
  return records.map(({ partition, offset, key, value }) => ({
    partition,
    offset,
    key: String(key),
    value: String(value)
  }))
}

/** Everything that kafkacons.ts stored. */
export function ordersStored(directory: string): StoredOrder[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory).filter((name) => name.endsWith('.jsonl'))
  const text = files.map((name) => readFileSync(join(directory, name), 'utf8')).join('')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const { partition, offset, key, value } = JSON.parse(line)
    return { partition, offset, key, value }
  })
}

export function inOrder(orders: readonly StoredOrder[]): StoredOrder[] {
  return [...orders].sort((one, other) => one.partition - other.partition || one.offset - other.offset)
}
