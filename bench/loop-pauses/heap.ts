/** What a job holds on to. */

/** Bytes of the heap that are in use, when all that is not was collected (`--expose-gc`). */
export function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
