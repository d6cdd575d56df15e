/** The primitive types of Kafka's protocol: how to read them from bytes and write them to bytes. */
export { EncodeError, FrameSizeError, ProtocolError } from './errors.ts'
export { Reader, ZERO_UUID } from './reader.ts'
export type { Records } from './writer.ts'
export { varintLength, Writer, wideInt64 } from './writer.ts'
