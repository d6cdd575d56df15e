/**
 * The letters of strftime(3) that dates need, in UTC so that the same record prints the same everywhere.
 */
const letters: Record<string, (iso: string, timeMs: number) => string> = {
  Y: (iso) => iso.slice(0, 4),
  m: (iso) => iso.slice(5, 7),
  d: (iso) => iso.slice(8, 10),
  H: (iso) => iso.slice(11, 13),
  M: (iso) => iso.slice(14, 16),
  S: (iso) => iso.slice(17, 19),
  L: (iso) => iso.slice(20, 23),
  f: (iso) => `${iso.slice(20, 23)}000`,
  F: (iso) => iso.slice(0, 10),
  T: (iso) => iso.slice(11, 19),
  s: (_, timeMs) => String(Math.floor(timeMs / 1000)),
  z: () => '+0000',
  Z: () => 'UTC',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%'
}

export function strftime(pattern: string, timeMs: number): string {
  const iso = new Date(timeMs).toISOString()
  return pattern.replace(/%(.)/gs, (whole, letter: string) => letters[letter]?.(iso, timeMs) ?? whole)
}
