/** One broker of the comparison: its connection, and what it has named itself (topic ids, member ids), which differ between two. */
import { decodeResponse, encodeRequest } from '../../../src/protocol/frame.ts'
import { apiCodecs } from '../../../src/protocol/generated/api/registry.ts'
import { Reader } from '../../../src/protocol/primitives.ts'
import { RawConnection } from '../../harness/wire.ts'

export type Plain = string | number | boolean | null | bigint | Buffer | Plain[] | { [field: string]: Plain }

const codecs = new Map(apiCodecs.map((one) => [one.key, one]))

export class Session {
  readonly bootstrap: string
  /** What earlier answers said, by names of our own: `topic orders`, `member of readers`. */
  readonly known = new Map<string, string>()
  private connection: RawConnection | null = null
  private correlationId = 0

  constructor(bootstrap: string) {
    this.bootstrap = bootstrap
  }

  recall(name: string): string {
    const value = this.known.get(name)
    if (value === undefined) throw new Error(`nothing is known of ${name}`)
    return value
  }

  /** The answer, decoded; or how the broker refused to answer. */
  async ask(apiKey: number, version: number, request: unknown): Promise<Plain> {
    const codec = codecs.get(apiKey)
    if (!codec) throw new Error(`no codec for API ${apiKey}`)
    this.connection ??= await RawConnection.open(this.bootstrap)
    this.correlationId += 1
    const frame = encodeRequest(this.correlationId, 'differential', codec.request, version, request)
    this.connection.send(Buffer.concat(frame))
    const answer = await this.connection.next(15_000)
    if (typeof answer === 'string') {
      this.close()
      return answer
    }
    const decoded = decodeResponse(new Reader(Buffer.from(answer)), this.correlationId, codec.response, version)
    return toPlain(decoded)
  }

  close(): void {
    this.connection?.close()
    this.connection = null
  }
}

function toPlain(value: unknown): Plain {
  if (value === null || value === undefined) return null
  if (Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return value.map(toPlain)
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toPlain(inner)]))
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return value
  throw new Error(`a ${typeof value} in an answer`)
}

/** A field somewhere in an answer; undefined when it has none of that name. */
export function fieldOf(answer: Plain, name: string): Plain | undefined {
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return undefined
  if (Array.isArray(answer)) {
    for (const element of answer) {
      const found = fieldOf(element, name)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (name in answer) return answer[name]
  return fieldOf(Object.values(answer), name)
}

/** As JSON, to look for something in it. */
export function textOf(answer: Plain): string {
  return JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}
