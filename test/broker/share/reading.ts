/** A share partition over a log of batches, and what goes to whom in one line. */

import { type AcknowledgementBatch, readAcknowledgements } from '../../../src/broker/share/acknowledgements.ts'
import type { AcquireMode } from '../../../src/broker/share/acquisition.ts'
import type { OffsetRange } from '../../../src/broker/share/run.ts'
import { type Change, SharePartition, type ShareWrite } from '../../../src/broker/share/share-partition.ts'
import type { ShareSettings } from '../../../src/broker/share/share-settings.ts'
import type { StateBatch } from '../../../src/coordination/share-states/batches.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'

const verdicts = ['gap', 'accept', 'release', 'reject', 'renew']

export const defaults: ShareSettings = {
  maxRecordLocks: 2000,
  deliveryCountLimit: 5,
  recordLockDurationMs: 30_000,
  renewsLocks: true,
  deadLetterTopic: null
}

export interface FetchOptions {
  readonly mode?: AcquireMode
  readonly maxRecords?: number
  readonly batchSize?: number
}

export class Reading {
  settings: ShareSettings
  partition: SharePartition
  nowMs = 0
  logStartOffset = 0
  logEndOffset = 0
  aborted: OffsetRange[] = []
  batches: OffsetRange[] = []

  constructor(lengths: readonly number[], settings: Partial<ShareSettings> = {}) {
    this.settings = { ...defaults, ...settings }
    this.partition = new SharePartition({ startOffset: 0, stateBatches: [] }, () => this.settings)
    for (const length of lengths) this.produce(length)
  }

  produce(length: number): void {
    this.batches.push({ firstOffset: this.logEndOffset, lastOffset: this.logEndOffset + length - 1 })
    this.logEndOffset += length
  }

  /** The batch that begins there is gone. */
  compact(firstOffset: number): void {
    this.batches = this.batches.filter((batch) => batch.firstOffset !== firstOffset)
  }

  trim(logStartOffset: number): void {
    this.logStartOffset = logStartOffset
    this.partition.logStartMoved(logStartOffset)
  }

  load(startOffset: number, written: string): void {
    const stateBatches = written.split(' ').filter(Boolean).map(batchOf)
    this.partition = new SharePartition({ startOffset, stateBatches }, () => this.settings)
  }

  acquire(memberId: string, { mode = 'batch-optimized', maxRecords = 500, batchSize = 500 }: FetchOptions = {}) {
    const fetchOffset = this.partition.nextFetchOffset
    const batches = this.batches.filter(({ lastOffset }) => lastOffset >= Math.max(fetchOffset, this.logStartOffset))
    const fetched = { fetchOffset, batches, aborted: this.aborted }
    return this.partition.acquire({ memberId, mode, maxRecords, batchSize }, fetched, this.nowMs)
  }

  fetch(memberId: string, options: FetchOptions = {}): string {
    const acquired = this.acquire(memberId, options)
    return acquired.map((one) => `${one.firstOffset}-${one.lastOffset}x${one.deliveryCount}`).join(',')
  }

  fetchAndRelease(memberId: string): string {
    const acquired = this.acquire(memberId)
    this.say(memberId, acquired.map(({ firstOffset, lastOffset }) => `${firstOffset}-${lastOffset} release`).join(','))
    return acquired.map((one) => `${one.firstOffset}-${one.lastOffset}x${one.deliveryCount}`).join(',')
  }

  fetchedOnes(firstOffset: number, count: number): string {
    return Array.from({ length: count }, (_, index) => firstOffset + 2 * index)
      .map((offset) => `${offset}-${offset}x2`)
      .join(',')
  }

  /** An acknowledgement as far as its write: the change, the error, or null where nothing is to be written. */
  begin(memberId: string, said: string): Change | ErrorCode | null {
    const read = readAcknowledgements(said.split(',').filter(Boolean).map(acknowledgementOf), true)
    if (read === null) return ErrorCode.INVALID_REQUEST
    const result = this.partition.acknowledge(memberId, read, this.nowMs)
    if (result.kind === 'refused') return result.errorCode
    return result.kind === 'done' ? null : result.change
  }

  /** The same, and the write is safe at once: what was written, or the error. */
  say(memberId: string, said: string): string | ErrorCode {
    const change = this.begin(memberId, said)
    return typeof change === 'number' ? change : this.#written(change)
  }

  release(memberId: string): string {
    return this.#written(this.partition.release(memberId))
  }

  timeOut(nowMs: number): string {
    this.nowMs = nowMs
    return textOf(this.partition.timeOut(nowMs))
  }

  told(): string {
    return JSON.stringify([...this.partition.runs()])
  }

  #written(change: Change | null): string {
    if (change === null) return ''
    this.partition.written(change)
    return textOf(change.write)
  }
}

function textOf(write: ShareWrite | null): string {
  if (write === null) return ''
  const batches = write.stateBatches.map((one) =>
    [one.firstOffset, one.lastOffset, one.deliveryState, one.deliveryCount].join('/')
  )
  return `from ${write.startOffset}, ${write.deliveryCompleteCount} done: ${batches.join(' ')}`
}

function acknowledgementOf(text: string): AcknowledgementBatch {
  const [range = '', ...types] = text.split(' ')
  const [firstOffset = 0, lastOffset = 0] = range.split('-').map(Number)
  return { firstOffset, lastOffset, acknowledgeTypes: types.map((type) => verdicts.indexOf(type)) }
}

function batchOf(text: string): StateBatch {
  const [firstOffset = 0, lastOffset = 0, deliveryState = 0, deliveryCount = 0] = text.split('/').map(Number)
  return { firstOffset, lastOffset, deliveryState, deliveryCount }
}
