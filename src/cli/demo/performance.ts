/**
 * A performance: the stage is set, the play runs until someone has seen enough, and whatever happens, the terminal, the groups, the
 * processes and the directory are left as they should be.
 */
import { rmSync } from 'node:fs'
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions, Invocation } from '../command.ts'
import { connect } from '../connect.ts'
import { openStage, type Stage } from '../serve/stage.ts'
import type { Command, KeyContext } from './commands.ts'
import type { DemoPlace } from './demo.ts'
import { type Keyboard, type KeyboardOptions, listenToKeys, listenToLines } from './show/keyboard.ts'
import { type Stand, setUpStand } from './stand.ts'

const drawMs = 100
const requestTimeoutMs = 3000

export interface Play {
  open(place: DemoPlace, stand: Stand, connect: () => Promise<Cluster>): void | Promise<void>
  /** Whether it has come to its end by itself. */
  readonly isOver: boolean
  /** Nothing new; resolves when what is there is finished, or cannot be. */
  finish(enough: AbortSignal): Promise<void>
  /** Nothing runs afterwards. */
  close(): Promise<void>
  /** For the last moment of a process that ends too early. */
  killMembers(): void
}

export interface Show {
  begin(): void
  /** Called many times a second. */
  tick(): void
  /** The terminal is as it was afterwards. Doing it twice does no harm. */
  end(): void
  /** A terminal that only gets our lines may need its keys for something else. */
  readonly takesKeys: boolean
  keyContext(): KeyContext
  follow(command: Exclude<Command, { kind: 'quit' }>): void
  /** A key was pressed that means nothing. */
  unknown(key: string): void
}

export interface PerformanceOptions {
  readonly play: Play
  readonly show: Show
  /** Where the embedded broker keeps its data afterwards; undefined: nowhere. */
  readonly directory: string | undefined
}

/** Returns the stage it took place on, which is closed by then; undefined when it was ended before it began. */
export async function perform(invocation: Invocation, options: PerformanceOptions): Promise<Stage | undefined> {
  return await new Performance(invocation, options).run()
}

class Performance {
  readonly #invocation: Invocation
  readonly #options: PerformanceOptions
  /** Asked to end, and asked once more. */
  readonly #enough = new AbortController()
  readonly #atOnce = new AbortController()
  #stage: Stage | undefined
  #keyboard: Keyboard | undefined
  #drawing: NodeJS.Timeout | undefined

  constructor(invocation: Invocation, options: PerformanceOptions) {
    this.#invocation = invocation
    this.#options = options
  }

  async run(): Promise<Stage | undefined> {
    const { interrupted, flags } = this.#invocation
    const { play, directory } = this.#options
    const onExit = () => this.#giveUp()
    const onCrash = () => this.#giveTerminalBack()
    process.once('exit', onExit)
    process.once('uncaughtExceptionMonitor', onCrash)
    interrupted.addEventListener('abort', () => this.#quit(), { once: true })
    if (interrupted.aborted) this.#quit()
    this.#invocation.terminal.status('a broker and the services are starting …')
    try {
      const stage = await openStage(flags, directory)
      this.#stage = stage
      if (!(await this.#opened(stage))) return undefined
      await this.#untilEnough()
      await play.finish(this.#atOnce.signal)
      return stage
    } finally {
      this.#giveTerminalBack()
      await play.close()
      await this.#stage?.[Symbol.asyncDispose]()
      process.off('exit', onExit)
      process.off('uncaughtExceptionMonitor', onCrash)
    }
  }

  /** What fails because it was to end (Ctrl-C reaches the services as well) is no failure. */
  async #opened(stage: Stage): Promise<boolean> {
    try {
      await this.#open(stage)
      return true
    } catch (error) {
      if (this.#enough.signal.aborted) return false
      throw error
    }
  }

  async #open(stage: Stage): Promise<void> {
    const { play, show } = this.#options
    const own: GlobalOptions = { ...this.#invocation.global, brokers: stage.brokers }
    const open = (): Promise<Cluster> => connect(own, requestTimeoutMs)
    const cluster = await connect(own)
    try {
      const stand = await setUpStand(cluster)
      const { brokers, own } = stage
      await play.open({ brokers, own, isEmbedded: stage.kind === 'embedded' }, stand, open)
    } finally {
      await cluster.close().catch(() => {})
    }
    this.#invocation.terminal.status('')
    show.begin()
    this.#keyboard = this.#listen()
    this.#drawing = setInterval(() => show.tick(), drawMs)
  }

  #listen(): Keyboard | undefined {
    const { terminal } = this.#invocation
    const { show } = this.#options
    const options: KeyboardOptions = {
      terminal,
      context: () => show.keyContext(),
      onCommand: (command) => this.#follow(command),
      onUnknown: (key) => show.unknown(key)
    }
    if (!terminal.stdinIsTty) return listenToLines(options)
    return show.takesKeys ? listenToKeys(options) : undefined
  }

  #follow(command: Command): void {
    if (command.kind === 'quit') this.#quit()
    else this.#options.show.follow(command)
    this.#options.show.tick()
  }

  #quit(): void {
    if (this.#enough.signal.aborted) this.#atOnce.abort()
    this.#enough.abort()
  }

  async #untilEnough(): Promise<void> {
    while (!this.#enough.signal.aborted && !this.#options.play.isOver) {
      await new Promise((resolve) => setTimeout(resolve, drawMs))
    }
    // From now on another quit means: at once.
    this.#enough.abort()
  }

  #giveTerminalBack(): void {
    this.#invocation.terminal.status('')
    clearInterval(this.#drawing)
    this.#keyboard?.close()
    this.#options.show.end()
  }

  /** The process ends before its time: nothing may stay behind. */
  #giveUp(): void {
    const { play, directory } = this.#options
    this.#giveTerminalBack()
    play.killMembers()
    if (directory === undefined && this.#stage?.directory)
      rmSync(this.#stage.directory, { recursive: true, force: true })
  }
}
