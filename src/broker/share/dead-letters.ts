/**
 * Dead letters: what became of records of which a share group has given up (KIP-1191). Read from a running Apache Kafka 4.4.0: a record says in its
 * headers where it comes from and why; it has the key and the value of the record, or none; its time is when it was given up.
 */
import type { StateBatch } from '../../coordination/share-states/batches.ts'
import type { LogRecord } from '../../protocol/records/reader.ts'
import type { Acknowledgement } from './acknowledgements.ts'
import { type OffsetRange, rewritten, unheld } from './run.ts'

/** Records that a member has rejected, or that were delivered too often. */
export interface DeadLetters extends OffsetRange {
  readonly deliveryCount: number
  readonly why: 'rejected' | 'exhausted'
}

const archiving = 3

/** What of a write has been given up, and why: what no member has rejected was delivered too often. */
export function givenUp(written: readonly StateBatch[], said: readonly Acknowledgement[]): DeadLetters[] {
  const rejected = said.filter(({ verdict }) => verdict === 'reject')
  return written.flatMap(({ firstOffset, lastOffset, deliveryState, deliveryCount }) => {
    if (deliveryState !== archiving) return []
    const run = { firstOffset, lastOffset, delivery: unheld('archiving', deliveryCount) }
    const parts = rewritten([run], rejected, () => unheld('archived', deliveryCount))
    return parts.map(({ delivery, ...range }) => ({
      ...{ firstOffset: range.firstOffset, lastOffset: range.lastOffset, deliveryCount },
      why: delivery.state === 'archived' ? ('rejected' as const) : ('exhausted' as const)
    }))
  })
}

export interface Deceased {
  readonly topic: string
  readonly partition: number
  readonly groupId: string
  readonly offset: number
  readonly deliveryCount: number
  readonly why: DeadLetters['why']
  /** Null where it is not copied, or is not there any more. */
  readonly record: Pick<LogRecord, 'key' | 'value'> | null
}

const told: Record<DeadLetters['why'], string> = {
  rejected: 'Offset rejected by client.',
  exhausted: 'Offset delivery count exceeded the threshold.'
}

export function deadLetter(of: Deceased, timestamp: number): Omit<LogRecord, 'offset'> {
  const headers = [
    ['topic', of.topic],
    ['partition', of.partition],
    ['offset', of.offset],
    ['group', of.groupId],
    ['delivery.count', of.deliveryCount],
    ['message', told[of.why]]
  ] as const
  return {
    timestamp,
    key: of.record?.key ?? null,
    value: of.record?.value ?? null,
    headers: headers.map(([name, value]) => ({ key: `__dlq.errors.${name}`, value: Buffer.from(String(value)) }))
  }
}
