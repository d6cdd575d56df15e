/** How the files of a partition are called (Kafka: LogFileUtils). */
export const fileSuffix = {
  log: '.log',
  offsetIndex: '.index',
  timeIndex: '.timeindex',
  transactionIndex: '.txnindex',
  producerSnapshot: '.snapshot',
  /** Set aside to be removed a little later. */
  deleted: '.deleted'
} as const

/** '00000000000000000042.log' */
export function fileName(baseOffset: number, suffix: string): string {
  return `${String(baseOffset).padStart(20, '0')}${suffix}`
}

/** The offset in the name of a file with this suffix; null for any other file, and for an offset that no log reaches. */
export function offsetOfFile(name: string, suffix: string): number | null {
  const offset = numberInName(name, suffix)
  return Number.isSafeInteger(offset) ? offset : null
}

/** Whether a file is named as a segment of an offset that no log reaches: nothing that is a log's wrote it. */
export function isImpossibleSegment(name: string): boolean {
  const offset = numberInName(name, fileSuffix.log)
  return offset !== null && !Number.isSafeInteger(offset)
}

/** The base offsets of the segments that were about to be removed. */
export function setAsideAmong(names: readonly string[]): number[] {
  return names
    .map((name) => offsetOfFile(name, fileSuffix.log + fileSuffix.deleted))
    .filter((offset) => offset !== null)
}

function numberInName(name: string, suffix: string): number | null {
  if (!name.endsWith(suffix)) return null
  const digits = name.slice(0, -suffix.length)
  return /^\d{20}$/.test(digits) ? Number(digits) : null
}
