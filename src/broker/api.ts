/**
 * What an API declares: its key, the versions it really behaves as, and its handler. `apis/` holds one file for each key;
 * dispatch, ApiVersions and the tests come from the list of them.
 *
 * A handler has two stages by nature: what it does before its first `await` runs in the order of the requests on a
 * connection (append, queue), the rest waits in the background. Answers of one connection still leave in order.
 */
import type { Decoded, Message } from '../protocol/message.ts'
import type { Broker } from './broker.ts'
import type { Session } from './session.ts'

export interface RequestContext {
  readonly broker: Broker
  readonly session: Session
  readonly apiVersion: number
  /** Empty when the client gave none. */
  readonly clientId: string
}

/** Says that no answer is owed (Produce with acks=0). */
export const noAnswer = Symbol('no answer')
/** Says that the connection must end: a request with acks=0 failed and there is no other way to tell. */
export const closeConnection = Symbol('close connection')

export type Outcome<Response> = Response | typeof noAnswer | typeof closeConnection

export interface Api<Request, Response> {
  readonly key: number
  readonly name: string
  /** Lowest and highest version this broker behaves as. */
  readonly versions: readonly [number, number]
  readonly request: Message<Request>
  readonly response: Message<Response>
  readonly handle: (request: Decoded<Request>, context: RequestContext) => Outcome<Response> | Promise<Outcome<Response>>
}

/** An API whose request and response types are its own business. */
export interface AnyApi {
  readonly key: number
  readonly name: string
  readonly versions: readonly [number, number]
  /** Decodes the body, handles it, and hands back a function that encodes the answer. */
  readonly answer: (request: import('../protocol/primitives.ts').Reader, context: RequestContext) => Answer | Promise<Answer>
}

export type Answer = ((writer: import('../protocol/primitives.ts').Writer) => void) | typeof noAnswer | typeof closeConnection

export function api<Request, Response>(declaration: Api<Request, Response>): AnyApi {
  const encoded = (outcome: Outcome<Response>, version: number): Answer => {
    if (outcome === noAnswer || outcome === closeConnection) return outcome
    return (writer) => declaration.response.encode(writer, outcome, version)
  }
  return {
    key: declaration.key,
    name: declaration.name,
    versions: declaration.versions,
    answer(reader, context) {
      const request = declaration.request.decode(reader, context.apiVersion)
      const outcome = declaration.handle(request, context)
      if (outcome instanceof Promise) return outcome.then((settled) => encoded(settled, context.apiVersion))
      return encoded(outcome, context.apiVersion)
    }
  }
}
