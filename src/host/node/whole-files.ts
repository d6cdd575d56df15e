/** Small files, read and written as a whole. */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
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
