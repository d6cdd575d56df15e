/**
 * Which records `consume` prints: all of the given globs and the expression must match.
 */
import { wrongUsage } from '../cli-error.ts'
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
  /** A sentence about records the expression failed on. */
  complaint(): string | undefined
}

export function createFilter(options: FilterOptions): Filter {
  const tests = [
    ...(options.key === undefined ? [] : [bytesTest(options.key, (record) => record.key)]),
    ...(options.value === undefined ? [] : [bytesTest(options.value, (record) => record.value)]),
    ...options.headers.map(headerTest)
  ]
  const where = options.where === undefined ? undefined : compileWhere(options.where)
  return {
    matches(records) {
      const simple = records.map((record) => tests.every((passes) => passes(record)))
      if (!where) return simple
      const verdicts = where.matches(records)
      return simple.map((verdict, index) => verdict && verdicts[index] === true)
    },
    complaint() {
      if (!where || where.failures.count === 0) return undefined
      return `--where failed on ${where.failures.count} records, which do not match: ${where.failures.first}`
    }
  }
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

/** `*` any text, `?` one character, `[abc]` one of them. */
export function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '[\\s\\S]*'
    if (part === '?') return '[\\s\\S]'
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
    return part.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 'u')
}
