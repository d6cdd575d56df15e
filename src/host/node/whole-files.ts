/** What is read, written or removed as a whole. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  writeSync
} from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../system-error.ts'
import { assertFile } from './disk-errors.ts'

/** A pipe that stands in a file's place, and that nobody may ever write into, is read as empty: it is waited for by nobody. */
export function readWhole(full: string): Buffer {
  const handle = openSync(full, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const bytes = readFileSync(handle)
    if (bytes.length === 0) assertFile(fstatSync(handle), full)
    return bytes
  } finally {
    closeSync(handle)
  }
}

/** What was there is gone at once: beside the file that is meant. */
export function writeSynced(full: string, bytes: Uint8Array): void {
  const handle = openSync(full, 'w')
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * A file, or a directory with all that is in it, a handle at a time; nothing where it is not there. Where handles have run out `rmSync` tells no
 * code (seen with Node 26.12: "Unknown error: Too many open files").
 */
export function removeAll(full: string): void {
  try {
    if (lstatSync(full).isDirectory()) {
      for (const name of readdirSync(full)) removeAll(join(full, name))
      rmdirSync(full)
    } else unlinkSync(full)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
