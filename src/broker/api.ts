/**
 * What an API declares: its key, the versions it really behaves as, who may use it, what reading a request of it may take, and its
 * handler. `apis/` holds one file for each key; dispatch, ApiVersions and the tests come from the list of them.
 *
 * A handler that may wait has two stages: what it does before its first `await` runs in the order of the requests on a
 * connection (append, queue), the rest waits in the background. Answers of one connection still leave in order. A first stage that would
 * hold up the loop goes in slices (`walks.ts`), and the connection is held meanwhile where its order counts (`held-sessions.ts`).
 */
import type { ApiKey } from '../protocol/api-keys.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Decoded, Message } from '../protocol/message.ts'
import type { Reader } from '../protocol/primitives.ts'
import type { BrokerAnswer } from './answer.ts'
import { answerTo } from './answering.ts'
import type { Authorization } from './authorizer.ts'
import type { Broker } from './broker.ts'
import type { Session } from './session.ts'

export interface RequestContext {
  readonly broker: Broker
  readonly session: Session
  readonly apiVersion: number
  readonly correlationId: number
  /** Empty when the client gave none. */
  readonly clientId: string
  /** A handler's wish to be told when every byte of its answer has left; never called when the connection breaks before. */
  onSent: (() => void) | null
}

/** Says that no answer is owed (Produce with acks=0). */
export const noAnswer = Symbol('no answer')
/** Says that the connection must end: a request with acks=0 failed and there is no other way to tell. */
export const closeConnection = Symbol('close connection')

/** A response body is an object, so that the two symbols cannot be mistaken for one. */
export type Outcome<Response extends object> = Response | typeof noAnswer | typeof closeConnection

/** Why a request failed as a whole (Kafka: ApiError). */
export interface Failure {
  readonly errorCode: ErrorCode
  readonly errorMessage: string
}

/** What a client is told of a mistake of ours: Kafka's own words, so that it knows them. */
export const unexpected: Failure = {
  errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
  errorMessage: 'The server experienced an unexpected error when processing the request.'
}

interface WhatIsDeclared<Request, Response extends object> {
  /** Lowest and highest version this broker behaves as. */
  readonly versions: readonly [number, number]
  /** Lowest version that ApiVersions tells, where Kafka tells a lower one than it serves. */
  readonly advertisedFrom?: number
  readonly authorization: Authorization
  /** What the lists of a request may take in memory once they are read; a request with more is refused before (`Reader.memoryLeft`). */
  readonly memoryBytes: number
  readonly request: Message<Request>
  readonly response: Message<Response>
  /**
   * The answer that fails all that was asked for (Kafka: AbstractRequest.getErrorResponse); null where the version, or what was
   * asked, leaves no place to say so.
   */
  readonly failed: (request: Decoded<Request>, failure: Failure, apiVersion: number) => Response | null
}

interface AnsweredAtOnce<Request, Response extends object> extends WhatIsDeclared<Request, Response> {
  readonly stage: 'at once'
  readonly handle: (request: Decoded<Request>, context: RequestContext) => Outcome<NoInfer<Response>>
}

interface AnsweredLater<Request, Response extends object> extends WhatIsDeclared<Request, Response> {
  readonly stage: 'may wait'
  readonly handle: (
    request: Decoded<Request>,
    context: RequestContext
  ) => Outcome<Response> | Promise<Outcome<Response>>
}

export type ApiDeclaration<Request, Response extends object> =
  | AnsweredAtOnce<Request, Response>
  | AnsweredLater<Request, Response>

/** An API as the list of them knows it: its request and response types are its own business. */
export interface Api {
  readonly key: ApiKey
  /** Kafka's name: 'Produce'. */
  readonly name: string
  readonly versions: readonly [number, number]
  readonly advertisedVersions: readonly [number, number]
  readonly authorization: Authorization
  readonly memoryBytes: number
  /** Decodes the body, handles it, and hands back the answer. Throws ProtocolError on a body that cannot be read. */
  readonly answer: (body: Reader, context: RequestContext) => BrokerAnswer | Promise<BrokerAnswer>
}

export function api<Request, Response extends object>(
  key: ApiKey,
  declaration: ApiDeclaration<Request, Response>
): Api {
  const { versions, request, authorization, memoryBytes, advertisedFrom = versions[0] } = declaration
  return {
    key,
    name: request.name.replace(/Request$/, ''),
    versions,
    advertisedVersions: [advertisedFrom, versions[1]],
    authorization,
    memoryBytes,
    answer: (body, context) => answerTo(declaration, body, context)
  }
}
