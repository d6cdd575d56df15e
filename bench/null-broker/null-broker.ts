/**
 * The null broker: reads whole requests, answers at once, stores nothing, and serves every fetch from one buffer in memory.
 * No broker can look faster to a client; the distance to it is what a broker still wastes.
 *
 * Each API is advertised in one old version, so that answers can be written by hand. What a fetch gives is sent as it lies in
 * memory, without a copy: with one the null broker was slower than brokers that read a file. Two consumers at once would see
 * each other's offsets in it.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { recordBatch } from '../../test/harness/record-batch.ts'
import { int8, int16, int32, int64, list, Reader, text } from '../../test/harness/wire.ts'

const TOPIC_END = 1_000_000_000_000
const BATCH_BYTES = 16_384
const FETCH_BYTES = 1_000_000
const UNSUPPORTED_VERSION = 35

type Answer = (body: Reader, broker: NullBroker) => Buffer | readonly Buffer[] | null

const OK = int16(0)
const NO_THROTTLE = int32(0)

/** What is advertised: the key, its one version, and how it is answered. */
const apis: readonly [key: number, version: number, answer: Answer][] = [
  // zstd needs 7.
  [0, 7, produce],
  [1, 4, (body, broker) => broker.fetch(body)],
  [2, 1, listOffsets],
  [3, 4, metadata],
  [8, 2, commitOffsets],
  [9, 1, fetchOffsets],
  [10, 0, (_, broker) => Buffer.concat([OK, int32(1), text('127.0.0.1'), int32(broker.port)])],
  [11, 2, join],
  [12, 1, () => Buffer.concat([NO_THROTTLE, OK])],
  [13, 1, () => Buffer.concat([NO_THROTTLE, OK])],
  [14, 1, sync],
  [18, 0, () => versions(0)],
  [22, 0, () => Buffer.concat([NO_THROTTLE, OK, int64(1), int16(0)])]
]
const answers = new Map(apis.map(([key, , answer]) => [key, answer]))

export class NullBroker {
  port = 0
  private readonly server: Server
  private readonly buffer: Buffer
  private readonly batchBytes: number
  private readonly batchRecords: number
  /** What Metadata says of the partitions of any topic. */
  readonly partitions: Buffer

  constructor(recordBytes: number, partitionsPerTopic = 1) {
    const partition = (index: number) => [OK, int32(index), int32(1), list([int32(1)]), list([int32(1)])]
    this.partitions = list(Array.from({ length: partitionsPerTopic }, (_, index) => Buffer.concat(partition(index))))
    this.batchRecords = Math.max(1, Math.floor(BATCH_BYTES / (recordBytes + 8)))
    const batch = recordBatch(Array.from({ length: this.batchRecords }, () => Buffer.alloc(recordBytes, 'x')))
    this.batchBytes = batch.length
    const batches = Math.max(1, Math.floor(FETCH_BYTES / batch.length))
    this.buffer = Buffer.concat(Array.from({ length: batches }, () => batch))
    this.server = createServer({ noDelay: true }, (socket) => this.serve(socket))
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    const address = this.server.address()
    if (typeof address === 'object' && address) this.port = address.port
  }

  /** Fetch: the same batches again, with the offsets that are asked for. In pieces. */
  fetch(body: Reader): readonly Buffer[] {
    body.int32()
    body.int32()
    body.int32()
    body.int32()
    body.int8()
    const topics = body.list(() => {
      const name = body.text()
      const partitions = body.list(() => ({ index: body.int32(), offset: body.int64(), maxBytes: body.int32() }))
      const answered = partitions.map(({ index, offset }) => {
        const head = [int32(index), OK, int64(TOPIC_END), int64(TOPIC_END), int32(-1), int32(this.buffer.length)]
        return [Buffer.concat(head), this.batchesFrom(offset)]
      })
      return [Buffer.concat([text(name), int32(answered.length)]), ...answered.flat()]
    })
    return [Buffer.concat([NO_THROTTLE, int32(topics.length)]), ...topics.flat()]
  }

  private batchesFrom(offset: number): Buffer {
    let base = offset - (offset % this.batchRecords)
    for (let position = 0; position < this.buffer.length; position += this.batchBytes) {
      this.buffer.writeBigInt64BE(BigInt(base), position)
      base += this.batchRecords
    }
    return this.buffer
  }

  private serve(socket: Socket): void {
    let chunks: Buffer[] = []
    let held = 0
    let wanted = 4
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      held += chunk.length
      if (held < wanted) return
      let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, held)
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const end = 4 + bytes.readInt32BE(0)
        const answer = this.answer(bytes.subarray(4, end))
        if (answer) send(socket, answer)
        bytes = bytes.subarray(end)
      }
      wanted = bytes.length >= 4 ? 4 + bytes.readInt32BE(0) : 4
      chunks = [bytes]
      held = bytes.length
    })
  }

  private answer(request: Buffer): readonly Buffer[] | null {
    const reader = new Reader(request)
    const key = reader.int16()
    const version = reader.int16()
    const correlationId = int32(reader.int32())
    if (key === 18 && version > 0) return framed(correlationId, versions(UNSUPPORTED_VERSION))
    reader.text()
    const body = answers.get(key)?.(reader, this) ?? null
    return body && framed(correlationId, body)
  }
}

function framed(correlationId: Buffer, body: Buffer | readonly Buffer[]): readonly Buffer[] {
  if (Buffer.isBuffer(body)) return [Buffer.concat([int32(4 + body.length), correlationId, body])]
  const sizeBytes = body.reduce((sum, { length }) => sum + length, 0)
  return [Buffer.concat([int32(4 + sizeBytes), correlationId]), ...body]
}

/** All pieces in one call to the system. */
function send(socket: Socket, pieces: readonly Buffer[]): void {
  socket.cork()
  for (const piece of pieces) socket.write(piece)
  socket.uncork()
}

function versions(errorCode: number): Buffer {
  const ranges = apis.map(([key, version]) => Buffer.concat([int16(key), int16(version), int16(version)]))
  return Buffer.concat([int16(errorCode), list(ranges)])
}

function produce(body: Reader): Buffer | null {
  body.text()
  const acks = body.int16()
  body.int32()
  const topics = body.list(() => {
    const name = body.text()
    const partitions = body.list(() => {
      const index = body.int32()
      body.blob()
      return Buffer.concat([int32(index), OK, int64(0), int64(-1), int64(0)])
    })
    return Buffer.concat([text(name), list(partitions)])
  })
  return acks === 0 ? null : Buffer.concat([list(topics), NO_THROTTLE])
}

function listOffsets(body: Reader): Buffer {
  body.int32()
  const topics = body.list(() => {
    const name = body.text()
    const partitions = body.list(() => {
      const index = body.int32()
      const offset = body.int64() === -2 ? 0 : TOPIC_END
      return Buffer.concat([int32(index), OK, int64(-1), int64(offset)])
    })
    return Buffer.concat([text(name), list(partitions)])
  })
  return list(topics)
}

function metadata(body: Reader, broker: NullBroker): Buffer {
  const topics = body.list(() => Buffer.concat([OK, text(body.text()), int8(0), broker.partitions]))
  const self = Buffer.concat([int32(1), text('127.0.0.1'), int32(broker.port), text(null)])
  return Buffer.concat([NO_THROTTLE, list([self]), text('null-broker'), int32(1), list(topics)])
}

function commitOffsets(body: Reader): Buffer {
  body.text()
  body.int32()
  body.text()
  body.int64()
  const topics = body.list(() => {
    const name = body.text()
    const partitions = body.list(() => {
      const index = body.int32()
      body.int64()
      body.text()
      return Buffer.concat([int32(index), OK])
    })
    return Buffer.concat([text(name), list(partitions)])
  })
  return list(topics)
}

function fetchOffsets(body: Reader): Buffer {
  body.text()
  const topics = body.list(() => {
    const name = body.text()
    const partitions = body.list(() => Buffer.concat([int32(body.int32()), int64(-1), text(''), OK]))
    return Buffer.concat([text(name), list(partitions)])
  })
  return list(topics)
}

/** Every member is alone in its group and leads it. */
function join(body: Reader): Buffer {
  body.text()
  body.int32()
  body.int32()
  body.text()
  body.text()
  const protocols = body.list(() => ({ name: body.text(), metadata: body.blob() }))
  const chosen = protocols[0]
  const metadata = chosen?.metadata ?? Buffer.alloc(0)
  const self = Buffer.concat([text('member'), int32(metadata.length), metadata])
  return Buffer.concat([
    NO_THROTTLE,
    OK,
    int32(1),
    text(chosen?.name ?? ''),
    text('member'),
    text('member'),
    list([self])
  ])
}

function sync(body: Reader): Buffer {
  body.text()
  body.int32()
  body.text()
  const assignments = body.list(() => ({ member: body.text(), bytes: body.blob() }))
  const own = assignments[0]?.bytes ?? Buffer.alloc(0)
  return Buffer.concat([NO_THROTTLE, OK, int32(own.length), own])
}
