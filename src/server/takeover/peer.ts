/**
 * The connection of a process that does not serve to the one that does. It asks once whether it has reached the broker of
 * its own directory; after that the connection lies idle, and its end tells that the other process is gone.
 */
import type { NewTopic } from '../../coordination/metadata/create-topics.ts'
import type { Clock } from '../../host/clock.ts'
import type { Disk } from '../../host/disk.ts'
import type { Connection } from '../../host/network.ts'
import { limits } from '../../limits.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { decodeResponse, encodeRequest } from '../../protocol/frame.ts'
import { FrameSplitter } from '../../protocol/frame-splitter.ts'
import { CreateTopicsRequest } from '../../protocol/generated/api/create-topics-request.ts'
import { CreateTopicsResponse } from '../../protocol/generated/api/create-topics-response.ts'
import { DescribeLogDirsRequest } from '../../protocol/generated/api/describe-log-dirs-request.ts'
import { DescribeLogDirsResponse } from '../../protocol/generated/api/describe-log-dirs-response.ts'
import type { Decoded, Message } from '../../protocol/message.ts'
import { Reader } from '../../protocol/primitives.ts'
import { StartError } from '../start-error.ts'

/** As old as the broker may be: both versions are served by every Kafka since 2.4, 2019. */
const describeLogDirsVersion = 1
const createTopicsVersion = 5

const clientId = 'odradek-open'

/** The peer is there and says nothing: it may be busy with its recovery, or be no broker. */
export class SilentPeer extends Error {
  override readonly name = 'SilentPeer'
}

interface Question {
  answer(frame: Buffer): void
  fail(error: Error): void
}

export class Peer {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #splitter = new FrameSplitter(limits.requestBytes)
  #question: Question | null = null
  #questions = 0
  #isClosed = false
  #whenClosed: () => void = () => {}

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
    connection.onData((chunk) => this.#receive(chunk))
    connection.onClose(() => this.#closed())
  }

  /** Called once when the connection breaks, whoever ended it; at once when it is broken already. */
  onClose(callback: () => void): void {
    if (this.#isClosed) callback()
    else this.#whenClosed = callback
  }

  close(): void {
    this.#connection.destroy()
    this.#closed()
  }

  /** True when the broker there has this directory. Rejects with SilentPeer, or when the connection breaks. */
  async serves(disk: Disk, withinMs: number): Promise<boolean> {
    const [request, response, version] = [DescribeLogDirsRequest, DescribeLogDirsResponse, describeLogDirsVersion]
    const { results } = await this.#ask(request, response, version, { topics: [] }, withinMs)
    return results.some(({ logDir }) => disk.isAt(logDir))
  }

  /** Makes the topics that are not there. Throws StartError for one that cannot be made. */
  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return
    const asked = topics.map(({ name, partitions, config }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: -1,
      assignments: [],
      configs: [...config].map(([key, value]) => ({ name: key, value }))
    }))
    const withinMs = limits.peerAnswerMs
    const ask = { topics: asked, timeoutMs: withinMs, validateOnly: false }
    const answer = await this.#ask(CreateTopicsRequest, CreateTopicsResponse, createTopicsVersion, ask, withinMs)
    const refused = answer.topics.find(
      ({ errorCode }) => errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS
    )
    if (refused === undefined) return
    const why = refused.errorMessage ?? `The broker answered with error ${refused.errorCode}.`
    throw new StartError('bad-option', `The topic ${refused.name} was not made. ${why}`)
  }

  #ask<Asked, Answered>(
    request: Message<Asked>,
    response: Message<Answered>,
    version: number,
    value: Asked,
    withinMs: number
  ): Promise<Decoded<Answered>> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(brokenConnection())
      const correlationId = this.#questions++
      const timer = this.#clock.after(withinMs, () => this.#question?.fail(new SilentPeer()))
      const settled = (settle: () => void): void => {
        timer.cancel()
        this.#question = null
        settle()
      }
      this.#question = {
        answer: (frame) => {
          const answer = decodeResponse(new Reader(frame), correlationId, response, version)
          settled(() => resolve(answer))
        },
        fail: (error) => settled(() => reject(error))
      }
      this.#connection.write(encodeRequest(correlationId, clientId, request, version, value))
    })
  }

  /** Whoever answers with anything else than what was asked is no broker of ours. */
  #receive(chunk: Buffer): void {
    if (this.#isClosed) return
    try {
      this.#splitter.push(chunk)
      for (let frame = this.#splitter.next(); frame !== undefined; frame = this.#splitter.next())
        this.#question?.answer(frame)
    } catch {
      this.close()
    }
  }

  #closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#question?.fail(brokenConnection())
    this.#whenClosed()
  }
}

function brokenConnection(): Error {
  return new Error('the connection broke')
}
