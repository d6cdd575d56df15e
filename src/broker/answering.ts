/**
 * The way of one request through its API: decode (within the memory that the API declares), authorize, handle, encode. Who speaks is
 * known by its session before; nobody has a quota yet, so that no answer tells of a throttle. A mistake of ours on this way is told to whoever runs the
 * broker, whole, with what was asked; the client gets the answer that Kafka gives then, UNKNOWN_SERVER_ERROR, in the place
 * that the API has for it. Only where there is none the connection ends (Kafka: RequestHandlerHelper.handleError).
 *
 * Budget: an answer that is there at once costs no promise, one that is waited for costs one.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import { responseWriter } from '../protocol/frame.ts'
import type { Decoded } from '../protocol/message.ts'
import { ProtocolError, type Reader } from '../protocol/primitives.ts'
import { type BrokerAnswer, close } from './answer.ts'
import {
  type ApiDeclaration,
  closeConnection,
  type Failure,
  noAnswer,
  type Outcome,
  type RequestContext,
  unexpected
} from './api.ts'
import { refusalOf } from './authorizer.ts'
import { PeerUnreachable } from './peer.ts'

/** The controller was asked in vain, or its answer was lost (Kafka: ForwardingManagerImpl's onTimeout). */
const notReached: Failure = { errorCode: ErrorCode.REQUEST_TIMED_OUT, errorMessage: 'The request timed out.' }

/** Throws ProtocolError on a body that cannot be read. */
export function answerTo<Request, Response extends object>(
  api: ApiDeclaration<Request, Response>,
  body: Reader,
  context: RequestContext
): BrokerAnswer | Promise<BrokerAnswer> {
  body.memoryLeft = api.memoryBytes
  const request = api.request.decode(body, context.apiVersion)
  try {
    const refusal = refusalOf(context.broker.authorizer, context.session, api.authorization)
    if (refusal !== null) return refused(api, request, refusal, context)
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
  const asked = askedBy(api, context)
  if (error instanceof ProtocolError) return close(`${asked}: ${error.message}`)
  if (error instanceof PeerUnreachable) return refused(api, request, notReached, context)
  context.broker.failed(asked, error)
  return refused(api, request, unexpected, context)
}

/** The answer that fails all that was asked for. */
function refused<Request, Response extends object>(
  api: ApiDeclaration<Request, Response>,
  request: Decoded<Request>,
  failure: Failure,
  context: RequestContext
): BrokerAnswer {
  const response = api.failed(request, failure, context.apiVersion)
  if (response !== null) return encoded(api, response, { ...context, onSent: null })
  return close(`${askedBy(api, context)} failed, and its answer has no place to say so: ${failure.errorMessage}`)
}

function askedBy<Request, Response extends object>(
  { request }: ApiDeclaration<Request, Response>,
  { apiVersion, clientId }: RequestContext
): string {
  return `${request.name} version ${apiVersion} of the client ${JSON.stringify(clientId)}`
}
