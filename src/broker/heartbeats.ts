/**
 * A broker of several tells the controller that it lives, again and again: who is not heard for a session is fenced (KIP-631; Kafka:
 * BrokerLifecycleManager).
 */
import type { BrokerHeartbeat, HeartbeatResult } from '../controller/heartbeat.ts'
import type { Clock, Timer } from '../host/clock.ts'
import { DiskError } from '../host/disk.ts'
import { limits } from '../limits.ts'
import { PeerUnreachable } from './replication/fetcher.ts'

export class Heartbeats {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #send: (heartbeat: BrokerHeartbeat) => Promise<HeartbeatResult>
  readonly #say: () => BrokerHeartbeat
  #timer: Timer | null = null
  #isStopped = false

  constructor(options: {
    readonly clock: Clock
    /** broker.heartbeat.interval.ms */
    readonly intervalMs: number
    readonly send: (heartbeat: BrokerHeartbeat) => Promise<HeartbeatResult>
    /** What there is to say now. */
    readonly say: () => BrokerHeartbeat
  }) {
    this.#clock = options.clock
    this.#intervalMs = options.intervalMs
    this.#send = options.send
    this.#say = options.say
  }

  start(): void {
    if (this.#isStopped) return
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.start()
      // What is lost, or met a disk that refuses, is said again with the next.
      this.#send(this.#say()).catch((error: unknown) => {
        if (!(error instanceof PeerUnreachable || error instanceof DiskError)) throw error
      })
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
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
