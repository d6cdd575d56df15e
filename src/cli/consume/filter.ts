/**
 * Which records `consume` prints: all of the given globs and the expression must match. The expression is asked about those that the
 * globs let through.
 */
import { CliError, wrongUsage } from '../cli-error.ts'
import { globExpression } from '../glob.ts'
import { emptyMeans } from '../missing-value.ts'
import { shellWord } from '../own-name.ts'
import type { ConsumedRecord } from '../record.ts'
import { compileWhere } from './where.ts'

export interface FilterOptions {
  readonly key: string | undefined
  readonly value: string | undefined
  /** `name=glob`, or a name alone. */
  readonly headers: readonly string[]
  readonly where: string | undefined
}

export interface Filter {
  /** One verdict per record. */
  matches(records: readonly ConsumedRecord[]): boolean[]
  /** As it was given: `--filter-key 'a*'` and the others. */
  readonly given: readonly string[]
  /** Of all records so far. */
  readonly counts: { readonly seen: number; readonly matched: number }
  /** Throws when the expression failed on every record. */
  conclude(): void
}

/** A glob that is empty, and the first record on which the expression fails, are told of at once. */
export function createFilter(options: FilterOptions, hint: (line: string) => void): Filter {
  if (options.key === '') hint(emptyMeans('--filter-key', 'key'))
  if (options.value === '') hint(emptyMeans('--filter-value', 'value'))
  const tests = [
    ...(options.key === undefined ? [] : [bytesTest(options.key, (record) => record.key)]),
    ...(options.value === undefined ? [] : [bytesTest(options.value, (record) => record.value)]),
    ...options.headers.map(headerTest)
  ]
  const where = options.where === undefined ? undefined : compileWhere(options.where)
  const counts = { seen: 0, matched: 0 }
  let asked = 0
  const judge = (records: readonly ConsumedRecord[]): boolean[] => {
    const simple = records.map((record) => tests.every((passes) => passes(record)))
    const left = records.filter((_, index) => simple[index])
    if (!where || left.length === 0) return simple
    asked += left.length
    const before = where.failures.count
    const verdicts = where.matches(left).values()
    if (before === 0 && where.failures.first !== undefined) {
      hint(`--where fails on a record, which does not match: ${where.failures.first}`)
    }
    return simple.map((verdict) => verdict && verdicts.next().value === true)
  }
  return {
    given: givenIn(options),
    counts,
    matches(records) {
      const verdicts = judge(records)
      counts.seen += records.length
      counts.matched += verdicts.filter((verdict) => verdict).length
      return verdicts
    },
    conclude() {
      const { count = 0, first } = where?.failures ?? {}
      if (count === 0) return
      if (count < asked) hint(`--where failed on ${count} of ${asked} records, which do not match: ${first}`)
      else throw failedOnAll(options.where ?? '', asked, first)
    }
  }
}

function givenIn({ key, value, headers, where }: FilterOptions): string[] {
  const texts = [
    ['--filter-key', key],
    ['--filter-value', value],
    ...headers.map((header) => ['--filter-header', header] as const),
    ['--where', where]
  ] as const
  return texts.flatMap(([flag, text]) => (text === undefined ? [] : [`${flag} ${shellWord(text)}`]))
}

function failedOnAll(expression: string, count: number, reason: string | undefined): CliError {
  return new CliError({
    what: `--where failed on ${count === 1 ? 'the only record' : `each of ${count} records`}: ${expression}`,
    why: reason,
    next: 'names are topic, partition, offset, timestamp, key, value, headers; value?.total passes over what has no total'
  })
}

function bytesTest(pattern: string, read: (record: ConsumedRecord) => Buffer | null) {
  const expression = globExpression(pattern)
  return (record: ConsumedRecord) => {
    const bytes = read(record)
    return bytes !== null && expression.test(bytes.toString('utf8'))
  }
}

function headerTest(text: string) {
  const at = text.indexOf('=')
  const name = at < 0 ? text : text.slice(0, at)
  if (name === '') throw wrongUsage(`"${text}" is not a header filter`, 'a header filter looks like name=glob, or name')
  const expression = globExpression(at < 0 ? '*' : text.slice(at + 1))
  return (record: ConsumedRecord) =>
    record.headers.some(
      ([key, value]) => key.toString('utf8') === name && expression.test(value?.toString('utf8') ?? '')
    )
}
