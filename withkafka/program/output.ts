/**
 * Where words go: messages and delivery reports to standard output, everything meant for the person at the keyboard to
 * standard error. Colour only where a person reads, and never with NO_COLOR.
 */
import { isUtf8 } from 'node:buffer'
import type { WriteStream } from 'node:tty'
import { Problem } from './problem.ts'

export const stdoutIsTerminal = process.stdout.isTTY === true

export const paint = { dim: painter(2, 22), red: painter(31, 39), green: painter(32, 39), cyan: painter(36, 39) }

function painter(open: number, close: number) {
  return (text: string, stream: WriteStream = process.stdout) =>
    stream.isTTY && !process.env.NO_COLOR ? `\u001b[${open}m${text}\u001b[${close}m` : text
}

/** A line for the person at the keyboard. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function tellProblem(error: unknown): void {
  const { message, why, next } = error instanceof Problem ? error : new Problem({ what: describe(error) })
  const { stderr } = process
  tell(`${paint.red('error:', stderr)} ${message}`)
  if (why) tell(`${paint.dim('  why:', stderr)} ${why}`)
  if (next) tell(`${paint.dim('  try:', stderr)} ${paint.cyan(next, stderr)}`)
}

/** The client's and the broker's errors speak for themselves; all others are mistakes of ours and show where they are. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isTold = 'retriable' in error || 'problem' in error
  return isTold ? error.message : (error.stack ?? error.message)
}

/** Writes to standard output and resolves when it has room for more, or when nobody reads it any longer. */
export function write(text: string): Promise<void> {
  if (text === '' || process.stdout.destroyed || process.stdout.write(text)) return Promise.resolve()
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of ['drain', 'close', 'error']) process.stdout.off(event, settle)
      resolve()
    }
    for (const event of ['drain', 'close', 'error']) process.stdout.on(event, settle)
  })
}

/** 20000 as 20,000. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** For the eye: text as it is, other bytes in hexadecimal. */
export function forTheEye(bytes: Buffer | null): string {
  if (bytes === null) return '(null)'
  return isUtf8(bytes) ? bytes.toString('utf8') : `0x${bytes.toString('hex')}`
}

/**
 * For programs, in the form that `odradek consume -o jsonl` prints and `odradek produce -i jsonl` reads: nothing is lost.
 * Bytes that are not text become {"$base64": "…"}, and what was null stays null.
 */
export function textOrBytes(bytes: Buffer | null): string | { $base64: string } | null {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString('utf8') : { $base64: bytes.toString('base64') }
}
