/** `odradek console` against a broker, as a browser asks it. */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { CommandLine } from '../cli/command-line.ts'
import type { LineProcess } from '../harness/child-process.ts'

const waitMs = 60_000

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface Asking {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export class OpenedConsole {
  readonly process: LineProcess
  readonly url: URL

  private constructor(process: LineProcess, url: URL) {
    this.process = process
    this.url = url
  }

  static async of(cli: CommandLine, options: readonly string[] = []): Promise<OpenedConsole> {
    const process = cli.start(['console', '--port', '0', ...options])
    const line = await process.until((lines) => lines.find((one) => one.includes('"ready"')), 'its address', waitMs)
    const { url } = JSON.parse(line) as { readonly url: string }
    return new OpenedConsole(process, new URL(url))
  }

  /** The path goes out as it is written: `fetch` would tidy it up. */
  async ask(path: string, { method = 'GET', body, headers = {} }: Asking = {}): Promise<Answer> {
    const text = body === undefined ? '' : JSON.stringify(body)
    const ofBody = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
    const sent = this.#send(path, method, { ...(body === undefined ? {} : ofBody), ...headers })
    sent.end(text)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk)
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() }
  }

  async json<Value>(path: string, asking?: Asking): Promise<Value> {
    const { status, text } = await this.ask(path, asking)
    if (status !== 200) throw new Error(`${path} was answered with ${status}: ${text}`)
    return JSON.parse(text) as Value
  }

  /** Each event, until the test has seen enough. */
  async *events<View>(path: string): AsyncGenerator<View> {
    const sent = this.#send(path, 'GET', {})
    sent.end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    try {
      let text = ''
      for await (const chunk of answer.setEncoding('utf8')) {
        text += chunk
        const events = text.split('\n\n')
        text = events.pop() ?? ''
        for (const event of events) {
          const data = /^data: (.*)$/m.exec(event)?.[1]
          if (data !== undefined) yield JSON.parse(data) as View
        }
      }
    } finally {
      sent.destroy()
    }
  }

  /** What who begins to look is told first. */
  async first<View>(path: string): Promise<View> {
    for await (const view of this.events<View>(path)) return view
    throw new Error(`${path} told nothing`)
  }

  #send(path: string, method: string, headers: Readonly<Record<string, string>>): ClientRequest {
    const { hostname, port } = this.url
    return request({ host: hostname, port, path, method, headers })
  }

  async close(): Promise<void> {
    await this.process.stop()
  }
}
