/** One line of a dump: what it is about, and what the file says of that. */
import type { Plain } from '../plain.ts'

export interface DumpRow {
  readonly what: string
  readonly [field: string]: Plain
}
