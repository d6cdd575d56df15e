/** One broker of the comparison: many batches to many partitions in one Produce (version 8), and what was kept of them by Fetch. */
import { blob, int8, int16, int32, int64, list, RawConnection, type Reader, text } from '../../harness/wire.ts'

export interface Place {
  readonly topic: string
  readonly partition: number
}

export interface Answer {
  readonly errorCode: number
  readonly baseOffset: number
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string | null }[]
  readonly errorMessage: string | null
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

const timeoutMs = 30_000
const fetchBytes = 50_000_000

export class Exchange {
  readonly #connection: RawConnection
  /** The end of each partition's log, as far as this has written it. */
  readonly #ends = new Map<string, number>()

  private constructor(connection: RawConnection) {
    this.#connection = connection
  }

  static async open(bootstrap: string): Promise<Exchange> {
    return new Exchange(await RawConnection.open(bootstrap))
  }

  /** Returns when each partition has a leader that answers. */
  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const made = topics.map(({ name, partitions, configs }) => {
      const settings = Object.entries(configs).map(([key, value]) => Buffer.concat([text(key), text(value)]))
      return Buffer.concat([text(name), int32(partitions), int16(1), list([]), list(settings)])
    })
    const answer = await this.#connection.ask(19, 2, Buffer.concat([list(made), int32(timeoutMs), int8(0)]), timeoutMs)
    answer.int32()
    for (const [name, errorCode, message] of answer.list(
      () => [answer.text(), answer.int16(), answer.text()] as const
    )) {
      if (errorCode !== 0) throw new Error(`${name} was not made: ${errorCode} ${message}`)
    }
    const places = topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition }))
    )
    for (let tries = 0; !(await this.#hasAll(places)); tries++) {
      if (tries === 600) throw new Error('the new topics have no leaders')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** One batch for each place. The answers come in the order of the places, told from where the log ended before. */
  async produce(batches: readonly (Place & { readonly bytes: Buffer })[], acks = -1): Promise<Answer[]> {
    const topics = inTopics(batches, ({ partition, bytes }) => Buffer.concat([int32(partition), blob(bytes)]))
    const body = Buffer.concat([text(null), int16(acks), int32(timeoutMs), topics])
    const answer = await this.#connection.ask(0, 8, body, timeoutMs)
    const answers = readPartitions(answer, () => readAnswer(answer))
    return batches.map((place) => {
      const found = answers.get(keyOf(place))
      if (found === undefined) throw new Error(`no answer for ${keyOf(place)}`)
      return found
    })
  }

  /** What was appended to these places since the last look, batch by batch. */
  async appended(places: readonly Place[]): Promise<Map<string, Buffer[]>> {
    const topics = inTopics(places, (place) =>
      Buffer.concat([int32(place.partition), int64(this.endOf(place)), int32(fetchBytes)])
    )
    const limits = Buffer.concat([int32(-1), int32(0), int32(0), int32(fetchBytes), int8(0)])
    const answer = await this.#connection.ask(1, 4, Buffer.concat([limits, topics]), timeoutMs)
    answer.int32()
    const stored = readPartitions(answer, () => {
      const errorCode = answer.int16()
      answer.int64()
      answer.int64()
      answer.list(() => [answer.int64(), answer.int64()])
      if (errorCode !== 0) throw new Error(`a fetch got error ${errorCode}`)
      return batchesIn(answer.blob())
    })
    for (const [key, batches] of stored) {
      const last = batches.at(-1)
      if (last !== undefined) this.#ends.set(key, Number(last.readBigInt64BE(0)) + last.readInt32BE(23) + 1)
    }
    return stored
  }

  endOf(place: Place): number {
    return this.#ends.get(keyOf(place)) ?? 0
  }

  close(): void {
    this.#connection.close()
  }

  async #hasAll(places: readonly Place[]): Promise<boolean> {
    try {
      await this.appended(places)
      return true
    } catch {
      return false
    }
  }
}

export function keyOf({ topic, partition }: Place): string {
  return `${topic}-${partition}`
}

function inTopics<T extends Place>(places: readonly T[], encode: (place: T) => Buffer): Buffer {
  const topics = [...new Set(places.map(({ topic }) => topic))]
  return list(
    topics.map((name) => {
      const its = places.filter(({ topic }) => topic === name)
      return Buffer.concat([text(name), list(its.map(encode))])
    })
  )
}

function readPartitions<T>(answer: Reader, read: () => T): Map<string, T> {
  const found = new Map<string, T>()
  answer.list(() => {
    const topic = answer.text() ?? ''
    answer.list(() => found.set(keyOf({ topic, partition: answer.int32() }), read()))
  })
  return found
}

function readAnswer(answer: Reader): Answer {
  const errorCode = answer.int16()
  const baseOffset = answer.int64()
  const logAppendTimeMs = answer.int64()
  const logStartOffset = answer.int64()
  const recordErrors = answer.list(() => ({ batchIndex: answer.int32(), message: answer.text() }))
  return { errorCode, baseOffset, logAppendTimeMs, logStartOffset, recordErrors, errorMessage: answer.text() }
}

function batchesIn(records: Buffer): Buffer[] {
  const batches: Buffer[] = []
  for (let position = 0; position + 12 <= records.length; ) {
    const end = position + 12 + records.readInt32BE(position + 8)
    if (end > records.length) break
    batches.push(records.subarray(position, end))
    position = end
  }
  return batches
}
