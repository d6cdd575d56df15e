/**
 * How the brokers of this process ask each other: by values, at once and without a codec. A broker that is gone answers nothing any
 * more, and is heard no more: what its code still does after its end reaches nobody.
 */
import type { Broker } from '../broker/broker.ts'
import { type Peer, PeerUnreachable } from '../broker/replication/fetcher.ts'

/** Resolves when a message from one node has come to another; rejects with PeerUnreachable when it is lost. The simulation's is late. */
export type Transport = (from: number, to: number) => Promise<void>

const atOnce: Transport = () => Promise.resolve()

/** One life of a broker. */
interface Line {
  readonly broker: Broker
  /** Those who wait for an answer of it. */
  readonly waiting: Set<(error: PeerUnreachable) => void>
}

interface Question<Answer> {
  readonly put: (leader: Broker) => Promise<Answer>
  /** The answer reaches nobody: what is lent with it goes back. */
  readonly lost: (answer: Answer) => void
}

export class Channel {
  readonly #transport: Transport
  readonly #lines = new Map<number, Line>()

  constructor(transport = atOnce) {
    this.#transport = transport
  }

  connect(broker: Broker): void {
    this.#lines.set(broker.nodeId, { broker, waiting: new Set() })
  }

  /** It is gone: whoever waits for its answer hears so. */
  disconnect(nodeId: number): void {
    const line = this.#lines.get(nodeId)
    this.#lines.delete(nodeId)
    for (const refuse of [...(line?.waiting ?? [])]) refuse(gone(nodeId))
  }

  /** The others, as one broker reaches them in this life of it. */
  peersOf(broker: Broker): (nodeId: number) => Peer {
    const { nodeId: from } = broker
    const ask = <Answer>(to: number, question: Question<Answer>): Promise<Answer> => {
      if (this.#lines.get(from)?.broker !== broker) return Promise.reject(gone(from))
      return this.#ask(from, to, question)
    }
    return (to) => ({
      fetch: (request) =>
        ask(to, { put: (leader) => leader.fetchFor(from, request), lost: (fetched) => fetched.done() }),
      logEnds: (of) => ask(to, { put: (leader) => Promise.resolve(leader.logEnds(of)), lost: () => {} })
    })
  }

  async #ask<Answer>(from: number, to: number, { put, lost }: Question<Answer>): Promise<Answer> {
    await this.#transport(from, to)
    const line = this.#lines.get(to)
    if (line === undefined) throw gone(to)
    let refuse: (error: PeerUnreachable) => void = () => {}
    const ended = new Promise<never>((_, reject) => {
      refuse = reject
    })
    line.waiting.add(refuse)
    const answered = put(line.broker)
    try {
      const answer = await Promise.race([answered, ended])
      await this.#transport(to, from)
      return answer
    } catch (error) {
      answered.then(lost, () => {})
      throw error
    } finally {
      line.waiting.delete(refuse)
    }
  }
}

function gone(nodeId: number): PeerUnreachable {
  return new PeerUnreachable(`broker ${nodeId} is gone`)
}
