/**
 * A broker of several tells the controller that it lives, again and again: who is not heard for a session is fenced (KIP-631; Kafka:
 * BrokerLifecycleManager).
 */
import type { BrokerHeartbeat, HeartbeatResult } from '../controller/heartbeat.ts'
import type { Clock } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { RepeatingTimer } from '../host/repeating-timer.ts'
import { unattended } from '../host/unattended.ts'
import { limits } from '../limits.ts'
import { PeerUnreachable } from './peer.ts'

export class Heartbeats {
  readonly #clock: Clock
  readonly #send: (heartbeat: BrokerHeartbeat) => Promise<HeartbeatResult>
  readonly #say: () => BrokerHeartbeat
  readonly #timer: RepeatingTimer

  constructor(options: {
    readonly clock: Clock
    /** broker.heartbeat.interval.ms */
    readonly intervalMs: number
    readonly send: (heartbeat: BrokerHeartbeat) => Promise<HeartbeatResult>
    /** What there is to say now. */
    readonly say: () => BrokerHeartbeat
  }) {
    const { clock, intervalMs, send, say } = options
    this.#clock = clock
    this.#send = send
    this.#say = say
    this.#timer = new RepeatingTimer(
      clock,
      () => intervalMs,
      // What is lost, or met a disk that refuses, is said again with the next.
      () => unattended(clock, send(say()), PeerUnreachable, DiskError)
    )
  }

  start(): void {
    this.#timer.start()
  }

  stop(): void {
    this.#timer.stop()
  }

  /** Resolves when the controller has this broker take part; from then on it hears that it lives. Rejects with DiskError. */
  async takePart(): Promise<void> {
    while (await this.#isFenced()) {
      await new Promise<void>((resolve) => void this.#clock.after(limits.heartbeatAgainMs, resolve))
    }
    this.start()
  }

  async #isFenced(): Promise<boolean> {
    try {
      return (await this.#send(this.#say())).isFenced
    } catch (error) {
      if (error instanceof PeerUnreachable) return true
      throw error
    }
  }
}
