/** Numbers and times as people read them. */

const whole = new Intl.NumberFormat('en')

export function count(value: number | null): string {
  return value === null ? '–' : whole.format(value)
}

/** `12.3 k`, for what changes too fast to be read digit by digit. */
export function short(value: number): string {
  if (value < 10) return String(Math.round(value * 10) / 10)
  if (value < 10_000) return whole.format(Math.round(value))
  if (value < 1_000_000) return `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)} k`
  return `${(value / 1_000_000).toFixed(value < 100_000_000 ? 1 : 0)} M`
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  if (value < 1024 ** 2) return `${(value / 1024).toFixed(1)} KB`
  return `${(value / 1024 ** 2).toFixed(1)} MB`
}

/** A producer may write any number: one that no calendar has stands for itself. */
export function clockTime(timestampMs: number): string {
  const time = new Date(timestampMs)
  if (Number.isNaN(time.getTime())) return String(timestampMs)
  const today = new Date().toDateString() === time.toDateString()
  const clock = time.toLocaleTimeString('en-GB', { hour12: false })
  const millis = String(time.getMilliseconds()).padStart(3, '0')
  return `${today ? '' : `${isoDay(time)} `}${clock}.${millis}`
}

/** With its zone: it can be pasted into a command. */
export function fullTime(timestampMs: number): string {
  const time = new Date(timestampMs)
  if (Number.isNaN(time.getTime())) return String(timestampMs)
  return timestampMs < 0 ? 'none' : time.toISOString()
}

function isoDay(time: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
}

/** `3 s`, `4 min`, `2 h`, `5 d`. */
export function duration(seconds: number): string {
  if (seconds < 1) return '< 1 s'
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  return seconds < 36 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`
}
