/** The demo as a program of its own, driven by lines and followed by its JSON lines. */
import { join } from 'node:path'
import { LineProcess } from '../../harness/child-process.ts'
import { projectDirectory } from '../../harness/paths.ts'

const main = join(projectDirectory, 'dist', 'cli', 'main.js')
const PATIENCE_MS = 90_000

export interface Line {
  readonly event: string
  readonly [name: string]: unknown
}

interface Group {
  readonly service: string
  readonly state: string
  readonly lag: number
  readonly members: { readonly member: number; readonly pid: number; readonly state: string }[]
}

export class DemoProcess {
  readonly process: LineProcess
  readonly #lines: Line[] = []
  #read = 0

  /** KAFKA_BROKERS points nowhere: a demo must not look at it. */
  constructor(args: readonly string[]) {
    this.process = new LineProcess(process.execPath, [main, 'demo', '-o', 'jsonl', ...args], {
      env: { KAFKA_BROKERS: '127.0.0.1:1' }
    })
  }

  get lines(): readonly Line[] {
    for (const line of this.process.lines.slice(this.#read)) {
      if (line.startsWith('{')) this.#lines.push(JSON.parse(line) as Line)
    }
    this.#read = this.process.lines.length
    return this.#lines
  }

  get news(): string[] {
    return this.lines.filter(({ event }) => event === 'news').map(({ text }) => String(text))
  }

  count(event: string): number {
    return this.lines.filter((line) => line.event === event).length
  }

  tell(command: string): void {
    this.process.send(command)
  }

  /** Resolves with what `find` makes of all the lines so far. */
  async until<Found>(what: string, find: () => Found | undefined | false): Promise<Found> {
    return await this.process.until(() => find() || undefined, what, PATIENCE_MS)
  }

  async untilNews(pattern: RegExp, since = 0): Promise<string> {
    return await this.until(`news like ${pattern}`, () => this.news.slice(since).find((text) => pattern.test(text)))
  }

  /** Gives the command and waits for what it brings about. */
  async afterwards(command: string, pattern: RegExp): Promise<void> {
    const before = this.news.length
    this.tell(command)
    await this.untilNews(pattern, before)
  }

  /** From the first event in the log to the last. */
  get elapsedMs(): number {
    const times = this.lines.flatMap(({ order_id, timestamp }) => (order_id === undefined ? [] : [Number(timestamp)]))
    return Math.max(0, ...times) - Math.min(Number.POSITIVE_INFINITY, ...times)
  }

  /** As the last look at the cluster has it. */
  group(service: string): Group | undefined {
    const standings = this.lines.findLast(({ event }) => event === 'standings')
    return (standings?.groups as Group[] | undefined)?.find((group) => group.service === service)
  }

  pids(): number[] {
    const standings = this.lines.filter(({ event }) => event === 'standings')
    const groups = standings.flatMap((line) => line.groups as Group[])
    return [...new Set(groups.flatMap(({ members }) => members.map(({ pid }) => pid)))]
  }

  /** What it says at its end, and with which exit code it went. */
  async ended(): Promise<{ summary: Line | undefined; code: number | null }> {
    const code = await this.process.exited
    return { summary: this.lines.find(({ event }) => event === 'summary'), code }
  }
}
