/**
 * Times as they are shown, always with their zone and in the form that --from, --at and the others read: what is seen can be pasted
 * back. The zone is the machine's, or UTC with --utc.
 */

/** Node.js and V8 take their zone from TZ, also when it changes; so one choice rules what is read and what is shown. */
export function chooseZone(zone: 'local' | 'utc', env: Record<string, string | undefined>): void {
  if (zone === 'utc') env.TZ = 'UTC'
}

/** `2026-11-23T18:00:00.123+01:00`, with `Z` where that is UTC; the number itself where no calendar reaches. */
export function shownTime(timeMs: number): string {
  const parts = localParts(timeMs)
  return parts === undefined ? String(timeMs) : `${parts.date}T${parts.time}.${parts.millis}${parts.offset || 'Z'}`
}

export interface LocalParts {
  readonly date: string
  readonly time: string
  readonly millis: string
  /** `+01:00`; empty in UTC. */
  readonly offset: string
}

/** Undefined beyond the years 0 to 9999, which four digits cannot write. */
export function localParts(timeMs: number): LocalParts | undefined {
  const aheadMinutes = -new Date(timeMs).getTimezoneOffset()
  const shifted = new Date(timeMs + aheadMinutes * 60_000)
  if (Number.isNaN(shifted.getTime()) || shifted.getUTCFullYear() < 0 || shifted.getUTCFullYear() > 9999)
    return undefined
  const iso = shifted.toISOString()
  return {
    date: iso.slice(0, 10),
    time: iso.slice(11, 19),
    millis: iso.slice(20, 23),
    offset: offsetText(aheadMinutes)
  }
}

function offsetText(aheadMinutes: number): string {
  if (aheadMinutes === 0) return ''
  const two = (count: number) => String(Math.trunc(count)).padStart(2, '0')
  const minutes = Math.abs(aheadMinutes)
  return `${aheadMinutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
