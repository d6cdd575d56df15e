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

/** The offset in the name of a file with this suffix; null for any other file. */
export function offsetOfFile(name: string, suffix: string): number | null {
  if (!name.endsWith(suffix)) return null
  const digits = name.slice(0, -suffix.length)
  return /^\d{20}$/.test(digits) ? Number(digits) : null
}
