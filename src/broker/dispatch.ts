/**
 * From the bytes of a request to the bytes of its answer: reads the header, finds the API, and turns whatever goes wrong
 * into what Kafka does then: an unknown ApiVersions version gets Kafka's own answer (KIP-511), any other unknown key or
 * version and any body that cannot be read closes the connection.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import { decodeRequestHeader, responseWriter } from '../protocol/frame.ts'
import { ApiKey } from '../protocol/api-keys.ts'
import { ApiVersionsResponse } from '../protocol/generated/api/api-versions-response.ts'
import { ProtocolError, Reader } from '../protocol/primitives.ts'
import { type Answer, type Api, closeConnection, noAnswer } from './api.ts'
import type { Broker } from './broker.ts'
import type { Session } from './session.ts'

export type BrokerAnswer =
  /** `chunks` make one frame, size prefix included. */
  | { readonly kind: 'answer'; readonly chunks: readonly Buffer[] }
  /** No answer is owed. */
  | { readonly kind: 'none' }
  | { readonly kind: 'close'; readonly reason: string }

interface RequestHead {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
}

export function dispatch(broker: Broker, session: Session, frame: Buffer): BrokerAnswer | Promise<BrokerAnswer> {
  try {
    const reader = new Reader(frame)
    const header = decodeRequestHeader(reader)
    if (header === null) return unknownApi(broker, frame)
    const api = broker.apis.find(({ key }) => key === header.requestApiKey)
    const head = { apiKey: header.requestApiKey, apiVersion: header.requestApiVersion, correlationId: header.correlationId }
    if (api === undefined || !speaks(api, head.apiVersion)) return unsupported(broker, head)
    const context = { broker, session, apiVersion: head.apiVersion, clientId: header.clientId ?? '' }
    const answer = api.answer(reader, context)
    if (!(answer instanceof Promise)) return framed(answer, head)
    return answer.then((settled) => framed(settled, head)).catch((error: unknown) => failed(error, api, head))
  } catch (error) {
    return error instanceof ProtocolError ? { kind: 'close', reason: error.message } : failed(error, null, null)
  }
}
