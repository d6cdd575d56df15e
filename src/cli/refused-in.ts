/** An error of Kafka's in the midst of an answer, as the error of a command: who asked can tell by its cause whether it may pass. */
import { CliError } from './cli-error.ts'
import type { Cluster } from './cluster.ts'
import { failureOf } from './partitions.ts'
import { exitCodeOf, explainFailure } from './present-error.ts'

export function refusedIn(cluster: Cluster, errorCode: number, what: string): CliError {
  const failure = failureOf(cluster, errorCode)
  const cause = Object.assign(new Error(failure.message), { apiId: failure.name, apiCode: errorCode })
  return new CliError({ what, why: explainFailure(failure), exitCode: exitCodeOf(failure), cause })
}
