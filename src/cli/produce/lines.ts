/**
 * Cuts a stream of bytes into lines, as they arrive, without copying more than the line that spans two chunks. A line ends with
 * a line feed, or as on Windows with a carriage return before it; neither belongs to the line.
 */
import { wrongUsage } from '../cli-error.ts'

const newline = 0x0a
const carriageReturn = 0x0d
/** Kafka's own limit for a record is about 1 MiB unless raised; this only keeps memory bounded. */
const lineBytesMax = 64 * 1024 * 1024

/** Yields the lines that each chunk completed. A last line without a line end counts. */
export async function* readLines(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer[]> {
  let carried: Buffer[] = []
  let carriedBytes = 0
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    const lines: Buffer[] = []
    let from = 0
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      const piece = bytes.subarray(from, at)
      lines.push(withoutReturn(carried.length === 0 ? piece : Buffer.concat([...carried, piece])))
      carried = []
      carriedBytes = 0
      from = at + 1
    }
    if (from < bytes.length) carried.push(bytes.subarray(from))
    carriedBytes += bytes.length - from
    if (carriedBytes > lineBytesMax) throw wrongUsage(`a line is longer than ${lineBytesMax} bytes`)
    if (lines.length > 0) yield lines
  }
  if (carriedBytes > 0) yield [Buffer.concat(carried)]
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
}

export async function readWhole(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    sizeBytes += bytes.length
    if (sizeBytes > lineBytesMax)
      throw wrongUsage(`the input is longer than ${lineBytesMax} bytes, too much for one record`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
