/** A worker of Kafka Connect, distributed, that is killed and comes back at the same address. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../harness/free-port.ts'
import { JavaProcess } from '../java-process.ts'

const requestTimeoutMs = 120_000

export class Worker extends JavaProcess {
  readonly #port: number

  static async make(number: number, directory: string, settings: Readonly<Record<string, string>>): Promise<Worker> {
    const port = await freePort()
    const own = { listeners: `http://127.0.0.1:${port}`, 'rest.advertised.host.name': '127.0.0.1' }
    const lines = Object.entries({ ...settings, ...own }).map(([name, value]) => `${name}=${value}\n`)
    const properties = join(directory, `worker-${number}.properties`)
    writeFileSync(properties, lines.join(''))
    return new Worker(`worker ${number}`, port, properties)
  }

  private constructor(name: string, port: number, properties: string) {
    super({ name, jars: 'connect', main: 'org.apache.kafka.connect.cli.ConnectDistributed', args: [properties] })
    this.#port = port
  }

  /** By its REST interface; null when it does not answer, or not with what was asked for. */
  async ask(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const url = `http://127.0.0.1:${this.#port}${path}`
    const headers = { 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(requestTimeoutMs)
    const sent = { method, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const response = await fetch(url, sent).catch(() => null)
    return response?.ok ? await response.json().catch(() => true) : null
  }
}
