/** Child processes of the tests: one that runs to its end, and one that talks in lines while it lives. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface RunOptions {
  readonly input?: string | Buffer
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface Finished {
  /** The exit code; 128 + the signal's number when a signal ended it is not invented: then this is null. */
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

const DEFAULT_TIMEOUT_MS = 60_000

/** Runs a program to its end. Rejects only when it cannot start or takes too long; what its exit code means is the caller's. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, cwd: options.cwd })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, timeoutMs)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    const errors = Buffer.concat(stderr).toString()
    if (isLate) {
      const output = Buffer.concat(stdout).toString().slice(-2000)
      throw new Error(`${command} ${args.join(' ')} took more than ${timeoutMs} ms\n${output}\n${errors.slice(-2000)}`)
    }
    return { code, stdout: Buffer.concat(stdout), stderr: errors }
  } finally {
    clearTimeout(timer)
  }
}

/** Like `run`, and an exit code other than 0 is an error that shows what the program said. */
export async function runToSuccess(
  command: string,
  args: readonly string[],
  options: RunOptions = {}
): Promise<Buffer> {
  const finished = await run(command, args, options)
  if (finished.code !== 0) {
    const said = `${finished.stdout.toString().slice(-2000)}\n${finished.stderr.slice(-4000)}`
    throw new Error(`${command} ${args.join(' ')} ended with ${finished.code}\n${said}`)
  }
  return finished.stdout
}

/** A program that stays, writes lines, and takes lines. */
export class LineProcess {
  readonly child: ChildProcessWithoutNullStreams
  readonly lines: string[] = []
  readonly exited: Promise<number | null>
  private readonly label: string
  private errors = ''
  private hasExited = false
  private waiting: (() => void)[] = []

  constructor(command: string, args: readonly string[], options: Omit<RunOptions, 'input' | 'timeoutMs'> = {}) {
    this.label = `${command} ${args.join(' ')}`
    this.child = spawn(command, args, { env: { ...process.env, ...options.env }, cwd: options.cwd })
    this.child.stdin.on('error', () => {})
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-20_000)
      this.wake()
    })
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line)
      this.wake()
    })
    this.exited = new Promise((resolve) => {
      const finish = (code: number | null) => {
        this.hasExited = true
        this.wake()
        resolve(code)
      }
      this.child.once('error', (error) => {
        this.errors += error.message
        finish(null)
      })
      this.child.once('close', finish)
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  get stderr(): string {
    return this.errors
  }

  get isAlive(): boolean {
    return !this.hasExited
  }

  send(line: string): void {
    this.child.stdin.write(`${line}\n`)
  }

  /** Resolves with what `find` makes of the lines so far (or of `stderr`), as soon as that is something. */
  async until<T>(find: (lines: readonly string[]) => T | undefined, what: string, timeoutMs: number): Promise<T> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const found = find(this.lines)
      if (found !== undefined) return found
      if (this.hasExited) throw new Error(`${this.label} ended before ${what}\n${this.said()}`)
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) throw new Error(`${this.label}: no ${what} within ${timeoutMs} ms\n${this.said()}`)
      await this.nextLine(leftMs)
    }
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    if (this.isAlive) this.child.kill('SIGKILL')
    await this.exited
  }

  /** Asks it to end (SIGTERM), and ends it by force when it has not after `graceMs`. */
  async stop(graceMs = 15_000): Promise<number | null> {
    if (this.isAlive) this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs)
    const code = await this.exited
    clearTimeout(timer)
    return code
  }

  private said(): string {
    return `${this.lines.slice(-20).join('\n')}\n${this.errors.slice(-4000)}`
  }

  private wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }

  private async nextLine(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
