/**
 * The connections of a process, whichever of its servers they came to: there is one memory and one number of file handles for all of
 * them.
 */
import type { Clock } from '../host/clock.ts'
import type { Connection } from '../host/network.ts'
import { limits } from '../limits.ts'
import type { Client } from './connection.ts'
import { ServerMemory } from './memory.ts'
import { Turns } from './turns.ts'

export class Connections {
  readonly clients = new Set<Client>()
  /** Those that came before there was an engine. */
  readonly early = new Set<Connection>()
  readonly memory: ServerMemory
  readonly turns: Turns

  constructor(clock: Clock) {
    this.turns = new Turns(clock)
    this.memory = new ServerMemory({
      requestBytes: limits.bufferedRequestBytes,
      answerBytes: limits.unsentBytesOfAll,
      answerBytesAtAStretch: limits.answerBytesAtAStretch,
      clock,
      holders: this.clients
    })
  }

  get isFull(): boolean {
    return this.clients.size + this.early.size >= limits.connections
  }
}
