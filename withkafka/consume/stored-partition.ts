/**
 * The file of one partition: JSON lines that only grow. The last whole line tells which offset is stored last, and a crash
 * in the midst of a write leaves a torn line, which is cut off when the file is opened again.
 */
import { closeSync, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { Problem, reasonOf } from '../program/problem.ts'

const newline = 0x0a
const stepBytes = 64 * 1024

export class StoredPartition {
  readonly #path: string
  readonly #descriptor: number
  #sizeBytes: number
  #next: number

  private constructor(path: string, descriptor: number, sizeBytes: number, next: number) {
    this.#path = path
    this.#descriptor = descriptor
    this.#sizeBytes = sizeBytes
    this.#next = next
  }

  static open(path: string): StoredPartition {
    try {
      const descriptor = openSync(path, 'a+')
      const { sizeBytes, next } = wholeLines(descriptor)
      ftruncateSync(descriptor, sizeBytes)
      syncDirectory(dirname(path))
      return new StoredPartition(path, descriptor, sizeBytes, next)
    } catch (error) {
      throw new Problem({ what: `cannot store in ${path}`, why: reasonOf(error) })
    }
  }

  /** The offset behind the last stored one; 0 when nothing is stored. */
  get next(): number {
    return this.#next
  }

  /** Lines up to `lastOffset`. When it returns they are on the disk, and survive a power cut. */
  append(lines: string, lastOffset: number): void {
    const bytes = Buffer.from(lines)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
      fdatasyncSync(this.#descriptor)
    } catch (error) {
      // A full disk took a part of it.
      ftruncateSync(this.#descriptor, this.#sizeBytes)
      throw new Problem({
        what: `cannot store in ${this.#path}`,
        why: reasonOf(error),
        next: 'what is stored is whole'
      })
    }
    this.#sizeBytes += bytes.length
    this.#next = Math.max(this.#next, lastOffset + 1)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** How far the file consists of whole lines, and the offset to go on at. */
function wholeLines(descriptor: number): { sizeBytes: number; next: number } {
  for (let end = fstatSync(descriptor).size; ; ) {
    const lineEnd = lastNewline(descriptor, end)
    if (lineEnd < 0) return { sizeBytes: 0, next: 0 }
    const lineStart = lastNewline(descriptor, lineEnd) + 1
    const offset = offsetOf(readRange(descriptor, lineStart, lineEnd))
    if (offset !== undefined) return { sizeBytes: lineEnd + 1, next: offset + 1 }
    end = lineStart
  }
}

/** The position of the last line end before `end`; -1 when there is none. */
function lastNewline(descriptor: number, end: number): number {
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - stepBytes)
    const at = readRange(descriptor, from, to).lastIndexOf(newline)
    if (at >= 0) return from + at
    to = from
  }
  return -1
}

function readRange(descriptor: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from)
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, from + at)
    if (read === 0) throw new Error('the file became shorter while it was read')
    at += read
  }
  return bytes
}

function offsetOf(line: Buffer): number | undefined {
  try {
    const { offset }: { offset?: unknown } = JSON.parse(line.toString('utf8'))
    return typeof offset === 'number' && Number.isSafeInteger(offset) ? offset : undefined
  } catch {
    return undefined
  }
}

/** So that a file that was just made has its name after a power cut too. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
