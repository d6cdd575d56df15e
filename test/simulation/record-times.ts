/** The time of each record that is sent in a simulation: told by its value, a second's worth of them, in no order. */

export const [earliestTime, latestTime] = [1_700_000_000_000, 1_700_000_000_999]

export function timeOf(value: string): number {
  let hash = 0
  for (const letter of value) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0
  return earliestTime + ((Math.imul(hash, 2_654_435_761) >>> 0) % (latestTime - earliestTime + 1))
}
