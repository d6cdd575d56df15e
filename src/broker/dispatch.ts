/**
 * From the bytes of a request to the bytes of its answer: reads the header, finds the API, and turns whatever goes wrong
 * into what Kafka does then. An ApiVersions request of an unknown version gets Kafka's own answer (KIP-511); any other
 * unknown key or version, and a body that cannot be read, closes the connection. So does a mistake of ours, which has no
 * answer to give: whoever runs the broker is told of it whole, with what was asked.
 */
import { ApiKey, apiFactsOf } from '../protocol/api-keys.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { decodeRequestHeader, type RequestHeader, responseWriter } from '../protocol/frame.ts'
import { ApiVersionsResponse } from '../protocol/generated/api/api-versions-response.ts'
import { ProtocolError, Reader } from '../protocol/primitives.ts'
import { type Answer, type Api, closeConnection, noAnswer, type RequestContext } from './api.ts'
import type { Broker } from './broker.ts'
import type { Session } from './session.ts'

export type BrokerAnswer =
  /** `chunks` make one frame, size prefix included. */
  | { readonly kind: 'answer'; readonly chunks: readonly Buffer[]; readonly onSent: (() => void) | null }
  /** No answer is owed. */
  | { readonly kind: 'none' }
  | { readonly kind: 'close'; readonly reason: string }

export function dispatch(broker: Broker, session: Session, frame: Buffer): BrokerAnswer | Promise<BrokerAnswer> {
  let header: RequestHeader | null = null
  try {
    const reader = new Reader(frame)
    header = decodeRequestHeader(reader)
    if (header === null) return close('the request is for an API that Kafka does not have')
    const api = broker.apis.get(header.requestApiKey)
    if (api === undefined || !speaks(api, header.requestApiVersion)) return unsupported(broker, header)
    const { requestApiVersion: apiVersion, clientId } = header
    const context = { broker, session, apiVersion, clientId: clientId ?? '', onSent: null }
    const answer = api.answer(reader, context)
    return answer instanceof Promise ? framedLater(answer, header, context) : framed(answer, header, context)
  } catch (error) {
    return failed(error, header)
  }
}

async function framedLater(
  answer: Promise<Answer>,
  header: RequestHeader,
  context: RequestContext
): Promise<BrokerAnswer> {
  try {
    return framed(await answer, header, context)
  } catch (error) {
    return failed(error, header)
  }
}

function speaks(api: Api, version: number): boolean {
  return version >= api.versions[0] && version <= api.versions[1]
}

function framed(answer: Answer, header: RequestHeader, { onSent }: RequestContext): BrokerAnswer {
  if (answer === noAnswer) return { kind: 'none' }
  if (answer === closeConnection) return close('a request with acks=0 failed; closing is how Kafka tells its producer')
  const writer = responseWriter(header.correlationId, header.requestApiKey, header.requestApiVersion)
  answer(writer)
  return { kind: 'answer', chunks: writer.finish(), onSent }
}

function unsupported(broker: Broker, header: RequestHeader): BrokerAnswer {
  const { requestApiKey, requestApiVersion, correlationId } = header
  const api = broker.apis.get(requestApiKey)
  if (api === undefined || requestApiKey !== ApiKey.ApiVersions) {
    return close(`${nameOf(requestApiKey)} version ${requestApiVersion} is not served here`)
  }
  const [minVersion, maxVersion] = api.advertisedVersions
  const writer = responseWriter(correlationId, requestApiKey, 0)
  const apiKeys = [{ apiKey: requestApiKey, minVersion, maxVersion }]
  ApiVersionsResponse.encode(writer, { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys }, 0)
  return { kind: 'answer', chunks: writer.finish(), onSent: null }
}

function failed(error: unknown, header: RequestHeader | null): BrokerAnswer {
  if (error instanceof ProtocolError) return close(error.message)
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (header === null) return close(stack)
  const { requestApiKey, requestApiVersion, clientId } = header
  const asked = `${nameOf(requestApiKey)} version ${requestApiVersion} of the client ${JSON.stringify(clientId)}`
  return close(`${asked} met a mistake of the broker, please report it: ${stack}`)
}

function nameOf(apiKey: number): string {
  return apiFactsOf(apiKey)?.name ?? `API ${apiKey}`
}

function close(reason: string): BrokerAnswer {
  return { kind: 'close', reason }
}
