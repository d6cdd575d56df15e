/** What is said of a name that no configuration of a broker has. */
import { brokerConfigDefinitions } from './broker-config-definitions.ts'

/** That a broker has no configuration of this name, and which one was meant. */
export function noSuchName(name: string): string {
  const [close] = Object.keys(brokerConfigDefinitions)
    .map((known) => ({ known, distance: editDistance(known, name) }))
    .sort((one, other) => one.distance - other.distance)
  const hint = close !== undefined && close.distance <= name.length / 2 ? ` Did you mean ${close.known}?` : ''
  return `There is no broker configuration ${name} here.${hint}`
}

/** How many letters have to be put in, taken out or changed to make one text of the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const changed = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1)
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, changed))
    }
    previous = current
  }
  return previous[other.length] ?? 0
}
