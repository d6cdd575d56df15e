/**
 * The comparison as lines, for a pipe, a log or a simple terminal: what happens and how both worlds stand, in words or in JSON.
 */
import { toJson } from '../../../output.ts'
import type { Terminal } from '../../../terminal.ts'
import type { WrittenEvent } from '../../events.ts'
import { serviceSaying } from '../../services.ts'
import { clockTime } from '../../show/sentences.ts'
import type { News } from '../../state.ts'
import type { CallReport, CallService } from '../calls/protocol.ts'
import type { ComparisonState } from '../state.ts'
import type { Presenter } from './presenter.ts'

const standingsMs = 2000
/** More failures between two standings are counted instead of told. */
const failuresToldMax = 12

export class LinesPresenter implements Presenter {
  readonly #terminal: Terminal
  #toldMs = 0
  #failures = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  begin(state: ComparisonState): void {
    this.#toldMs = performance.now()
    const { brokers, isEmbedded, topics, seed, ratePerSecond } = state
    this.#write(
      `Odradek demo, two worlds with the same orders: seed ${seed}, ${Number(ratePerSecond.toFixed(2))} a second`
    )
    this.#write('  left   direct calls: services that call each other, no broker')
    this.#write(
      `  right  the log: Kafka at ${brokers}${isEmbedded ? ' (in this process)' : ''}, topics ${topics.join(', ')}`
    )
  }

  onCall(_service: CallService, report: CallReport): void {
    if (report.event !== 'failed' || report.message !== 'notifications') return
    if (++this.#failures > failuresToldMax) return
    this.#write(
      `${clockTime(report.timestampMs)}  order ${report.orderId}: direct call to notifications failed (${report.reason})`
    )
  }

  onEvents(): void {}

  onNews({ timestampMs, text }: News): void {
    this.#write(`${clockTime(timestampMs)}  * ${text}`)
  }

  tick(state: ComparisonState): void {
    const nowMs = performance.now()
    if (state.phase === 'opening' || nowMs - this.#toldMs < standingsMs) return
    this.#toldMs = nowMs
    if (this.#failures > failuresToldMax)
      this.#write(`                … and ${this.#failures - failuresToldMax} more failed calls`)
    this.#failures = 0
    const [left, right] = [state.calls.figures.notifications, state.log.figures.notifications]
    this.#write(
      `${clockTime(Date.now())}  = notifications: left ${left.arrived} of ${left.sent} customers told, ${left.missing} not; ` +
        `right ${right.arrived} of ${right.sent} told, ${right.missing} not`
    )
  }

  end(): void {}

  #write(line: string): void {
    void this.#terminal.write(`${line}\n`)
  }
}

/** `world` is calls or log; `event` is what happened there. */
export class JsonPresenter implements Presenter {
  readonly #terminal: Terminal
  #toldMs = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  begin({ brokers, topics, seed }: ComparisonState): void {
    this.#toldMs = performance.now()
    this.#write({ event: 'ready', brokers: brokers.split(', '), topics, seed })
  }

  onCall(service: CallService, report: CallReport): void {
    if (report.event === 'ready' || report.event === 'settled') return
    const { event, message, orderId, timestampMs } = report
    const reason = report.event === 'failed' ? { reason: report.reason } : {}
    this.#write({ world: 'calls', event, service, message, order_id: orderId, timestamp: timestampMs, ...reason })
  }

  onEvents(events: readonly WrittenEvent[]): void {
    for (const { order, status, timestampMs, partition, offset } of events) {
      const topic = serviceSaying[status].writes
      const place = { topic, partition, offset }
      this.#write({ world: 'log', event: status, order_id: order.orderId, timestamp: timestampMs, ...place })
    }
  }

  onNews({ timestampMs, text }: News): void {
    this.#write({ event: 'news', timestamp: timestampMs, text })
  }

  tick({ phase, calls, log }: ComparisonState): void {
    const nowMs = performance.now()
    if (nowMs - this.#toldMs < standingsMs) return
    this.#toldMs = nowMs
    this.#write({ event: 'standings', phase, calls: calls.figures, log: { ...log.figures, lag: log.lag } })
  }

  end(): void {}

  #write(value: unknown): void {
    void this.#terminal.write(`${toJson(value)}\n`)
  }
}
