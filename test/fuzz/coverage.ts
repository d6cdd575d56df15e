/**
 * Which code of src/ has run, as V8 counts it (block coverage, through the inspector of Node). A look costs about a millisecond, so
 * inputs are looked at in batches, and only a batch that brought something new is searched for the input that did.
 */
import { type Profiler, Session } from 'node:inspector'
import { pathToFileURL } from 'node:url'
import { projectDirectory } from '../harness/paths.ts'

type Range = readonly [from: number, to: number]
/** What has run since the look before: for each function the parts that did not. */
export type Report = ReadonlyMap<string, readonly Range[]>

const ourCode = `${pathToFileURL(projectDirectory).href}/src/`

export class Coverage {
  readonly #session = new Session()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true })
  }

  take(): Report {
    const report = new Map<string, readonly Range[]>()
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error
      for (const script of taken.result) {
        if (!script.url.startsWith(ourCode)) continue
        for (const covered of script.functions) addFunction(report, script.scriptId, covered)
      }
    })
    return report
  }

  end(): void {
    this.#session.disconnect()
  }
}

function addFunction(report: Map<string, readonly Range[]>, scriptId: string, { ranges }: Profiler.FunctionCoverage) {
  const [whole, ...parts] = ranges
  if (whole === undefined || whole.count === 0) return
  const missed = parts.filter(({ count }) => count === 0).map((part): Range => [part.startOffset, part.endOffset])
  report.set(`${scriptId}:${whole.startOffset}-${whole.endOffset}`, missed)
}

/** The parts of each function that no input has reached so far. */
export class Seen {
  readonly #missed = new Map<string, readonly Range[]>()

  get functions(): number {
    return this.#missed.size
  }

  hasNews(report: Report): boolean {
    for (const [name, missed] of report) {
      const before = this.#missed.get(name)
      if (before === undefined || lengthOf(common(before, missed)) < lengthOf(before)) return true
    }
    return false
  }

  add(report: Report): void {
    for (const [name, missed] of report) {
      const before = this.#missed.get(name)
      this.#missed.set(name, before === undefined ? missed : common(before, missed))
    }
  }
}

/** Where both lists have a range; the ranges of one may lie within each other. */
function common(some: readonly Range[], others: readonly Range[]): readonly Range[] {
  const shared: Range[] = []
  for (const [from, to] of some) {
    for (const [otherFrom, otherTo] of others) {
      const range: Range = [Math.max(from, otherFrom), Math.min(to, otherTo)]
      if (range[0] < range[1]) shared.push(range)
    }
  }
  return withoutInner(shared)
}

function withoutInner(ranges: readonly Range[]): readonly Range[] {
  const sorted = ranges.toSorted((one, other) => one[0] - other[0] || other[1] - one[1])
  const outer: Range[] = []
  for (const range of sorted) if (range[1] > (outer.at(-1)?.[1] ?? -1)) outer.push(range)
  return outer
}

function lengthOf(ranges: readonly Range[]): number {
  return withoutInner(ranges).reduce((sum, [from, to]) => sum + to - from, 0)
}
