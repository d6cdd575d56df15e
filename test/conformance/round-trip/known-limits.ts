/** Pairs that fail on Apache Kafka as well, because a client cannot read what another writes. */
import type { Client, Codec } from '../clients/client.ts'

interface KnownLimit {
  readonly reader: string
  readonly writer: string
  readonly codec: Codec
  readonly reason: string
}

export const knownLimits: readonly KnownLimit[] = [
  {
    reader: '@platformatic/kafka',
    writer: 'Java console',
    codec: 'snappy',
    reason: "@platformatic/kafka 1.35 reads plain snappy blocks, not the frames of Java's snappy"
  }
]

export function isReadable(reader: Client, writer: Client, codec: Codec): boolean {
  return !knownLimits.some(
    (limit) => limit.reader === reader.name && limit.writer === writer.name && limit.codec === codec
  )
}
