/**
 * Cuts the bytes of a connection into frames: four bytes of size, then as many bytes (Kafka: NetworkReceive).
 *
 * Budget: a frame that lies within one chunk is a slice of it; any other is copied once when it is complete, and its
 * beginning once before when it is the smaller part of a chunk. What is held is at most twice what is counted. Small
 * chunks are gathered in blocks as they come, so that a peer who sends single bytes cannot cost an object for each.
 * Nothing is allocated because of an announced size.
 */
import { FrameSizeError } from './errors.ts'

const sizePrefixBytes = 4
/** Chunks below this are copied into a block; above, holding the chunk itself is cheaper. */
const smallChunkBytes = 4096
const blockBytes = 64 * 1024

export class FrameSplitter {
  private readonly maxFrameBytes: number
  /** What came and is not yet part of a frame given out, oldest first. */
  private pieces: Buffer[] = []
  private sizeBytes = 0
  /** The last piece when it is a block of ours with room left. */
  private block: Buffer | undefined
  private blockUsed = 0
  /** -1 until the size prefix is there. */
  private frameSizeBytes = -1

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes
  }

  /** Bytes held, for the accounting of memory. */
  get bufferedBytes(): number {
    return this.sizeBytes
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.sizeBytes += chunk.length
    if (this.pieces.length === 0 || chunk.length >= smallChunkBytes) {
      this.pieces.push(chunk)
      this.block = undefined
    } else {
      this.gather(chunk)
    }
  }

  /** The next whole frame without its size prefix. Throws FrameSizeError when its turn has come and its size cannot be. */
  next(): Buffer | undefined {
    if (this.frameSizeBytes < 0) {
      if (this.sizeBytes < sizePrefixBytes) return this.wait()
      const frameSizeBytes = this.take(sizePrefixBytes).readInt32BE(0)
      if (frameSizeBytes < 0 || frameSizeBytes > this.maxFrameBytes) {
        throw new FrameSizeError(frameSizeBytes, this.maxFrameBytes)
      }
      this.frameSizeBytes = frameSizeBytes
    }
    if (this.sizeBytes < this.frameSizeBytes) return this.wait()
    const frame = this.take(this.frameSizeBytes)
    this.frameSizeBytes = -1
    return frame
  }

  /** What is left of a chunk keeps all of its memory; when most of that was given out, the rest is copied out of it. */
  private wait(): undefined {
    const [rest] = this.pieces
    if (rest === undefined || rest.length * 2 >= rest.buffer.byteLength) return
    const copy = Buffer.allocUnsafeSlow(rest.length)
    rest.copy(copy)
    this.pieces[0] = copy
    if (this.pieces.length === 1) this.block = undefined
  }

  private gather(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) {
      if (this.block === undefined || this.blockUsed === this.block.length) {
        this.block = Buffer.allocUnsafeSlow(this.nextBlockBytes(rest.length))
        this.blockUsed = 0
        this.pieces.push(this.block.subarray(0, 0))
      }
      const copied = rest.copy(this.block, this.blockUsed)
      const held = this.pieces.at(-1)?.length ?? 0
      this.blockUsed += copied
      this.pieces[this.pieces.length - 1] = this.block.subarray(this.blockUsed - copied - held, this.blockUsed)
      rest = rest.subarray(copied)
    }
  }

  /** Blocks grow with what has really come. */
  private nextBlockBytes(neededBytes: number): number {
    return Math.min(blockBytes, Math.max(neededBytes, this.sizeBytes))
  }

  /** The first `length` bytes of what is held, which are there. */
  private take(length: number): Buffer {
    this.sizeBytes -= length
    const first = this.pieces[0]
    if (first !== undefined && first.length >= length) {
      this.dropFromFirst(first, length)
      return first.subarray(0, length)
    }
    const taken: Buffer[] = []
    let missing = length
    let index = 0
    for (; missing > 0; index++) {
      const piece = this.pieces[index]
      if (piece === undefined) throw new Error('FrameSplitter counts more bytes than it holds')
      taken.push(piece.length <= missing ? piece : piece.subarray(0, missing))
      if (piece.length > missing) {
        this.pieces[index] = piece.subarray(missing)
        break
      }
      missing -= piece.length
    }
    this.pieces.splice(0, index)
    if (this.pieces.length === 0) this.block = undefined
    return Buffer.concat(taken, length)
  }

  private dropFromFirst(first: Buffer, length: number): void {
    if (first.length === length) this.pieces.shift()
    else this.pieces[0] = first.subarray(length)
    if (this.pieces.length === 0) this.block = undefined
  }
}
