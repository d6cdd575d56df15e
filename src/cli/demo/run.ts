/**
 * Runs `demo`: sets the stage, opens, lets it run until someone has seen enough, closes, and says how it went.
 */
import { rmSync } from 'node:fs'
import type { Cluster } from '../cluster.ts'
import type { GlobalOptions, Invocation } from '../command.ts'
import { connect } from '../connect.ts'
import type { ExitCode } from '../exit-codes.ts'
import { openStage, type Stage } from '../serve/stage.ts'
import type { Command } from './commands.ts'
import { Demo } from './demo.ts'
import { type DemoPlan, readPlan } from './plan.ts'
import { glyphsFor } from './show/glyphs.ts'
import { type Keyboard, type KeyboardOptions, listenToKeys, listenToLines } from './show/keyboard.ts'
import { JsonPresenter, LinesPresenter } from './show/lines.ts'
import type { Presenter } from './show/presenter.ts'
import { ScreenPresenter } from './show/screen.ts'
import { setUpStand } from './stand.ts'
import { summarize } from './summary.ts'

const drawMs = 100
const requestTimeoutMs = 3000

export async function runDemo(invocation: Invocation): Promise<ExitCode> {
  const plan = readPlan(invocation)
  const presenter = presenterFor(invocation, plan)
  const demo = new Demo(plan, presenter)
  const performance = new Performance(invocation, plan, demo, presenter)
  return await performance.run()
}

function presenterFor({ terminal }: Invocation, plan: DemoPlan): Presenter {
  if (plan.presentation === 'jsonl') return new JsonPresenter(terminal)
  if (plan.presentation === 'lines') return new LinesPresenter(terminal)
  return new ScreenPresenter(process.stdout, terminal.out, glyphsFor(terminal.env))
}

class Performance {
  readonly #invocation: Invocation
  readonly #plan: DemoPlan
  readonly #demo: Demo
  readonly #presenter: Presenter
  /** Asked to end, and asked once more. */
  readonly #enough = new AbortController()
  readonly #atOnce = new AbortController()
  #stage: Stage | undefined
  #keyboard: Keyboard | undefined
  #drawing: NodeJS.Timeout | undefined

  constructor(invocation: Invocation, plan: DemoPlan, demo: Demo, presenter: Presenter) {
    this.#invocation = invocation
    this.#plan = plan
    this.#demo = demo
    this.#presenter = presenter
  }

  async run(): Promise<ExitCode> {
    const { interrupted, flags } = this.#invocation
    const onExit = () => this.#giveUp()
    const onCrash = () => this.#giveTerminalBack()
    process.once('exit', onExit)
    process.once('uncaughtExceptionMonitor', onCrash)
    process.once('SIGHUP', () => this.#quit())
    interrupted.addEventListener('abort', () => this.#quit(), { once: true })
    if (interrupted.aborted) this.#quit()
    try {
      this.#stage = await openStage(flags, this.#plan.directory)
      await this.#open(this.#stage)
      await this.#untilEnough()
      await this.#demo.finish(this.#atOnce.signal)
    } finally {
      this.#giveTerminalBack()
      await this.#demo.close()
      await this.#stage?.[Symbol.asyncDispose]()
      process.off('exit', onExit)
      process.off('uncaughtExceptionMonitor', onCrash)
    }
    return await summarize(this.#invocation, this.#plan, this.#demo, this.#stage)
  }

  async #open(stage: Stage): Promise<void> {
    const own: GlobalOptions = { ...this.#invocation.global, brokers: stage.brokers }
    const open = (): Promise<Cluster> => connect(own, requestTimeoutMs)
    const cluster = await connect(own)
    try {
      const stand = await setUpStand(cluster)
      this.#demo.open({ brokers: stage.brokers, isEmbedded: stage.kind === 'embedded' }, stand, open)
    } finally {
      await cluster.close().catch(() => {})
    }
    this.#presenter.begin(this.#demo.state())
    this.#keyboard = this.#listen()
    this.#drawing = setInterval(() => this.#presenter.tick(this.#demo.state()), drawMs)
  }

  #listen(): Keyboard | undefined {
    const { terminal } = this.#invocation
    const screen = this.#presenter
    const options: KeyboardOptions = {
      terminal,
      context: () => {
        const { teams, ratePerSecond } = this.#demo.state()
        const selected = screen instanceof ScreenPresenter ? screen.selected : 'kitchen'
        return { selected, wanted: teams[selected].wanted, paused: teams[selected].paused, ratePerSecond }
      },
      onCommand: (command) => this.#follow(command)
    }
    if (!terminal.stdinIsTty) return listenToLines(options)
    // A terminal that only gets our lines may need its keys for something else.
    return screen instanceof ScreenPresenter ? listenToKeys(options) : undefined
  }

  #follow(command: Command): void {
    const screen = this.#presenter
    if (command.kind === 'quit') this.#quit()
    else if (command.kind === 'select' || command.kind === 'move' || command.kind === 'voice') {
      if (!(screen instanceof ScreenPresenter)) return
      if (command.kind === 'select') screen.select(command.service)
      else if (command.kind === 'move') screen.move(command.by)
      else screen.changeVoice()
    } else this.#demo.command(command)
    this.#presenter.tick(this.#demo.state())
  }

  #quit(): void {
    if (this.#enough.signal.aborted) this.#atOnce.abort()
    this.#enough.abort()
  }

  async #untilEnough(): Promise<void> {
    while (!this.#enough.signal.aborted && !this.#demo.isOver) {
      await new Promise((resolve) => setTimeout(resolve, drawMs))
    }
    // From now on another quit means: at once.
    this.#enough.abort()
  }

  #giveTerminalBack(): void {
    clearInterval(this.#drawing)
    this.#keyboard?.close()
    this.#presenter.end()
  }

  /** The process ends before its time: nothing may stay behind. */
  #giveUp(): void {
    this.#giveTerminalBack()
    this.#demo.killMembers()
    const directory = this.#plan.directory === undefined ? this.#stage?.directory : undefined
    if (directory) rmSync(directory, { recursive: true, force: true })
  }
}
