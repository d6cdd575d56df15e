/**
 * Sends each message to a URL by HTTP POST, one after the other. It succeeded when the answer is 200 to 299. The header
 * Idempotency-Key names the message, so that a receiver can tell when one comes again after a crash.
 */
import { isUtf8 } from 'node:buffer'
import { reasonOf } from '../program/problem.ts'
import { type ConsumedMessage, nameOf } from './message.ts'
import { ActionFailure } from './processing.ts'

const answerTimeoutMs = 30_000

export class PostAction {
  /** A call that was answered cannot be taken back, so each is committed at once. */
  readonly portionMax = 1
  readonly #url: URL

  constructor(url: URL) {
    this.#url = url
  }

  async process(messages: readonly ConsumedMessage[]): Promise<void> {
    for (const message of messages) await this.#post(message)
  }

  async #post(message: ConsumedMessage): Promise<void> {
    const body = message.value ?? ''
    const signal = AbortSignal.timeout(answerTimeoutMs)
    // Followed, most redirects would make a GET of it, which brings nobody the message and is answered with 200.
    const request: RequestInit = { method: 'POST', headers: headersOf(message), body, signal, redirect: 'manual' }
    const response = await fetch(this.#url, request).catch((error: unknown) => {
      throw new ActionFailure(`${this.#url}: ${reasonOf(error instanceof Error && error.cause ? error.cause : error)}`)
    })
    // Read to its end, so that the connection serves the next message too.
    await response.arrayBuffer().catch(() => {})
    if (response.ok) return
    const elsewhere = response.headers.get('location')
    const answer = `${this.#url} answered ${response.status} ${response.statusText}`.trimEnd()
    throw new ActionFailure(elsewhere === null ? answer : `${answer}, to be called at ${elsewhere}`)
  }
}

function headersOf(message: ConsumedMessage): Record<string, string> {
  const { topic, partition, offset, key, value } = message
  return {
    'content-type': contentTypeOf(value),
    'idempotency-key': `${nameOf(message)}-${offset}`,
    'kafka-topic': topic,
    'kafka-partition': String(partition),
    'kafka-offset': String(offset),
    // Headers hold few characters: percent-encoded text, or bytes.
    ...(key === null ? {} : { 'kafka-key': isUtf8(key) ? encodeURIComponent(key.toString('utf8')) : percentBytes(key) })
  }
}

function percentBytes(bytes: Buffer): string {
  return bytes.toString('hex').replaceAll(/../g, '%$&')
}

function contentTypeOf(value: Buffer | null): string {
  if (value !== null && !isUtf8(value)) return 'application/octet-stream'
  try {
    JSON.parse(value?.toString('utf8') ?? '')
    return 'application/json'
  } catch {
    return 'text/plain; charset=utf-8'
  }
}
