/**
 * The demo as lines, for a pipe, a log or a simple terminal: what happens, in words or in JSON, and how things stand every few seconds.
 */
import { toJson } from '../../output.ts'
import type { Terminal } from '../../terminal.ts'
import type { WrittenEvent } from '../events.ts'
import { serviceNames, serviceSaying, statuses, topicNames } from '../services.ts'
import type { DemoState, News } from '../state.ts'
import type { Presenter } from './presenter.ts'
import { clockTime, sentenceOf } from './sentences.ts'

const standingsMs = 5000
const standingsForProgramsMs = 1000
/** More events a second are counted instead of told. */
const eventsPerSecondMax = 40

export class LinesPresenter implements Presenter {
  readonly #terminal: Terminal
  #standingsAtMs = performance.now()
  #secondAtMs = 0
  #toldInSecond = 0
  #untold = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  begin(state: DemoState): void {
    const { topics } = state
    this.#write(
      `Odradek demo: food delivery on Kafka at ${state.brokers}${state.isEmbedded ? ' (in this process)' : ''}, ` +
        `topics ${topicNames.map((name) => topics[name]).join(', ')}, seed ${state.seed}`
    )
  }

  onEvents(events: readonly WrittenEvent[]): void {
    for (const event of events) {
      if (!this.#mayTell()) {
        this.#untold++
        continue
      }
      const service = serviceSaying[event.status]
      const where = `${service.writes} ${event.partition}:${event.offset}`
      this.#write(
        `${clockTime(event.timestampMs)}  ${service.name.padEnd(13)}  order ${String(event.order.orderId).padEnd(5)}  ${sentenceOf(event).padEnd(40)}  ${where}`
      )
    }
  }

  onNews({ timestampMs, text }: News): void {
    this.#write(`${clockTime(timestampMs)}  * ${text}`)
  }

  tick(state: DemoState): void {
    const nowMs = performance.now()
    if (nowMs - this.#standingsAtMs < standingsMs) return
    this.#standingsAtMs = nowMs
    const { totals, teams } = state
    if (this.#untold > 0) this.#write(`                … and ${this.#untold} more events`)
    this.#untold = 0
    const counts = statuses.map((status) => `${status} ${totals[status]}`).join(', ')
    const lags = serviceNames.map((service) => `${service} ${teams[service].group.lag}`).join(', ')
    this.#write(`${clockTime(Date.now())}  = ${counts}; lost ${totals.lost}, doubled ${totals.doubled}; lag: ${lags}`)
  }

  end(): void {}

  #mayTell(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#secondAtMs > 1000) {
      this.#secondAtMs = nowMs
      this.#toldInSecond = 0
    }
    return ++this.#toldInSecond <= eventsPerSecondMax
  }

  #write(line: string): void {
    void this.#terminal.write(`${line}\n`)
  }
}

export class JsonPresenter implements Presenter {
  readonly #terminal: Terminal
  #standingsAtMs = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  begin({ brokers, topics, seed }: DemoState): void {
    this.#write({ event: 'ready', brokers, topics, seed })
  }

  onEvents(events: readonly WrittenEvent[]): void {
    for (const event of events) {
      const { order, status, timestampMs, partition, offset } = event
      const topic = serviceSaying[status].writes
      this.#write({ event: status, order_id: order.orderId, timestamp: timestampMs, topic, partition, offset })
    }
  }

  onNews({ timestampMs, text }: News): void {
    this.#write({ event: 'news', timestamp: timestampMs, text })
  }

  tick({ totals, teams }: DemoState): void {
    const nowMs = performance.now()
    if (nowMs - this.#standingsAtMs < standingsForProgramsMs) return
    this.#standingsAtMs = nowMs
    const groups = serviceNames.map((service) => ({
      service,
      ...teams[service].group,
      members: teams[service].members,
      paused: teams[service].paused
    }))
    this.#write({ event: 'standings', ...totals, groups })
  }

  end(): void {}

  #write(value: unknown): void {
    void this.#terminal.write(`${toJson(value)}\n`)
  }
}
