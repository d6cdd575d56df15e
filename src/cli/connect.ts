/**
 * Opens a cluster for a command. The client library is loaded here and nowhere else, only when it is needed.
 *
 * Whoever cannot be reached is named within two seconds, with the reason.
 */
import type * as kafka from '@platformatic/kafka'
import { CliError } from './cli-error.ts'
import { passTaggedFieldsOver } from './client-library.ts'
import { Cluster } from './cluster.ts'
import type { GlobalOptions } from './command.ts'
import { ExitCode } from './exit-codes.ts'
import { parseAddress } from './global-options.ts'
import { networkReason } from './kafka-failure.ts'
import { within } from './waiting.ts'

const defaultTimeoutMs = 5000
/** All bootstrap brokers together get this long; a person at a keyboard waits no longer than two seconds, unless --timeout says so. */
const firstAnswerMs = 1500

export type ClientOptions = Pick<
  kafka.BaseOptions,
  'clientId' | 'bootstrapBrokers' | 'timeout' | 'retries' | 'retryDelay' | 'connectTimeout' | 'requestTimeout'
>

/** What every client of the library is opened with. */
export function clientOptions(global: GlobalOptions, timeoutMs: number): ClientOptions {
  return {
    clientId: global.settings.clientId ?? 'odradek-cli',
    bootstrapBrokers: global.brokers.map(parseAddress),
    timeout: timeoutMs,
    retries: 5,
    retryDelay: 200,
    connectTimeout: Math.max(200, Math.floor(firstLimitMs(global, timeoutMs) / global.brokers.length)),
    requestTimeout: timeoutMs + 1000
  }
}

function firstLimitMs({ timeoutMs = 0 }: GlobalOptions, requestMs: number): number {
  return Math.max(firstAnswerMs, Math.min(timeoutMs, requestMs))
}

/** For commands that talk for long, `--timeout` bounds the command; their requests get this. */
export function requestTimeoutMs(global: GlobalOptions): number {
  return global.settings.requestTimeoutMs ?? 10_000
}

/** Without looking whether anybody is there. An answer is waited for a little longer than a broker may take for it. */
export async function openCluster(
  global: GlobalOptions,
  timeoutMs: number,
  answerMs: number = timeoutMs + 1000
): Promise<Cluster> {
  const library = await import('@platformatic/kafka')
  passTaggedFieldsOver(library)
  const options = clientOptions(global, timeoutMs)
  return new Cluster(library, new library.Base({ ...options, requestTimeout: answerMs, retries: 0 }), timeoutMs)
}

export async function connect(global: GlobalOptions, timeoutMs?: number): Promise<Cluster> {
  const limitMs = timeoutMs ?? global.timeoutMs ?? global.settings.requestTimeoutMs ?? defaultTimeoutMs
  const cluster = await openCluster(global, limitMs)
  try {
    await within(
      firstLimitMs(global, limitMs),
      cluster.metadata([], 'leave'),
      () => new Error('connected, but no answer came; perhaps that is not Kafka')
    )
    return cluster
  } catch (error) {
    await cluster.close().catch(() => {})
    throw unreachable(global.brokers, error)
  }
}

/** Opens the cluster, does the work, closes it whatever happens. */
export async function withCluster<Result>(
  global: GlobalOptions,
  work: (cluster: Cluster) => Promise<Result>
): Promise<Result> {
  const cluster = await connect(global)
  try {
    return await work(cluster)
  } finally {
    await cluster.close().catch(() => {})
  }
}

function unreachable(brokers: readonly string[], cause: unknown): CliError {
  const reason = networkReason(cause) ?? (cause instanceof Error ? cause.message : String(cause))
  const why = reason.includes('ECONNRESET') ? `${reason}; perhaps that port speaks TLS or is not Kafka` : reason
  const startsThere = why.includes('ECONNREFUSED') ? lineThatStartsAt(brokers) : undefined
  return new CliError({
    what: `cannot reach a Kafka broker at ${brokers.join(', ')}`,
    why,
    next:
      startsThere === undefined
        ? 'name another broker with -b HOST:PORT'
        : `${startsThere}   (starts one there), or name another with -b HOST:PORT`,
    exitCode: ExitCode.unreachable,
    cause
  })
}

/** Undefined when no `serve` of this machine is reached at the address, or when there are several. */
function lineThatStartsAt(brokers: readonly string[]): string | undefined {
  const [broker, ...others] = brokers
  if (broker === undefined || others.length > 0) return undefined
  const { host, port } = parseAddress(broker)
  if (host !== 'localhost' && host !== '::1' && !/^127(\.\d+){3}$/.test(host)) return undefined
  const options = [...(host === 'localhost' ? [] : [`--host ${host}`]), ...(port === 9092 ? [] : [`--port ${port}`])]
  return ['odradek serve', ...options].join(' ')
}
