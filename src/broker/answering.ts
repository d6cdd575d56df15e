/**
 * The way of one request through its API: decode, handle, encode. A mistake of ours on this way is told to whoever runs the
 * broker, whole, with what was asked; the client gets the answer that Kafka gives then, UNKNOWN_SERVER_ERROR, in the place
 * that the API has for it. Only where there is none the connection ends (Kafka: RequestHandlerHelper.handleError).
 *
 * Budget: an answer that is there at once costs no promise, one that is waited for costs one.
 */
import { responseWriter } from '../protocol/frame.ts'
import type { Decoded } from '../protocol/message.ts'
import { ProtocolError, type Reader } from '../protocol/primitives.ts'
import { type BrokerAnswer, close } from './answer.ts'
import { type ApiDeclaration, closeConnection, noAnswer, type Outcome, type RequestContext, unexpected } from './api.ts'

/** Throws ProtocolError on a body that cannot be read. */
export function answerTo<Request, Response extends object>(
  api: ApiDeclaration<Request, Response>,
  body: Reader,
  context: RequestContext
): BrokerAnswer | Promise<BrokerAnswer> {
  const request = api.request.decode(body, context.apiVersion)
  try {
    const outcome = api.handle(request, context)
    return outcome instanceof Promise ? encodedLater(api, request, outcome, context) : encoded(api, outcome, context)
  } catch (error) {
    return failed(error, api, request, context)
  }
}

async function encodedLater<Request, Response extends object>(
  api: ApiDeclaration<Request, Response>,
  request: Decoded<Request>,
  outcome: Promise<Outcome<Response>>,
  context: RequestContext
): Promise<BrokerAnswer> {
  try {
    return encoded(api, await outcome, context)
  } catch (error) {
    return failed(error, api, request, context)
  }
}

function encoded<Request, Response extends object>(
  { response }: ApiDeclaration<Request, Response>,
  outcome: Outcome<Response>,
  { apiVersion, correlationId, onSent }: RequestContext
): BrokerAnswer {
  if (outcome === noAnswer) return { kind: 'none' }
  if (outcome === closeConnection) return close('a request with acks=0 failed; closing is how Kafka tells its producer')
  const writer = responseWriter(correlationId, response.apiKey, apiVersion)
  response.encode(writer, outcome, apiVersion)
  return { kind: 'answer', chunks: writer.finish(), onSent }
}

function failed<Request, Response extends object>(
  error: unknown,
  api: ApiDeclaration<Request, Response>,
  request: Decoded<Request>,
  context: RequestContext
): BrokerAnswer {
  const { broker, apiVersion, clientId, correlationId } = context
  const asked = `${api.request.name} version ${apiVersion} of the client ${JSON.stringify(clientId)}`
  if (error instanceof ProtocolError) return close(`${asked}: ${error.message}`)
  broker.failed(asked, error)
  const answer = errorAnswer(api, request, context)
  return answer ?? close(`${asked} failed, and has no place to say so in its answer ${correlationId}`)
}

function errorAnswer<Request, Response extends object>(
  api: ApiDeclaration<Request, Response>,
  request: Decoded<Request>,
  context: RequestContext
): BrokerAnswer | null {
  const response = api.failed(request, unexpected, context.apiVersion)
  return response === null ? null : encoded(api, response, { ...context, onSent: null })
}
