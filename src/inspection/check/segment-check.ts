/** One segment of a partition: each batch, and the indexes held against them. */
import type { WholeBatch } from '../../log/batch-walk.ts'
import { fileName, fileSuffix } from '../../log/file-names.ts'
import { unsoundBatch } from '../../log/segment.ts'
import { hasProducerId, hasValidCrc, isControl, isTransactional, lastOffsetOf } from '../../protocol/records/batch.ts'
import { readTransactionEnd } from '../../protocol/records/control-records.ts'
import { isUnreadable, readRecords } from '../../protocol/records/reader.ts'
import { readOffsetIndex, readTimeIndex, readTransactionIndex } from '../index-entries.ts'
import { batchesOf } from '../segment-walk.ts'
import type { EpochsMatch } from './epochs-match.ts'
import { type CheckStep, damaged, found, remade } from './finding.ts'
import { type AbortMarker, OffsetIndexMatch, objectionToTransactionIndex, TimeIndexMatch } from './index-match.ts'
import type { CheckedPartition, Progress } from './partition-check.ts'
import type { ProducersMatch } from './producers-match.ts'

/** How much is read between two steps that only say how far it has come. */
const progressBytes = 4 * 1024 * 1024

interface CheckedSegment {
  readonly partition: CheckedPartition
  readonly baseOffset: number
  readonly isLast: boolean
  /** Of all files of the partition. */
  readonly names: readonly string[]
}

interface Watchers {
  readonly epochs: EpochsMatch
  readonly producers: ProducersMatch
  readonly transactions: OpenTransactions
}

/** Which producers are within a transaction, and where it began. */
export class OpenTransactions {
  readonly #firstOffsets = new Map<number, number>()
  readonly #isFromStart: boolean

  /** Whether the log has its first record: else a transaction may have begun before it. */
  constructor(isFromStart: boolean) {
    this.#isFromStart = isFromStart
  }

  /** The transaction that the batch aborts; null when it aborts none. */
  take({ header, bytes }: WholeBatch): AbortMarker | null {
    const { attributes, producerId, baseOffset } = header
    if (!isTransactional(attributes) || !hasProducerId(header)) return null
    if (!isControl(attributes)) {
      if (!this.#firstOffsets.has(producerId)) this.#firstOffsets.set(producerId, baseOffset)
      return null
    }
    const firstOffset = this.#firstOffsets.get(producerId) ?? null
    this.#firstOffsets.delete(producerId)
    if (readTransactionEnd(bytes)?.outcome !== 'abort') return null
    const offset = lastOffsetOf(header)
    return { producerId, offset, firstOffset, lastStableOffset: this.#isFromStart ? this.#stableAfter(offset) : null }
  }

  /** Up to the first record of a transaction that is still open (Kafka: ProducerStateManager.lastStableOffset). */
  #stableAfter(offset: number): number {
    return this.#firstOffsets.size === 0 ? offset + 1 : Math.min(...this.#firstOffsets.values())
  }
}

export function* checkSegment(of: CheckedSegment, progress: Progress, watchers: Watchers): Generator<CheckStep> {
  const { partition, baseOffset } = of
  const { disk, directory, gaps } = partition
  const path = `${directory}/${fileName(baseOffset, fileSuffix.log)}`
  const indexes = new Indexes(of)
  const batches = batchesOf(disk, { path, baseOffset, gaps })
  let unreportedBytes = 0
  progress.nextOffset = baseOffset
  for (let step = batches.next(); ; step = batches.next()) {
    if (step.done === true) {
      if (step.value !== null) yield obstacleStep(of, path, step.value, progress)
      break
    }
    const batch = step.value
    const objection = objectionTo(batch, watchers.epochs)
    if (objection !== null) {
      progress.isBroken = true
      yield damaged(path, batch.position, objection)
      break
    }
    watchers.producers.take(batch)
    indexes.take(batch, watchers.transactions.take(batch))
    progress.batchCount += 1
    progress.recordCount += batch.header.recordCount
    progress.nextOffset = lastOffsetOf(batch.header) + 1
    unreportedBytes += batch.header.sizeBytes
    if (unreportedBytes < progressBytes) continue
    yield { kind: 'progress', path, readBytes: unreportedBytes }
    unreportedBytes = 0
  }
  yield { kind: 'progress', path, readBytes: unreportedBytes }
  if (!progress.isBroken) yield* indexes.end(progress.nextOffset)
}

/** Why what was written cannot be served; null when it can. */
function objectionTo({ header, bytes }: WholeBatch, epochs: EpochsMatch): string | null {
  if (!hasValidCrc(bytes, 0, bytes.length)) return unsoundBatch(header.baseOffset)
  const objection = epochs.take({ header })
  if (objection !== null) return objection
  try {
    for (const record of readRecords(bytes))
      if (record.offset > lastOffsetOf(header)) return 'A record lies beyond its batch.'
    return null
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return `The records of the batch with offset ${header.baseOffset} cannot be read: ${error.message}`
  }
}

/** What a kill or a power cut leaves behind what was synced is no damage: the next start cuts it off. */
function obstacleStep(
  { partition, isLast }: CheckedSegment,
  path: string,
  { position, what }: { readonly position: number; readonly what: string },
  progress: Progress
): CheckStep {
  const { shutdown, recoveryPoint } = partition
  const isTail = isLast && shutdown !== 'clean' && (progress.nextOffset ?? 0) >= (recoveryPoint ?? 0)
  if (!isTail) {
    progress.isBroken = true
    return damaged(path, position, what)
  }
  const advice =
    'The broker or the machine was stopped here: nothing of it was known to be synced, and the next start cuts it off.'
  return found({ severity: 'remade', path, position, what, advice })
}

/** The three indexes of a segment. */
class Indexes {
  readonly #of: CheckedSegment
  readonly #offsets: OffsetIndexMatch
  readonly #times: TimeIndexMatch
  readonly #aborts: AbortMarker[] = []
  #batchCount = 0

  constructor(of: CheckedSegment) {
    this.#of = of
    const { baseOffset } = of
    this.#offsets = new OffsetIndexMatch(readOffsetIndex(this.#read(fileSuffix.offsetIndex), baseOffset))
    this.#times = new TimeIndexMatch(readTimeIndex(this.#read(fileSuffix.timeIndex), baseOffset))
  }

  take(batch: WholeBatch, abort: AbortMarker | null): void {
    this.#batchCount += 1
    this.#offsets.take(batch)
    this.#times.take(batch)
    if (abort !== null) this.#aborts.push(abort)
  }

  /** After a crash what was not known to be synced has its indexes made anew anyway. */
  *end(endOffset: number): Generator<CheckStep> {
    const { partition, isLast, names } = this.#of
    const { shutdown, recoveryPoint, gaps } = partition
    if (shutdown === 'unclean' && endOffset > (recoveryPoint ?? 0)) return
    for (const suffix of [fileSuffix.offsetIndex, fileSuffix.timeIndex]) {
      if (this.#batchCount > 0 && !names.includes(this.#nameOf(suffix))) yield this.#remade(suffix, 'It is not there.')
    }
    const offsets = this.#offsets.end()
    if (offsets !== null) yield this.#remade(fileSuffix.offsetIndex, offsets)
    const isThere = names.includes(this.#nameOf(fileSuffix.timeIndex))
    const times = this.#times.end(isThere && (shutdown === 'clean' || !isLast) ? 'whole' : 'open')
    if (times !== null) yield this.#remade(fileSuffix.timeIndex, times)
    // Compaction drops the markers of transactions that are long over.
    if (gaps !== 'none') return
    const transactions = objectionToTransactionIndex(
      readTransactionIndex(this.#read(fileSuffix.transactionIndex)),
      this.#aborts
    )
    if (transactions !== null) yield this.#remade(fileSuffix.transactionIndex, transactions)
  }

  #nameOf(suffix: string): string {
    return fileName(this.#of.baseOffset, suffix)
  }

  #read(suffix: string): Buffer {
    const { partition, names } = this.#of
    const name = this.#nameOf(suffix)
    return names.includes(name) ? partition.disk.readFile(`${partition.directory}/${name}`) : Buffer.alloc(0)
  }

  #remade(suffix: string, what: string): CheckStep {
    return remade(`${this.#of.partition.directory}/${this.#nameOf(suffix)}`, what, 'the records')
  }
}
