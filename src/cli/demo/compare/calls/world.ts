/**
 * The world of direct calls, seen from outside: four processes that call each other, started, killed and restarted, and the ledger of
 * what they report.
 */
import { LineChild } from '../../crew/line-child.ts'
import { Ledger } from '../ledger.ts'
import { freePorts } from './ports.ts'
import {
  type CallInstruction,
  type CallReport,
  type CallService,
  type CallState,
  type CallTask,
  callServices,
  readCallLine
} from './protocol.ts'

const revivalPauseMs = 1000
/** A service that is to end and has not by then is ended. */
const farewellMs = 2000

export interface CallsOptions {
  readonly seed: number
  readonly workMs: number
  onReport(service: CallService, report: CallReport): void
  onNews(sentence: string): void
}

interface Opening {
  resolve(): void
  reject(reason: Error): void
}

interface Running {
  state: CallState
  readonly child: LineChild<CallInstruction, CallReport>
}

export class CallsWorld {
  readonly ledger = new Ledger()
  readonly #options: CallsOptions
  readonly #running = new Map<CallService, Running>()
  #ports: CallTask['ports'] | undefined
  #opening: Opening | undefined
  #settled = 0
  #placed = 0
  #closing = false

  constructor(options: CallsOptions) {
    this.#options = options
  }

  /** Resolves when every service is there. */
  async open(): Promise<void> {
    const [payments = 0, kitchen = 0, notifications = 0] = await freePorts(3)
    this.#ports = { payments, kitchen, notifications }
    await new Promise<void>((resolve, reject) => {
      this.#opening = { resolve, reject }
      for (const service of callServices) this.#start(service)
    })
    this.#opening = undefined
  }

  stateOf(service: CallService): CallState {
    return this.#running.get(service)?.state ?? 'starting'
  }

  place(upTo: number): void {
    if (upTo <= this.#placed) return
    this.#placed = upTo
    this.#running.get('customers')?.child.tell({ do: 'place', upTo })
  }

  /** kill -9. */
  kill(service: CallService): void {
    const running = this.#running.get(service)
    if (running === undefined || running.state === 'dead') return
    running.state = 'dead'
    running.child.kill()
  }

  restart(service: CallService): void {
    if (this.stateOf(service) === 'dead') this.#start(service)
  }

  /** Whether every order that was placed has had its answer, or been given up. */
  get isSettled(): boolean {
    return this.#settled >= this.#placed
  }

  async close(): Promise<void> {
    this.#closing = true
    const ends = [...this.#running.values()].map(({ child }) => {
      child.end()
      return child.ended
    })
    const timer = setTimeout(() => this.killAll(), farewellMs)
    await Promise.all(ends)
    clearTimeout(timer)
  }

  /** At once; also safe while the process is about to exit. */
  killAll(): void {
    this.#closing = true
    for (const { child } of this.#running.values()) child.kill()
  }

  #start(service: CallService): void {
    const { seed, workMs } = this.#options
    if (this.#ports === undefined) return
    const child = new LineChild<CallInstruction, CallReport>('demo-caller', readCallLine<CallReport>, (report) =>
      this.#hear(service, running, report)
    )
    const running: Running = { state: 'starting', child }
    this.#running.set(service, running)
    child.tell({ do: 'begin', service, ports: this.#ports, seed, placed: this.#placed, workMs })
    void child.ended.then(({ lastWords }) => this.#ended(service, running, lastWords))
  }

  #hear(service: CallService, running: Running, report: CallReport): void {
    if (report.event === 'ready') {
      if (running.state === 'starting') running.state = 'working'
      if (callServices.every((one) => this.stateOf(one) === 'working')) this.#opening?.resolve()
    } else if (report.event === 'settled') this.#settled++
    else if (report.event === 'sent') this.ledger.send(report.message, report.orderId, report.timestampMs)
    else if (report.event === 'arrived') this.ledger.arrive(report.message, report.orderId, report.timestampMs)
    else this.ledger.giveUp(report.message, report.orderId)
    this.#options.onReport(service, report)
  }

  /** What was killed stays dead until it is restarted; what ends by itself comes back. */
  async #ended(service: CallService, running: Running, lastWords: string | undefined): Promise<void> {
    const reason = lastWords === undefined ? '' : `: ${lastWords}`
    this.#opening?.reject(new Error(`${service} of the direct calls did not start${reason}`))
    if (this.#closing || running.state === 'dead') return
    running.state = 'dead'
    this.#options.onNews(`${service} of the direct calls stopped${reason}`)
    await new Promise((resolve) => setTimeout(resolve, revivalPauseMs))
    if (!this.#closing && this.#running.get(service) === running) this.#start(service)
  }
}
