/**
 * Shows an error in three lines: what happened, why (with Kafka's name and number for it), what to do. Knows the shapes
 * in which the client library and Node.js report failures, and which exit code each deserves.
 */
import { CliError } from './cli-error.ts'
import { ExitCode } from './exit-codes.ts'
import { folded } from './fold.ts'
import { isLibraryNetworkError, type KafkaFailure, kafkaFailure, networkReason } from './kafka-failure.ts'
import { asCalled } from './own-name.ts'
import type { Style } from './terminal.ts'

export interface ErrorPresentation {
  readonly style: Style
  readonly verbose: boolean
  /** How wide the terminal is, if one is there. */
  readonly columns?: number | undefined
  write(text: string): void
}

const margin = ' '.repeat('error: '.length)

export function presentError(error: unknown, presentation: ErrorPresentation): ExitCode {
  const problem = toCliError(error)
  const { style, columns } = presentation
  const fold = (text: string) => folded(text, columns && columns - margin.length).replaceAll('\n', `\n${margin}`)
  const lines = [`${style.red('error:')} ${fold(problem.message)}`]
  if (problem.why) lines.push(`${style.dim('  why:')} ${fold(asCalled(problem.why))}`)
  if (problem.next) lines.push(`${style.dim('  try:')} ${style.cyan(fold(asCalled(problem.next)))}`)
  if (presentation.verbose && error instanceof Error) lines.push(style.dim(stackOf(error)))
  presentation.write(`${lines.join('\n')}\n`)
  return problem.exitCode
}

function stackOf(error: Error): string {
  const below = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${below}`
}

export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  const failure = kafkaFailure(error)
  if (failure) {
    return new CliError({
      what: 'the broker refused the request',
      why: explainFailure(failure),
      exitCode: exitCodeOf(failure),
      cause: error
    })
  }
  const message = messageOf(error)
  if (isLibraryNetworkError(error)) {
    return new CliError({
      what: 'the broker went away, or does not answer',
      why: networkReason(error) ?? message,
      next: 'the same again once it is back; --timeout 30s waits longer for an answer',
      exitCode: ExitCode.unreachable,
      cause: error
    })
  }
  return new CliError({ what: message, why: causeMessage(error), next: 'run it again with --verbose', cause: error })
}

function causeMessage(error: unknown): string | undefined {
  if (error instanceof AggregateError) return error.errors.map((inner: unknown) => messageOf(inner)).join('; ')
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `TOPIC_ALREADY_EXISTS (36): Topic 'orders' already exists.`, and behind it what more is to be said. */
export function explainFailure(failure: KafkaFailure, more?: string): string {
  const explained = `${failure.name} (${failure.code})${failure.message ? `: ${failure.message}` : ''}`
  return more === undefined ? explained : `${explained.replace(/\.$/, '')}; ${more}`
}

const notFound = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'GROUP_ID_NOT_FOUND',
  'TRANSACTIONAL_ID_NOT_FOUND'
])

export function exitCodeOf(failure: KafkaFailure): ExitCode {
  if (notFound.has(failure.name)) return ExitCode.notFound
  if (/AUTHORIZATION_FAILED|AUTHENTICATION/.test(failure.name)) return ExitCode.notAllowed
  return ExitCode.failed
}
