/**
 * `--where`: a JavaScript expression over a record, run in a context of its own that knows no globals of ours, with a time
 * limit. That keeps mistakes in, not attackers out: node:vm is not a security boundary.
 *
 * Records cross over as JSON text, a batch at a time. A record on which the expression fails does not match.
 */
import { createContext, Script } from 'node:vm'
import { wrongUsage } from '../cli-error.ts'
import { toJson } from '../output.ts'
import type { ConsumedRecord } from '../record.ts'

const limitMs = 2000

/** A promise is always true, so nobody means it; one that is rejected ends no command. */
const verdicts = new Script(`"use strict"; function verdictOf(result) {
  if (!(result instanceof Promise)) return result ? 1 : 0
  result.catch(() => {})
  return 'it gives a promise, which is not waited for'
}`)

export interface Where {
  matches(records: readonly ConsumedRecord[]): boolean[]
  /** The first reason why the expression failed on a record, with the number of such records. */
  readonly failures: { readonly count: number; readonly first: string | undefined }
}

export function compileWhere(expression: string): Where {
  const check = (source: string) => new Script(source, { filename: 'where' })
  try {
    check(`(${expression}\n)`)
  } catch (error) {
    throw wrongUsage(
      `--where cannot be read: ${expression}`,
      error instanceof Error ? error.message : undefined,
      "an expression such as 'value.total > 20', in JavaScript"
    )
  }
  const script = check(`"use strict"; JSON.stringify(JSON.parse(batch).map((record) => {
    const { topic, partition, offset, timestamp, key, value, headers } = record
    try { return verdictOf((${expression}\n)) } catch (error) { return String(error) }
  }))`)
  const context = createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    // What a promise does afterwards is a part of the script, and of its time.
    microtaskMode: 'afterEvaluate'
  })
  verdicts.runInContext(context)
  const failures = { count: 0, first: undefined as string | undefined }
  return {
    failures,
    matches(records) {
      context.batch = toJson(records.map(visible))
      const found: unknown = JSON.parse(String(run(script, context, expression)))
      if (!Array.isArray(found)) return records.map(() => false)
      return found.map((verdict: unknown) => {
        if (typeof verdict === 'string') {
          failures.count++
          failures.first ??= verdict
        }
        return verdict === 1
      })
    }
  }
}

function run(script: Script, context: ReturnType<typeof createContext>, expression: string): unknown {
  try {
    return script.runInContext(context, { timeout: limitMs })
  } catch (error) {
    throw wrongUsage(`--where took too long: ${expression}`, error instanceof Error ? error.message : undefined)
  }
}

/** JSON values as such, other text as text; headers by name, the last of several. */
function visible(record: ConsumedRecord) {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestampMs,
    key: record.key?.toString('utf8') ?? null,
    value: parsed(record.value),
    headers: Object.fromEntries(
      record.headers.map(([name, value]) => [name.toString('utf8'), value?.toString('utf8') ?? null])
    )
  }
}

function parsed(value: Buffer | null): unknown {
  if (value === null) return null
  const text = value.toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
