/** Ranges of versions as Kafka's schemas write them ("none", "3", "3-5", "3+"), and code that depends on the version. */

export interface VersionRange {
  readonly lowest: number
  readonly highest: number
}

export const noVersion: VersionRange = { lowest: 0, highest: -1 }

export function parseVersions(text: string | undefined, otherwise: VersionRange): VersionRange {
  if (text === undefined) return otherwise
  if (text === 'none' || text === '') return noVersion
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  if (match === null) throw new Error(`'${text}' is not a range of versions`)
  const lowest = Number(match[1])
  const highest = match[2] === '+' ? Number.POSITIVE_INFINITY : Number(match[3] ?? match[1])
  return { lowest, highest }
}

export function contains(range: VersionRange, version: number): boolean {
  return version >= range.lowest && version <= range.highest
}

export function listVersions(range: VersionRange): number[] {
  const versions: number[] = []
  for (let version = range.lowest; version <= range.highest; version++) versions.push(version)
  return versions
}

interface Run<Code> {
  readonly versions: readonly number[]
  readonly code: Code
}

/** Neighbouring versions with the same code, highest first. */
function runsOf(possible: readonly number[], codeFor: (version: number) => string): Run<string>[] {
  const runs: { versions: number[]; code: string }[] = []
  for (const version of possible.toSorted((one, other) => other - one)) {
    const code = codeFor(version)
    const last = runs.at(-1)
    if (last !== undefined && last.code === code) last.versions.push(version)
    else runs.push({ versions: [version], code })
  }
  return runs
}

/** `version >= 9 ? a : b`: the expression that gives each possible version its own. */
export function expressionByVersion(possible: readonly number[], expressionFor: (version: number) => string): string {
  return runsOf(possible, expressionFor)
    .map(({ versions, code }, index, runs) =>
      index === runs.length - 1 ? code : `version >= ${versions.at(-1)} ? ${code} : `
    )
    .join('')
}

/** `if (version >= 9) …`: each run of versions with the same label gets the lines made for the label and these versions. */
export function linesByVersion(
  possible: readonly number[],
  labelFor: (version: number) => string,
  linesFor: (label: string, versions: readonly number[]) => readonly string[]
): string[] {
  const branches = runsOf(possible, labelFor).map((run) => ({ ...run, lines: linesFor(run.code, run.versions) }))
  if (branches.every(({ lines }) => lines.length === 0)) return []
  if (branches.length === 1) return [...(branches[0]?.lines ?? [])]
  if (branches.every(({ lines }) => lines.length > 0)) return chainOf(branches)
  const conditional = branches
    .map((branch, index) => ({ ...branch, condition: conditionOf(branch.versions, index, branches.length) }))
    .filter(({ lines }) => lines.length > 0)
  return conditional.flatMap(({ condition, lines }) => block(`if (${condition})`, lines))
}

function chainOf(branches: readonly { versions: readonly number[]; lines: readonly string[] }[]): string[] {
  return branches.flatMap(({ versions, lines }, index) => {
    const isLast = index === branches.length - 1
    const head = isLast ? 'else' : `${index === 0 ? '' : 'else '}if (version >= ${versions.at(-1)})`
    return block(head, lines)
  })
}

function conditionOf(versions: readonly number[], index: number, count: number): string {
  const bounds: string[] = []
  if (index < count - 1) bounds.push(`version >= ${versions.at(-1)}`)
  if (index > 0) bounds.push(`version <= ${versions[0]}`)
  return bounds.join(' && ')
}

/** The head followed by its lines, in braces unless there is only one. */
export function block(head: string, lines: readonly string[]): string[] {
  if (lines.length === 1 && !/^(const|let|if|for) /.test(lines[0] ?? '')) return [`${head} ${lines[0]}`]
  return [`${head} {`, ...indent(lines), '}']
}

export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`))
}

/** The condition under which a version is in the range, given that only these are possible; '' when it always is. */
export function conditionFor(possible: readonly number[], isIn: (version: number) => boolean): string {
  const text = expressionByVersion(possible, (version) => String(isIn(version)))
  if (text === 'true' || text === 'false') return text === 'true' ? '' : 'false'
  const inside = possible.filter(isIn)
  const bounds: string[] = []
  if (Math.min(...inside) > Math.min(...possible)) bounds.push(`version >= ${Math.min(...inside)}`)
  if (Math.max(...inside) < Math.max(...possible)) bounds.push(`version <= ${Math.max(...inside)}`)
  return bounds.join(' && ')
}
