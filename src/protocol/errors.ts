/**
 * The two ways in which bytes and values do not fit: bytes from outside that are not what they should be (`ProtocolError`,
 * costs the peer its connection), and a value of ours that a version cannot carry (`EncodeError`, our mistake).
 */

/** The bytes that came in are not a message: cut off, a length that cannot be, an unknown version. */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError'
}

/** A frame announced a size that is negative or above the limit; nothing was allocated for it. */
export class FrameSizeError extends ProtocolError {
  override readonly name: string = 'FrameSizeError'
  readonly sizeBytes: number
  readonly maxSizeBytes: number

  constructor(sizeBytes: number, maxSizeBytes: number) {
    super(`A frame of ${sizeBytes} bytes was announced, at most ${maxSizeBytes} bytes are accepted`)
    this.sizeBytes = sizeBytes
    this.maxSizeBytes = maxSizeBytes
  }
}

/** The value cannot be written in the version asked for (Kafka: UnsupportedVersionException and NullPointerException). */
export class EncodeError extends Error {
  override readonly name: string = 'EncodeError'
}
