/**
 * Chooses each record's partition: the one that was asked for, else the one of its key as in Java's client, else one after the
 * other. How many there are may change while records are sent: partitions are added, and a topic may be made anew with fewer.
 */
import { CliError } from '../cli-error.ts'
import { ExitCode } from '../exit-codes.ts'
import type { RecordToSend } from '../record.ts'
import { LineError } from './line-error.ts'
import { partitionOfKey } from './murmur2.ts'

/** Records without a key stay with a partition for so long, as Java's sticky partitioner has them. */
const stickyBytes = 16_384

/** A record's own overhead, roughly. */
const recordOverheadBytes = 24

export class Partitioner {
  readonly #topic: string
  #sticky = Math.floor(Math.random() * 2 ** 31)
  #stickyBytesLeft = stickyBytes
  /** As the broker told it last. */
  count: number

  constructor(topic: string, count: number) {
    this.#topic = topic
    this.count = count
  }

  check(partition: number, line?: number): number {
    if (partition < this.count && partition >= 0) return partition
    throw noSuchPartition(this.#topic, partition, this.count, line)
  }

  /** Throws when the record asks for a partition that is not there. */
  partitionOf({ partition, key, line }: RecordToSend, sizeBytes: number): number {
    if (partition !== undefined) return this.check(partition, line)
    if (key !== null) return partitionOfKey(key, this.count)
    this.#stickyBytesLeft -= sizeBytes
    if (this.#stickyBytesLeft < 0) {
      this.#stickyBytesLeft = stickyBytes
      this.#sticky++
    }
    return this.#sticky % this.count
  }
}

export function recordBytes(record: RecordToSend): number {
  const headers = record.headers.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0) + 4, 0)
  return recordOverheadBytes + (record.key?.length ?? 0) + (record.value?.length ?? 0) + headers
}

function noSuchPartition(topic: string, partition: number, count: number, line: number | undefined): CliError {
  const what = `topic "${topic}" has no partition ${partition}`
  const more = `odradek topics alter ${topic} --partitions ${partition + 1}   (cannot be undone, and moves keys to other partitions)`
  const error = new CliError({
    what: line === undefined ? what : `line ${line}: ${what}`,
    why: `it has ${count}, numbered from 0`,
    next: `${line === undefined ? 'without -P one of them is chosen' : 'with -i jsonl, --repartition chooses one of them'}; or ${more}`,
    exitCode: ExitCode.notFound
  })
  return line === undefined ? error : new LineError(line, error)
}
