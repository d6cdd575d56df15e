/**
 * Opens a cluster for a command. The client library is loaded here and nowhere else, only when it is needed.
 *
 * Whoever cannot be reached is named within two seconds, with the reason; so is a broker that is reached and has not answered by
 * then, as those on a busy machine or behind a slow line do, and its answer is waited for as long as any other.
 */
import type * as kafka from '@platformatic/kafka'
import { CliError } from './cli-error.ts'
import { passTaggedFieldsOver } from './client-library.ts'
import { Cluster } from './cluster.ts'
import type { GlobalOptions } from './command.ts'
import { ExitCode } from './exit-codes.ts'
import { parseAddress } from './global-options.ts'
import { networkReason } from './kafka-failure.ts'
import { KnownBrokers } from './known-brokers.ts'
import { untilInterrupted } from './until-interrupted.ts'
import { within } from './waiting.ts'

const defaultTimeoutMs = 5000
/** All bootstrap brokers together get this long to be reached, unless --timeout says more. */
const reachMs = 1500
const saySlowMs = 1800

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
    connectTimeout: Math.max(200, Math.floor(reachLimitMs(global, timeoutMs) / global.brokers.length)),
    requestTimeout: timeoutMs + 1000
  }
}

function reachLimitMs({ timeoutMs = 0 }: GlobalOptions, requestMs: number): number {
  return Math.max(reachMs, Math.min(timeoutMs, requestMs))
}

/** For commands that talk for long, `--timeout` bounds the command; their requests get this. */
export function requestTimeoutMs(global: GlobalOptions): number {
  return global.settings.requestTimeoutMs ?? 10_000
}

/**
 * Without looking whether anybody is there. An answer is waited for a little longer than a broker may take for it. Further
 * connections of a command know the brokers that its others know.
 */
export async function openCluster(
  global: GlobalOptions,
  timeoutMs: number,
  answerMs: number = timeoutMs + 1000,
  brokers: KnownBrokers = new KnownBrokers(global.brokers)
): Promise<Cluster> {
  const library = await import('@platformatic/kafka')
  passTaggedFieldsOver(library)
  const options = clientOptions(global, timeoutMs)
  return new Cluster(
    library,
    new library.Base({ ...options, requestTimeout: answerMs, retries: 0 }),
    timeoutMs,
    brokers
  )
}

export async function connect(global: GlobalOptions, timeoutMs?: number): Promise<Cluster> {
  const limitMs = timeoutMs ?? global.timeoutMs ?? global.settings.requestTimeoutMs ?? defaultTimeoutMs
  const cluster = await openCluster(global, limitMs)
  const answerMs = reachLimitMs({ ...global, timeoutMs: global.timeoutMs ?? defaultTimeoutMs }, limitMs)
  const slow =
    answerMs > saySlowMs && !global.quiet ? setTimeout(saySlow, saySlowMs, global.brokers, answerMs) : undefined
  try {
    const answered = within(
      answerMs,
      cluster.metadata([], 'leave'),
      () => new Error('connected, but no answer came; perhaps that is not Kafka')
    )
    await (global.interrupted ? untilInterrupted(global.interrupted, answered) : answered)
    if (global.interrupted?.aborted) throw interruptedBefore(global.brokers)
    return cluster
  } catch (error) {
    await cluster.close().catch(() => {})
    throw error instanceof CliError ? error : unreachable(global.brokers, error)
  } finally {
    clearTimeout(slow)
  }
}

function saySlow(brokers: readonly string[], answerMs: number): void {
  process.stderr.write(`${brokers.join(', ')} has not answered yet; waiting up to ${Math.round(answerMs / 1000)} s\n`)
}

function interruptedBefore(brokers: readonly string[]): CliError {
  return new CliError({ what: `interrupted before ${brokers.join(', ')} answered`, exitCode: ExitCode.interrupted })
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
