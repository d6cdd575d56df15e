/**
 * Where the records come from: the VALUE argument, a template, lines of a file or of standard input. Always a stream of
 * small lists, so that memory stays bounded.
 */
import { closeSync, constants, createReadStream, fstatSync, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import type { Header, RecordToSend } from '../record.ts'
import { whyUnreadable } from '../unreadable-file.ts'
import { LineError } from './line-error.ts'
import { readLines, readWhole, TooLargeLine } from './lines.ts'
import { createParser } from './parse-record.ts'
import type { ProducePlan } from './plan.ts'
import { compileTemplate } from './templates.ts'

/** How many made-up records are handed on at once. */
const madeAtOnce = 500

/** A line that is left out, and how large it is. */
export type LeaveOut = (line: number, sizeBytes: number) => void

export interface Source {
  /** Lines that are too large are left out. What stands before a line that cannot be read comes before the LineError. */
  records(leaveOut: LeaveOut): AsyncIterable<RecordToSend[]>
  /** For the progress: how much of how much was read. */
  progress(): { readonly readBytes: number; readonly totalBytes: number | undefined }
  close(): void
}

export function openSource(plan: ProducePlan, stdin: Readable): Source {
  if (plan.template !== undefined) return fixedSource(templateRecords(plan, plan.template))
  if (plan.record !== undefined) return fixedSource(repeated(plan, plan.record))
  const { stream, totalBytes } = openInput(plan.file, stdin)
  let readBytes = 0
  const chunks = counted(stream, (bytes) => {
    readBytes += bytes
  })
  return {
    records: (leaveOut) => (plan.input === 'raw' ? wholeRecord(plan, chunks) : lineRecords(plan, chunks, leaveOut)),
    // Of a file that is sent at a rate much more was read than was sent.
    progress: () => ({ readBytes, totalBytes: plan.ratePerSecond === undefined ? totalBytes : undefined }),
    close: () => void stream.destroy()
  }
}

function fixedSource(records: AsyncIterable<RecordToSend[]>): Source {
  return { records: () => records, progress: () => ({ readBytes: 0, totalBytes: undefined }), close: () => {} }
}

function openInput(file: string | undefined, stdin: Readable): { stream: Readable; totalBytes: number | undefined } {
  if (file === undefined || file === '-') return { stream: stdin, totalBytes: undefined }
  const fd = openFile(file)
  const stat = fstatSync(fd)
  // Of a pipe without a writer nothing is read until there is one; a file's stream would take that for its end.
  if (stat.isFIFO()) return { stream: new Socket({ fd, readable: true, writable: false }), totalBytes: undefined }
  if (stat.isDirectory()) {
    closeSync(fd)
    throw unreadable(file, 'it is a directory')
  }
  const stream = createReadStream(file, { fd, highWaterMark: 256 * 1024 })
  return { stream, totalBytes: stat.isFile() ? stat.size : undefined }
}

/** At once, so that a file that cannot be read is told before anything is sent. */
function openFile(file: string): number {
  try {
    return openSync(file, isPipe(file) ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY)
  } catch (error) {
    throw unreadable(file, whyUnreadable(error))
  }
}

/** Opening one waits for its writer, and nothing else would go on meanwhile, not even Ctrl-C. */
function isPipe(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFIFO() === true
}

function unreadable(file: string, why: string): CliError {
  return new CliError({
    what: `cannot read ${file}`,
    why,
    next: 'name a file with -F, or leave -F out to read standard input',
    exitCode: ExitCode.wrongUsage
  })
}

async function* counted(stream: Readable, onRead: (bytes: number) => void): AsyncGenerator<unknown> {
  for await (const chunk of stream) {
    onRead(chunk.length)
    yield chunk
  }
}

async function* lineRecords(
  plan: ProducePlan,
  stream: AsyncIterable<unknown>,
  leaveOut: LeaveOut
): AsyncGenerator<RecordToSend[]> {
  const parse = createParser(plan)
  let number = 0
  const read = (line: Buffer): RecordToSend | LineError => {
    try {
      return { ...dress(parse(line, `line ${number}`), plan), line: number }
    } catch (error) {
      return new LineError(number, error)
    }
  }
  try {
    for await (const lines of readLines(stream)) {
      const records: RecordToSend[] = []
      for (const line of lines) {
        number++
        if (line instanceof TooLargeLine) {
          leaveOut(number, line.sizeBytes)
          continue
        }
        const record = read(line)
        if (record instanceof LineError) {
          yield records
          throw record
        }
        records.push(record)
      }
      yield records
    }
  } catch (error) {
    // Or the input itself cannot be read on.
    throw error instanceof LineError ? error : new LineError(number + 1, error)
  }
}

async function* wholeRecord(plan: ProducePlan, stream: AsyncIterable<unknown>): AsyncGenerator<RecordToSend[]> {
  const value = await readWhole(stream)
  const isNull = plan.nulls === 'empty is null' && value.length === 0
  yield [dress({ key: null, value: isNull ? null : value, headers: [] }, plan)]
}

async function* repeated(plan: ProducePlan, bare: RecordToSend): AsyncGenerator<RecordToSend[]> {
  const record = dress(bare, plan)
  for (let left = plan.count ?? 1; left > 0; left -= madeAtOnce) {
    yield Array.from({ length: Math.min(left, madeAtOnce) }, () => record)
  }
}

async function* templateRecords(plan: ProducePlan, template: string): AsyncGenerator<RecordToSend[]> {
  const make = compileTemplate(template)
  const atOnce = plan.ratePerSecond === undefined ? madeAtOnce : 1
  for (let n = 1; plan.count === undefined || n <= plan.count; ) {
    const records: RecordToSend[] = []
    while (records.length < atOnce && (plan.count === undefined || n <= plan.count)) {
      const made = make(n++)
      records.push(
        dress(
          { key: made.key === null ? null : Buffer.from(made.key), value: Buffer.from(made.value), headers: [] },
          plan
        )
      )
    }
    yield records
  }
}

/** What the command line says of every record goes over what the record itself says; headers add up. */
function dress(record: RecordToSend, plan: ProducePlan): RecordToSend {
  const headers: readonly Header[] = plan.headers.length === 0 ? record.headers : [...record.headers, ...plan.headers]
  return {
    key: plan.key ?? record.key,
    value: record.value,
    headers,
    partition: plan.partition ?? record.partition,
    timestampMs: plan.timestampMs ?? record.timestampMs
  }
}
