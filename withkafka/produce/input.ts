/**
 * The raw messages, before they have a key: an example, the arguments, the lines of a file or of standard input, or all of it.
 * They come in portions, as the input arrives: a typed line at once, a big file piece by piece, so that memory stays small.
 */
import { createReadStream } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import { reasonOf, wrongUsage } from '../program/problem.ts'
import type { Source } from './options.ts'

/** The two messages that this project began with. Each is keyed by whom it is about, so that its events stay in order. */
export const examples = {
  order: { key: '123', value: '{"order_id": 123, "status": "placed", "timestamp": "2025-09-19T12:00:00Z"}' },
  login: { key: 'alice', value: '{"user": "alice", "action": "login", "time": "2025-09-19T12:01:00Z"}' }
} as const

export type ExampleName = keyof typeof examples
export const exampleNames: readonly ExampleName[] = ['order', 'login']

const newline = 0x0a
const carriageReturn = 0x0d
/** As much as a batch takes, so that a file travels in few requests. */
const chunkBytes = 512 * 1024
/** Kafka takes messages of about 1 MiB unless told otherwise; what is longer than this is no message by mistake. */
const pieceBytesMax = 64 * 1024 * 1024

export async function* readInput(source: Source, stop: AbortSignal): AsyncGenerator<readonly Buffer[]> {
  if (source.kind === 'example') yield [Buffer.from(examples[source.name].value)]
  else if (source.kind === 'arguments') yield source.texts.map((text) => Buffer.from(text))
  else {
    const chunks = readChunks(source.file, stop)
    yield* source.pieces === 'lines' ? linesOf(chunks) : wholeOf(chunks)
  }
}

async function* readChunks(file: string | undefined, stop: AbortSignal): AsyncGenerator<Buffer> {
  const stream: Readable = file === undefined ? process.stdin : createReadStream(file, { highWaterMark: chunkBytes })
  try {
    for await (const chunk of addAbortSignal(stop, stream)) yield chunk
  } catch (error) {
    if (stop.aborted) return
    throw wrongUsage(`cannot read ${file ?? 'standard input'}`, reasonOf(error))
  }
}

/** The lines that each chunk completed, without their ends, \n or as on Windows \r\n. A last line without one counts. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let begun: Buffer[] = []
  for await (const chunk of chunks) {
    const lines: Buffer[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      const line = Buffer.concat([...begun, chunk.subarray(from, at)])
      lines.push(line.at(-1) === carriageReturn ? line.subarray(0, -1) : line)
      begun = []
      from = at + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
    checkSize(begun)
    if (lines.length > 0) yield lines
  }
  if (begun.length > 0) yield [Buffer.concat(begun)]
}

async function* wholeOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  const pieces: Buffer[] = []
  for await (const chunk of chunks) {
    pieces.push(chunk)
    checkSize(pieces)
  }
  yield [Buffer.concat(pieces)]
}

function checkSize(pieces: readonly Buffer[]): void {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (sizeBytes > pieceBytesMax) throw wrongUsage(`a message is longer than ${pieceBytesMax} bytes`)
}
