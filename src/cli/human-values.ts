/**
 * Times, durations and sizes as people write them: `15m`, `1h30m`, `PT1H`, `2026-11-23T18:00`, `-15m`, `1MiB`.
 *
 * A time without a zone is of the zone that --utc and --local choose, as the clock on the wall; one without a day is today's; one of ten
 * digits is seconds, of thirteen milliseconds.
 */
import { wrongUsage } from './cli-error.ts'

const unitMs = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000]
])

const unitBytes = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1000],
  ['kb', 1000],
  ['kib', 1024],
  ['m', 1000 ** 2],
  ['mb', 1000 ** 2],
  ['mib', 1024 ** 2],
  ['g', 1000 ** 3],
  ['gb', 1000 ** 3],
  ['gib', 1024 ** 3],
  ['t', 1000 ** 4],
  ['tb', 1000 ** 4],
  ['tib', 1024 ** 4]
])

/** Undefined when the text is not a duration. */
export function durationMs(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase()
  if (trimmed.startsWith('p')) return isoDurationMs(trimmed)
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(trimmed)) return undefined
  let totalMs = 0
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    totalMs += Number(amount) * (unitMs.get(unit ?? '') ?? 0)
  }
  return Math.round(totalMs)
}

function isoDurationMs(text: string): number | undefined {
  const found = /^p(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?)?$/.exec(text)
  if (!found || found.slice(1).every((part) => part === undefined)) return undefined
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0))
  return Math.round(
    (days ?? 0) * 86_400_000 + (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1000
  )
}

export function parseDurationMs(text: string): number {
  const found = durationMs(text)
  if (found === undefined)
    throw wrongUsage(`"${text}" is not a duration`, 'a duration looks like 500ms, 5s, 10m, 1h30m or 7d')
  return found
}

/** Undefined when the text is not a point in time. */
export function timestampMs(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim()
  const lower = trimmed.toLowerCase()
  if (lower === 'now') return nowMs
  if (lower === 'today') return midnightMs(nowMs)
  if (lower === 'yesterday') return midnightMs(midnightMs(nowMs) - 1)
  if (/^\d{10}$/.test(trimmed)) return Number(trimmed) * 1000
  if (/^\d{13}$/.test(trimmed)) return Number(trimmed)
  if (/^\d{19}$/.test(trimmed)) return Number(BigInt(trimmed) / 1_000_000n)
  if (trimmed.startsWith('-') || trimmed.startsWith('+')) {
    const shift = durationMs(trimmed.slice(1))
    if (shift === undefined) return undefined
    return trimmed.startsWith('-') ? nowMs - shift : nowMs + shift
  }
  return timeOfDayMs(trimmed, nowMs) ?? calendarTimeMs(trimmed)
}

/** `09:30`, today. */
function timeOfDayMs(text: string, nowMs: number): number | undefined {
  const [, hours, minutes, seconds = 0] = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? []
  return hours === undefined ? undefined : new Date(nowMs).setHours(+hours, Number(minutes), Number(seconds), 0)
}

function calendarTimeMs(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z| ?UTC| ?[+-]\d{2}:?\d{2})?)?$/.test(text))
    return undefined
  if (!isInCalendar(text.slice(0, 10))) return undefined
  const parsedMs = Date.parse(text.length === 10 ? `${text}T00:00` : isoTime(text))
  return Number.isNaN(parsedMs) ? undefined : parsedMs
}

/** JavaScript takes 30 February for 2 March. */
function isInCalendar(day: string): boolean {
  const midnight = new Date(`${day}T00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

/** `2026-07-01 12:00:00 -04:00`, as strftime writes it, in the form that JavaScript reads. */
function isoTime(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11)}`.replace(' ', '').replace('UTC', 'Z')
}

function midnightMs(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0)
}

export function parseTimestampMs(text: string, nowMs: number): number {
  const found = timestampMs(text.trim().replace(/^@/, ''), nowMs)
  if (found === undefined) {
    throw wrongUsage(
      `"${text}" is not a time`,
      'a time looks like 2026-11-23T18:00, 2026-11-23, 18:00, -15m, now or 1763920800000'
    )
  }
  return found
}

/** Undefined when the text is not a size. */
export function sizeBytes(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  const factor = unitBytes.get((found?.[2] ?? '').toLowerCase())
  if (!found || factor === undefined) return undefined
  return Math.round(Number(found[1]) * factor)
}

export function parseCount(text: string): number {
  const count = Number(text.replaceAll(/[_,]/g, ''))
  if (!/^(\d+|\d{1,3}(,\d{3})+|\d{1,3}(_\d{3})+)$/.test(text) || !Number.isSafeInteger(count)) {
    throw wrongUsage(`"${text}" is not a count`, 'a count is a whole number, for example 100 or 10_000')
  }
  return count
}

/** 0: any that is free. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw wrongUsage(`"${text}" is not a port`, 'a port is a number up to 65535')
  return port
}

/** Records per second: `100`, `5/s`, `300/m`. */
export function parseRatePerSecond(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(text.trim())
  const perSecond = Number(found?.[1]) / ((unitMs.get(found?.[2] ?? 's') ?? 1000) / 1000)
  if (!found || !(perSecond > 0)) throw wrongUsage(`"${text}" is not a rate`, 'a rate looks like 100, 5/s or 300/m')
  return perSecond
}

/** Kafka's own settings take plain numbers; `retention.ms=7d` and `segment.bytes=1MiB` are turned into them. */
export function configValue(name: string, text: string): string {
  if (name.endsWith('.ms') && !/^-?\d+$/.test(text)) return String(durationMs(text) ?? text)
  if (name.endsWith('.bytes') && !/^-?\d+$/.test(text)) return String(sizeBytes(text) ?? text)
  return text
}

/** `name=value` pairs of a repeatable option. */
export function parseConfigs(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw wrongUsage(`"${pair}" is not a setting`, 'a setting looks like retention.ms=7d')
      const name = pair.slice(0, at).trim()
      return [name, configValue(name, pair.slice(at + 1).trim())]
    })
  )
}

export function parsePartition(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw wrongUsage(`"${text}" is not a partition`, 'partitions are numbered from 0')
  return Number(text)
}

/** `0,2-4` as numbers. */
export function parsePartitions(text: string): number[] {
  const partitions = text.split(',').flatMap((part) => {
    const found = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(part)
    const first = Number(found?.[1])
    const last = Number(found?.[2] ?? found?.[1])
    if (!found || last < first || last - first > 100_000) {
      throw wrongUsage(`"${text}" is not a list of partitions`, 'partitions look like 0 or 0,2 or 0-3')
    }
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
  return [...new Set(partitions)]
}
