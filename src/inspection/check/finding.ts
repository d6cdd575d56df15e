/** What `check` finds, and how far it has come. */
import { restoreAdvice } from '../../log/damage.ts'

/**
 * 'damaged': what was acknowledged cannot be served, or not all of it. 'remade': the next start makes it anew, and nothing is lost.
 * 'stray': it belongs to nobody.
 */
export type Severity = 'damaged' | 'remade' | 'stray'

export interface Finding {
  readonly severity: Severity
  /** Below the root of the disk. */
  readonly path: string
  /** The byte where it begins; null when it is about the whole file. */
  readonly position: number | null
  /** A whole sentence. */
  readonly what: string
  /** A whole sentence, or some. */
  readonly advice: string
}

export type CheckStep =
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** So many bytes of records were read since the last step. */
  | { readonly kind: 'progress'; readonly path: string; readonly readBytes: number }

export function found(finding: Finding): CheckStep {
  return { kind: 'finding', finding }
}

/** A file of a log, or its directory, that is not served as it is. */
export function damaged(path: string, position: number | null, what: string): CheckStep {
  return found({ severity: 'damaged', path, position, what, advice: restoreAdvice(path) })
}

/** One that the next start puts right by itself. */
export function remade(path: string, what: string, from: string): CheckStep {
  const advice = `The next start makes it anew from ${from}; nothing is lost.`
  return found({ severity: 'remade', path, position: null, what, advice })
}
