/**
 * Cuts a stream of bytes into lines, as they arrive, without copying more than the line that spans two chunks. A line ends with
 * a line feed, or as on Windows with a carriage return before it; neither belongs to the line, nor does a carriage return at the
 * end of all.
 */
import { wrongUsage } from '../cli-error.ts'

const newline = 0x0a
const carriageReturn = 0x0d
/** Kafka's own limit for a record is about 1 MiB unless raised; this only keeps memory bounded. */
export const lineBytesMax = 64 * 1024 * 1024

/** What is left of a line that is larger than what is held in memory. */
export class TooLargeLine {
  readonly sizeBytes: number

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
  }
}

/** Yields the lines that each chunk completed. A last line without a line end counts. */
export async function* readLines(
  stream: AsyncIterable<unknown>,
  bytesMax: number = lineBytesMax
): AsyncGenerator<(Buffer | TooLargeLine)[]> {
  let carried: Buffer[] = []
  let carriedBytes = 0
  const endLine = (piece: Buffer) => {
    const sizeBytes = carriedBytes + piece.length
    const whole = carried.length === 0 ? piece : Buffer.concat([...carried, piece])
    carried = []
    carriedBytes = 0
    return sizeBytes > bytesMax ? new TooLargeLine(sizeBytes) : whole
  }
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    const lines: (Buffer | TooLargeLine)[] = []
    let from = 0
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      lines.push(withoutReturn(endLine(bytes.subarray(from, at))))
      from = at + 1
    }
    if (from < bytes.length) carried.push(bytes.subarray(from))
    carriedBytes += bytes.length - from
    // Nobody will have this line: it is only counted to its end.
    if (carriedBytes > bytesMax) carried = []
    if (lines.length > 0) yield lines
  }
  if (carriedBytes > 0) yield [withoutReturn(endLine(Buffer.alloc(0)))]
}

function withoutReturn(line: Buffer | TooLargeLine): Buffer | TooLargeLine {
  return Buffer.isBuffer(line) && line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
}

export async function readWhole(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    sizeBytes += bytes.length
    if (sizeBytes > lineBytesMax) {
      throw wrongUsage(
        `the input is larger than ${lineBytesMax / 1024 ** 2} MiB, too much for one record`,
        'with -i raw the whole input is one record; nothing was sent',
        'without -i raw, each line is a record'
      )
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
