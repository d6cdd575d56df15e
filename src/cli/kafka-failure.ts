/**
 * Finds Kafka's own error (name, number, the broker's sentence) inside what the client library throws.
 */
export interface KafkaFailure {
  readonly name: string
  readonly code: number
  readonly message: string | undefined
}

export function kafkaFailure(error: unknown): KafkaFailure | undefined {
  if (!(error instanceof Error)) return undefined
  if ('apiId' in error && typeof error.apiId === 'string' && 'apiCode' in error) {
    const said = 'serverErrorMessage' in error ? error.serverErrorMessage : undefined
    return {
      name: error.apiId,
      code: Number(error.apiCode),
      message: typeof said === 'string' && said !== '' ? said : error.message
    }
  }
  for (const candidate of causesOf(error)) {
    const found = kafkaFailure(candidate)
    if (found) return found
  }
  return undefined
}

function causesOf(error: Error): unknown[] {
  return [...(error instanceof AggregateError ? error.errors : []), error.cause]
}

/** The answer that came with the failures, when the library read one. */
export function answerOf(error: unknown): unknown {
  return error instanceof Error && 'response' in error ? error.response : undefined
}

/** Whether the client library could not connect, lost a connection, or waited for an answer in vain. */
export function isLibraryNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'PLT_KFK_NETWORK') || causesOf(error).some(isLibraryNetworkError)
}

/** The address or reason of a connection that could not be made. */
export function networkReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return reasonOf(error.code)
  for (const candidate of causesOf(error)) {
    const found = networkReason(candidate)
    if (found) return found
  }
  if (/timed out/i.test(error.message)) return 'no answer in time'
  return /connection closed/i.test(error.message) ? reasonOf('ECONNRESET') : undefined
}

/** The one address that could not be reached. */
export function unreachableAddress(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return /^Connection to (\S+) (?:failed|timed out)/.exec(error.message)?.[1] ?? unreachableAddress(error.cause)
}

function reasonOf(code: string): string {
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
    ENOTFOUND: 'the name is unknown (ENOTFOUND)',
    EAI_AGAIN: 'the name cannot be looked up right now (EAI_AGAIN)',
    ETIMEDOUT: 'no answer in time (ETIMEDOUT)',
    EHOSTUNREACH: 'no route to that host (EHOSTUNREACH)',
    ENETUNREACH: 'no route to that network (ENETUNREACH)',
    ECONNRESET: 'the connection was cut (ECONNRESET)'
  }
  return reasons[code] ?? code
}
