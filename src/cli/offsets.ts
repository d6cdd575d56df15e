/**
 * Where to start and where to stop reading: rpk's grammar, with Apache's words as synonyms.
 *
 * start, end, N, +N (N after the start), -N (the last N records of each partition), @TIME, A:B, :B, A:, @T1:T2.
 * 10:20 is a range of offsets, as programs write them. 09:30 and 12:00 look like a time of day, and are neither: the time is @09:30.
 * An end is exclusive, and means the end at the moment the command began.
 */
import { CliError, wrongUsage } from './cli-error.ts'
import { durationMs, timestampMs } from './human-values.ts'
import { didYouMean } from './similar.ts'

export type Position =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: bigint }
  | { readonly kind: 'after-start'; readonly count: bigint }
  | { readonly kind: 'before-end'; readonly count: number }
  | { readonly kind: 'time'; readonly timestampMs: number }

export interface Range {
  readonly from: Position
  /** Absent: follow. */
  readonly to?: Position
}

const words = new Map<string, Position>([
  ['start', { kind: 'start' }],
  ['beginning', { kind: 'start' }],
  ['earliest', { kind: 'start' }],
  ['oldest', { kind: 'start' }],
  ['end', { kind: 'end' }],
  ['latest', { kind: 'end' }],
  ['newest', { kind: 'end' }]
])

export const placeWords: readonly string[] = [...words.keys()]

const grammar = 'start, end, 42, +5, -5, @2026-11-23T18:00, @-15m, @09:30, yesterday, 10:20, :end or @-2h:-1h'

/** What is a time also without the @ that tells a time from an offset: a date, a day, a duration. */
const plainTime = /^(@|\d{4}-\d\d-\d\d|(now|today|yesterday)(?![a-z])|[-+]?\d+(\.\d+)?(ms|[smhdw]))/i

const timeOfDay = /^\d\d:\d\d(?=:|$)/

/** No program writes an offset with a zero before it, or three of them; and a range that holds nothing was meant as something else. */
const hardlyOffsets = /^(0\d:|\d\d:0\d|\d\d:\d\d:)/

function isPerhapsAnHour(text: string): boolean {
  if (!timeOfDay.test(text)) return false
  const [from, to] = text.split(':').map(Number)
  return hardlyOffsets.test(text) || Number(from) >= Number(to)
}

export function parseRange(text: string, nowMs: number): Range {
  if (isPerhapsAnHour(text.trim())) throw perhapsAnHour(text.trim())
  const range = readRange(text, nowMs)
  if (range.to !== undefined && isEmpty(range.from, range.to)) {
    throw wrongUsage(`nothing lies in the range ${text}`, 'it ends before it begins: its end is not read')
  }
  return range
}

function perhapsAnHour(text: string): CliError {
  const [from, to] = text.split(':')
  const offsets =
    /^\d\d:\d\d$/.test(text) && Number(from) < Number(to) ? `, the offsets ${Number(from)}:${Number(to)}` : ''
  return wrongUsage(`"${text}" may be a time of day or a range of offsets`, `the time is written @${text}${offsets}`)
}

/** Whatever the partitions hold. */
function isEmpty(from: Position, to: Position): boolean {
  if (from.kind === 'end' || to.kind === 'start') return true
  if (from.kind === 'offset' && to.kind === 'offset') return from.offset >= to.offset
  if (from.kind === 'time' && to.kind === 'time') return from.timestampMs >= to.timestampMs
  if (from.kind === 'after-start' && to.kind === 'after-start') return from.count >= to.count
  return from.kind === 'before-end' && to.kind === 'before-end' && from.count <= to.count
}

function readRange(text: string, nowMs: number): Range {
  const trimmed = text.trim()
  if (plainTime.test(trimmed)) return parseTimeRange(trimmed.replace(/^@/, ''), text, nowMs)
  const colon = trimmed.indexOf(':')
  if (colon < 0) return { from: parsePosition(trimmed, text, nowMs) }
  const before = trimmed.slice(0, colon)
  const after = trimmed.slice(colon + 1)
  if (before === '' && after === '') throw unreadable(text)
  return {
    from: before === '' ? { kind: 'start' } : parsePosition(before, text, nowMs),
    to: after === '' ? { kind: 'end' } : parsePosition(after, text, nowMs)
  }
}

/** What is to be said of an offset that is not there and has as many digits as a time has in seconds or milliseconds. */
export function perhapsATime(place: Position): string {
  const isLikeOne = place.kind === 'offset' && /^(\d{10}|\d{13})$/.test(String(place.offset))
  return isLikeOne ? `; a time is written @${place.offset}` : ''
}

/** What is to be said of `17:31`, which is a range of offsets and reads as a time of day too. */
export function perhapsATimeOfDay({ from, to }: Range): string | undefined {
  if (from.kind !== 'offset' || to?.kind !== 'offset') return undefined
  const text = `${from.offset}:${to.offset}`
  return /^(1\d|2[0-3]):[1-5]\d$/.test(text) ? `for the time of day: --from @${text}` : undefined
}

export type Place = Exclude<Position, { kind: 'before-end' }>

/** One place, of a command that knows fewer than a reader does; `known` says which. */
export function parsePlace(text: string, nowMs: number, option: string, known: string): Place {
  try {
    // Where no range is wanted, it is a time.
    const { from, to } = parseRange(timeOfDay.test(text) ? `@${text}` : text, nowMs)
    if (to === undefined && from.kind !== 'before-end') return from
  } catch (error) {
    if (!(error instanceof CliError)) throw error
  }
  const itsWords = known.split(/, (?:or )?/).filter((one) => /^[a-z]+$/.test(one))
  throw wrongUsage(`${option} ${text} is not a place`, `${didYouMean(text, itsWords)}write ${known}`)
}

function parsePosition(text: string, whole: string, nowMs: number): Position {
  const word = words.get(text.toLowerCase())
  if (word) return word
  if (plainTime.test(text)) return timePosition(text.replace(/^@/, ''), whole, nowMs)
  if (/^\+\d{1,18}$/.test(text)) return { kind: 'after-start', count: BigInt(text.slice(1)) }
  if (/^-\d{1,9}$/.test(text)) return { kind: 'before-end', count: Number(text.slice(1)) }
  if (/^\d{1,18}$/.test(text)) return { kind: 'offset', offset: BigInt(text) }
  throw unreadable(whole)
}

/** A time may itself contain colons, so every colon is tried as the separator. */
function parseTimeRange(text: string, whole: string, nowMs: number): Range {
  if (timestampMs(text, nowMs) !== undefined || durationMs(text) !== undefined) {
    return { from: timePosition(text, whole, nowMs) }
  }
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    const range = splitTimeRange(text.slice(0, colon), text.slice(colon + 1).replace(/^@/, ''), nowMs)
    if (range) return range
  }
  throw unreadable(whole)
}

function splitTimeRange(before: string, after: string, nowMs: number): Range | undefined {
  const fromMs = timestampMs(before, nowMs)
  if (fromMs === undefined) return undefined
  const word = after === '' ? words.get('end') : words.get(after.toLowerCase())
  if (word) return { from: { kind: 'time', timestampMs: fromMs }, to: word }
  const toMs = timestampMs(after, nowMs)
  if (toMs !== undefined)
    return { from: { kind: 'time', timestampMs: fromMs }, to: { kind: 'time', timestampMs: toMs } }
  const length = durationMs(after)
  if (length === undefined) return undefined
  return { from: { kind: 'time', timestampMs: fromMs }, to: { kind: 'time', timestampMs: fromMs + length } }
}

function timePosition(text: string, whole: string, nowMs: number): Position {
  const found = timestampMs(text, nowMs)
  if (found !== undefined) return { kind: 'time', timestampMs: found }
  const ago = durationMs(text)
  if (ago === undefined) throw unreadable(whole)
  return { kind: 'time', timestampMs: nowMs - ago }
}

function unreadable(text: string) {
  return wrongUsage(`"${text}" is not a place to read from`, `${didYouMean(text, placeWords)}write ${grammar}`)
}
