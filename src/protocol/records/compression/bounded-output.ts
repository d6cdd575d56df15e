/** Decompressed bytes as they grow: in one Buffer, doubled when full, and never past the limit. */
const firstBytes = 4096

export class BoundedOutput {
  readonly #maxSizeBytes: number
  #buffer: Buffer
  #sizeBytes = 0

  constructor(maxSizeBytes: number) {
    this.#maxSizeBytes = maxSizeBytes
    this.#buffer = Buffer.allocUnsafe(Math.min(firstBytes, maxSizeBytes))
  }

  /** How much may still come. */
  get roomBytes(): number {
    return this.#maxSizeBytes - this.#sizeBytes
  }

  append(bytes: Uint8Array): void {
    if (bytes.length > this.roomBytes) throw tooLarge(this.#maxSizeBytes)
    const end = this.#sizeBytes + bytes.length
    if (end > this.#buffer.length) this.#grow(end)
    this.#buffer.set(bytes, this.#sizeBytes)
    this.#sizeBytes = end
  }

  /** Has at most so many bytes written in their place, by who says how many they were. */
  fill(atMostBytes: number, write: (space: Buffer) => number): void {
    const end = this.#sizeBytes + atMostBytes
    if (end > this.#buffer.length) this.#grow(end)
    this.#sizeBytes += write(this.#buffer.subarray(this.#sizeBytes, end))
  }

  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#sizeBytes)
  }

  #grow(neededBytes: number): void {
    const larger = Buffer.allocUnsafe(Math.min(Math.max(2 * this.#buffer.length, neededBytes), this.#maxSizeBytes))
    this.#buffer.copy(larger, 0, 0, this.#sizeBytes)
    this.#buffer = larger
  }
}

export function tooLarge(maxSizeBytes: number): Error {
  return new Error(`it would have more than ${maxSizeBytes} bytes`)
}
