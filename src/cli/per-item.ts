/**
 * Commands over several topics or groups: each item succeeds or fails by itself. All failed with the same exit code: that
 * one; some failed: "part failed", with the list on standard error.
 */

import { CliError } from './cli-error.ts'
import type { Cluster } from './cluster.ts'
import type { Invocation } from './command.ts'
import { ExitCode } from './exit-codes.ts'
import { failureOf } from './partitions.ts'
import { exitCodeOf, explainFailure } from './present-error.ts'

export interface ItemResult {
  readonly name: string
  readonly errorCode: number
  readonly errorMessage?: string | null
}

export function concludeItems(
  invocation: Invocation,
  cluster: Cluster,
  results: readonly ItemResult[],
  words: { readonly done: string; readonly failed: string; readonly next?: string }
): ExitCode {
  const failed = results.filter((result) => result.errorCode !== 0)
  for (const { name, errorCode } of results) if (errorCode === 0) invocation.terminal.hint(`${words.done} ${name}`)
  const [first] = failed
  if (!first) return ExitCode.done
  const failures = failed.map((result) => failureOf(cluster, result.errorCode, result.errorMessage))
  const [firstFailure] = failures
  const why = failed
    .map((result, index) => `${result.name}: ${explainFailure(failures[index] ?? unknown)}`)
    .join('\n       ')
  throw new CliError({
    what: `${words.failed} ${failed.map((result) => `"${result.name}"`).join(', ')}`,
    why: failed.length === 1 && firstFailure ? explainFailure(firstFailure) : why,
    next: words.next,
    exitCode: failed.length < results.length ? ExitCode.partFailed : exitCodeOf(firstFailure ?? unknown)
  })
}

const unknown = { name: 'UNKNOWN_SERVER_ERROR', code: -1, message: undefined }
