/**
 * How the brokers of this process and their controller ask each other, and how the controller tells them what is safe: by values, at
 * once and without a codec. A broker that is gone answers nothing any more, and is heard no more: what its code still does after its end
 * reaches nobody.
 */
import type { Broker, Lines } from '../broker/broker.ts'
import type { ControllerLine } from '../broker/controller-line.ts'
import { type Peer, PeerUnreachable } from '../broker/peer.ts'
import type { Controller, MetadataFollower } from '../controller/controller.ts'
import type { Clock } from '../host/clock.ts'
import { unattended } from '../host/unattended.ts'
import { Post } from './post.ts'

/**
 * Resolves when a message from one node has come to another; rejects with PeerUnreachable when it is lost. Only a simulation has one: in
 * this process nothing is under way.
 */
export type Transport = (from: number, to: number) => Promise<void>

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
  readonly #controller: Controller
  readonly #clock: Clock
  readonly #transport: Transport | null
  readonly #lines = new Map<number, Line>()
  /** From the controller to each broker. */
  readonly #posts = new Map<number, Post>()

  constructor(options: {
    readonly controller: Controller
    /** The controller's. */
    readonly clock: Clock
    readonly transport: Transport | null
  }) {
    this.#controller = options.controller
    this.#clock = options.clock
    this.#transport = options.transport
  }

  connect(broker: Broker): void {
    this.#lines.set(broker.nodeId, { broker, waiting: new Set() })
  }

  /** What the controller says to a broker, when that has heard all that came before. */
  tell(nodeId: number, message: () => void): void {
    this.#posts.get(nodeId)?.tell(message)
  }

  /** It is gone: whoever waits for its answer hears so, and the controller tells it no more. */
  disconnect(nodeId: number): void {
    const line = this.#lines.get(nodeId)
    this.#lines.delete(nodeId)
    for (const refuse of [...(line?.waiting ?? [])]) refuse(gone(nodeId))
    this.#posts.get(nodeId)?.end()
    this.#posts.delete(nodeId)
    this.#controller.detach(nodeId)
  }

  /** The others, as one broker reaches them in this life of it. */
  linesOf(broker: Broker): Lines {
    return { controller: this.#controllerFor(broker), peer: this.#peersOf(broker) }
  }

  #peersOf(broker: Broker): (nodeId: number) => Peer {
    const { nodeId: from } = broker
    const ask = <Answer>(to: number, question: Question<Answer>): Promise<Answer> => {
      if (!this.#isConnected(broker)) return Promise.reject(gone(from))
      return this.#ask(from, to, question)
    }
    return (to) => ({
      fetch: (request) =>
        ask(to, { put: (leader) => leader.fetchFor(from, request), lost: (fetched) => fetched.done() }),
      logEnds: (of) => ask(to, { put: (leader) => Promise.resolve(leader.logEnds(of)), lost: () => {} }),
      writeTxnMarkers: (request) =>
        ask(to, { put: (leader) => leader.transactions.markers.write(request), lost: () => {} }),
      addPartitionsToTxn: (request) =>
        ask(to, { put: (coordinator) => coordinator.transactions.addPartitions(request), lost: () => {} }),
      appendDeadLetters: (batch) => ask(to, { put: (leader) => leader.deadLetters.append(batch), lost: () => {} }),
      askShareStates: (question) =>
        ask(to, { put: (coordinator) => question(coordinator.shares.coordinators), lost: () => {} })
    })
  }

  #controllerFor(broker: Broker): ControllerLine {
    const [controller, transport] = [this.#controller, this.#transport]
    const { nodeId } = broker
    const post = new Post(this.#clock, transport === null ? null : () => transport(controller.nodeId, nodeId))
    return {
      ask: (question) => {
        if (!this.#isConnected(broker)) return Promise.reject(gone(nodeId))
        return transport === null ? question(controller) : this.#askController(broker, question, transport)
      },
      attach: (follower) => {
        this.#posts.set(nodeId, post)
        return controller.attach(nodeId, this.#told(broker, follower, post))
      }
    }
  }

  /**
   * Logs are made, and names let go of, by whoever runs the process, whether or not the broker has heard all: only a name that it has
   * not heard to be free is waited for.
   */
  #told(broker: Broker, follower: MetadataFollower, post: Post): MetadataFollower {
    const { image } = this.#controller
    const mayHold = (topic: string): boolean =>
      !post.isEmpty && image.topicByName(topic) === undefined && broker.image.topicByName(topic) !== undefined
    return {
      ...follower,
      follow: (records) => post.tell(() => follower.follow(records)),
      isLettingGo: (topic) => mayHold(topic) || follower.isLettingGo(topic),
      letGo: () => post.emptied().then(() => follower.letGo())
    }
  }

  #isConnected(broker: Broker): boolean {
    return this.#lines.get(broker.nodeId)?.broker === broker
  }

  async #ask<Answer>(from: number, to: number, { put, lost }: Question<Answer>): Promise<Answer> {
    await this.#transport?.(from, to)
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
      await this.#transport?.(to, from)
      return answer
    } catch (error) {
      unattended(
        this.#clock,
        answered.then(lost, () => {})
      )
      throw error
    } finally {
      line.waiting.delete(refuse)
    }
  }

  /** What a broker asked that was gone when its question came is not asked any more: it is fenced, and must not be heard. */
  async #askController<Answer>(
    broker: Broker,
    question: (controller: Controller) => Promise<Answer>,
    transport: Transport
  ): Promise<Answer> {
    const { nodeId } = broker
    await transport(nodeId, this.#controller.nodeId)
    if (!this.#isConnected(broker)) throw gone(nodeId)
    const answer = await question(this.#controller)
    await transport(this.#controller.nodeId, nodeId)
    return answer
  }
}

function gone(nodeId: number): PeerUnreachable {
  return new PeerUnreachable(`broker ${nodeId} is gone`)
}
