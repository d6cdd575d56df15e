/**
 * The letters of strftime(3) that dates need, in the zone that --utc and --local choose.
 */
import { type LocalParts, localParts } from './zone.ts'

const letters: Record<string, (parts: LocalParts, timeMs: number) => string> = {
  Y: ({ date }) => date.slice(0, 4),
  m: ({ date }) => date.slice(5, 7),
  d: ({ date }) => date.slice(8, 10),
  H: ({ time }) => time.slice(0, 2),
  M: ({ time }) => time.slice(3, 5),
  S: ({ time }) => time.slice(6, 8),
  L: ({ millis }) => millis,
  f: ({ millis }) => `${millis}000`,
  F: ({ date }) => date,
  T: ({ time }) => time,
  s: (_, timeMs) => String(Math.floor(timeMs / 1000)),
  z: ({ offset }) => (offset || '+00:00').replace(':', ''),
  Z: ({ offset }) => offset || 'UTC',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%'
}

export function strftime(pattern: string, timeMs: number): string {
  const parts = localParts(timeMs)
  if (parts === undefined) return String(timeMs)
  return pattern.replace(/%(.)/gs, (whole, letter: string) => letters[letter]?.(parts, timeMs) ?? whole)
}
