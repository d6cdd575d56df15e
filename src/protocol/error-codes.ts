/** Kafka's error codes by name, as they stand in answers (Kafka: org.apache.kafka.common.protocol.Errors). */
import { ErrorCode, retriableErrorCodes } from './generated/error-codes.ts'

export { ErrorCode } from './generated/error-codes.ts'

const namesByCode = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]))

/** Kafka's name of the code; of one that Kafka does not know, the number. */
export function errorName(code: number): string {
  return namesByCode.get(code) ?? `ERROR_${code}`
}

/** Whether a client may expect the same request to succeed later. */
export function isRetriable(code: number): boolean {
  return retriableErrorCodes.has(code)
}
