/**
 * From the bytes of a request to its API. An ApiVersions request of an unknown version gets Kafka's own answer (KIP-511); any other
 * unknown key or version, and a body that cannot be read, closes the connection.
 */
import { ApiKey, apiFactsOf } from '../protocol/api-keys.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { decodeRequestHeader, type RequestHeader, responseWriter } from '../protocol/frame.ts'
import { ApiVersionsResponse } from '../protocol/generated/api/api-versions-response.ts'
import { ProtocolError, Reader } from '../protocol/primitives.ts'
import { type BrokerAnswer, close } from './answer.ts'
import type { Api } from './api.ts'
import type { Broker } from './broker.ts'
import type { Session } from './session.ts'

export function dispatch(broker: Broker, session: Session, frame: Buffer): BrokerAnswer | Promise<BrokerAnswer> {
  try {
    const reader = new Reader(frame)
    const header = decodeRequestHeader(reader)
    if (header === null) return close('the request is for an API that Kafka does not have')
    const { requestApiVersion: apiVersion, correlationId, clientId } = header
    const api = broker.apis.get(header.requestApiKey)
    if (api === undefined || !speaks(api, apiVersion)) return unsupported(broker, header)
    return api.answer(reader, { broker, session, apiVersion, correlationId, clientId: clientId ?? '', onSent: null })
  } catch (error) {
    if (error instanceof ProtocolError) return close(error.message)
    broker.failed('Reading a request', error)
    return close('the request could not be read, which is a mistake of the broker')
  }
}

function speaks(api: Api, version: number): boolean {
  return version >= api.versions[0] && version <= api.versions[1]
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

function nameOf(apiKey: number): string {
  return apiFactsOf(apiKey)?.name ?? `API ${apiKey}`
}
