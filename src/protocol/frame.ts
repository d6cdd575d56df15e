/**
 * Requests and answers as they stand on a connection: a size, a header, a body (Kafka: RequestHeader, ResponseHeader,
 * NetworkReceive, NetworkSend).
 *
 * An answer is built as a list of chunks; record batches in it are passed through without a copy.
 */
import { apiFactsOf } from './api-keys.ts'
import { ProtocolError } from './errors.ts'
import { ApiKey } from './generated/api-keys.ts'
import type { Decoded, Message } from './message.ts'
import type { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export interface RequestHeader {
  readonly requestApiKey: number
  readonly requestApiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** 2 for flexible versions, otherwise 1; -1 for a key that has no versions (any more). */
export function requestHeaderVersion(apiKey: number, apiVersion: number): number {
  const facts = apiFactsOf(apiKey)
  if (facts === undefined || facts.highestVersion < 0) return -1
  return apiVersion >= facts.requestFlexibleFrom ? 2 : 1
}

/**
 * 1 for flexible versions, otherwise 0. ApiVersions is always answered with 0, because a client that asks does not know
 * yet what the broker understands (KIP-511).
 */
export function responseHeaderVersion(apiKey: number, apiVersion: number): number {
  const facts = apiFactsOf(apiKey)
  if (facts === undefined || facts.highestVersion < 0) return -1
  return apiKey !== ApiKey.ApiVersions && apiVersion >= facts.responseFlexibleFrom ? 1 : 0
}

/** Reads the header and leaves the reader at the body; null when Kafka does not serve this key, so that nothing more is known. */
export function decodeRequestHeader(reader: Reader): RequestHeader | null {
  reader.subject = 'RequestHeader'
  const requestApiKey = reader.readInt16()
  const requestApiVersion = reader.readInt16()
  const headerVersion = requestHeaderVersion(requestApiKey, requestApiVersion)
  if (headerVersion < 0) return null
  const correlationId = reader.readInt32()
  // Not compact even in version 2: a broker must understand the header of an ApiVersions request of any version.
  const clientId = reader.readNullableString()
  if (headerVersion >= 2) reader.skipTaggedFields()
  return { requestApiKey, requestApiVersion, correlationId, clientId }
}

/** A frame that has the header of the answer already; the body comes next, then `finish()`. */
export function responseWriter(correlationId: number, apiKey: number, apiVersion: number): Writer {
  const writer = Writer.frame()
  writer.writeInt32(correlationId)
  if (responseHeaderVersion(apiKey, apiVersion) >= 1) writer.writeEmptyTaggedFields()
  return writer
}

/** The frame of an answer, size prefix included. */
export function encodeResponse<T>(correlationId: number, message: Message<T>, version: number, value: T): Buffer[] {
  const writer = responseWriter(correlationId, message.apiKey, version)
  message.encode(writer, value, version)
  return writer.finish()
}

/** The frame of a request, size prefix included. */
export function encodeRequest<T>(
  correlationId: number,
  clientId: string | null,
  message: Message<T>,
  version: number,
  value: T
): Buffer[] {
  const writer = Writer.frame()
  writer.writeInt16(message.apiKey)
  writer.writeInt16(version)
  writer.writeInt32(correlationId)
  writer.writeNullableString(clientId)
  if (requestHeaderVersion(message.apiKey, version) >= 2) writer.writeEmptyTaggedFields()
  message.encode(writer, value, version)
  return writer.finish()
}

/** Reads an answer (without the size prefix) that must belong to this correlation id. */
export function decodeResponse<T>(
  reader: Reader,
  correlationId: number,
  message: Message<T>,
  version: number
): Decoded<T> {
  reader.subject = 'ResponseHeader'
  const received = reader.readInt32()
  if (received !== correlationId) {
    throw new ProtocolError(`An answer to request ${received} came where one to ${correlationId} was due`)
  }
  if (responseHeaderVersion(message.apiKey, version) >= 1) reader.skipTaggedFields()
  return message.decode(reader, version)
}
