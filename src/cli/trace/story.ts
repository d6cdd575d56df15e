/**
 * The way of a message as text, step by step in two voices: what an engineer says, and, dimmed, the post office's picture of
 * it. The numbers are those of this message; where something is not known, the text says so.
 */

import { counted } from '../counted.ts'
import { shownTime } from '../zone.ts'
import type { Partitioning } from './partitioning.ts'
import { readableKey } from './readable.ts'
import type { BatchMark, Copy, GroupProgress, Trace } from './trace.ts'

export interface Step {
  readonly title: string
  /** One sentence each; lines that begin with a space keep their shape. */
  readonly engineer: readonly string[]
  readonly layman: string
}

export function storyOf(trace: Trace): Step[] {
  return [
    producerStep(trace),
    partitionStep(trace),
    brokerStep(trace),
    copiesStep(trace),
    consumersStep(trace),
    offsetStep(trace)
  ]
}

function producerStep({ producer, batch }: Trace): Step {
  const others = batch.records - 1
  return {
    title: 'Producer',
    engineer: [
      producer
        ? `producer id ${producer.id}, epoch ${producer.epoch}, sequence ${producer.sequence}: idempotent, a repeated send is stored once`
        : 'no producer id: it was not idempotent, a repeated send could have been stored twice',
      batchSentence(batch),
      ...(batch.transaction === null ? [] : [transactionSentence(batch.transaction)])
    ],
    layman:
      `Someone wrote the letter${producer ? `, numbered it ${producer.sequence}` : ''} and handed it over` +
      (others === 0 ? '.' : ` in a bundle with ${others} other${others === 1 ? '' : 's'}.`)
  }
}

function batchSentence(batch: BatchMark): string {
  const offsets =
    batch.firstOffset === batch.lastOffset
      ? `offset ${batch.firstOffset}`
      : `offsets ${batch.firstOffset} to ${batch.lastOffset}`
  const records = counted(batch.records, 'record')
  const packed = batch.compression === 'none' ? 'not compressed' : batch.compression
  return `batch of ${records}, ${offsets}, ${batch.sizeBytes} bytes, ${packed}; this is record ${batch.index} in it, counted from 0`
}

function transactionSentence(state: Exclude<BatchMark['transaction'], null>): string {
  if (state === 'open') return 'part of a transaction that is still open'
  if (state === 'committed') return 'part of a transaction that was committed'
  return 'part of a transaction that was aborted: consumers with read_committed are never given it'
}

function partitionStep({ partition, partitioning, key }: Trace): Step {
  return {
    title: 'Partition',
    engineer: [
      `${partition} of ${partitioning.partitions}, counted from 0: ${reasonOf(partitioning)}`,
      ...arithmetic(partitioning, key),
      ...suspicions(partitioning, partition)
    ],
    layman:
      partitioning.explanation === 'the hash of the key'
        ? `The name on the letter chose slot ${partition}; all letters with this name go there, in order.`
        : `The letter lies in slot ${partition} of ${partitioning.partitions}.`
  }
}

function reasonOf({ explanation, hashedPartition }: Partitioning): string {
  switch (explanation) {
    case 'the hash of the key':
      return 'the hash of its key gives it'
    case 'the only partition':
      return 'the topic has only this one'
    case 'no key':
      return 'it has no key, so the producer was free to choose'
    case 'the CRC-32 of the key':
    case 'not the hash of the key':
      return `not the one the hash of its key gives, which is ${hashedPartition}`
  }
}

function arithmetic({ murmur2, hashedPartition, partitions }: Partitioning, key: Buffer | null): string[] {
  if (murmur2 === null) return []
  const positive = murmur2 & 0x7fffffff
  const hexadecimal = `0x${(murmur2 >>> 0).toString(16).padStart(8, '0')}`
  return [
    ` murmur2(${readableKey(key)}) = ${murmur2} = ${hexadecimal}`,
    ` ${hexadecimal} & 0x7fffffff = ${positive}`,
    ` ${positive} % ${partitions} = ${hashedPartition}`
  ]
}

function suspicions({ explanation, fittingCounts }: Partitioning, partition: number): string[] {
  if (explanation !== 'the CRC-32 of the key' && explanation !== 'not the hash of the key') return []
  const crc32 = `librdkafka's default partitioner, CRC-32 of the key, gives ${partition}: probably a client of that family wrote it`
  const grown =
    fittingCounts.length === 0
      ? undefined
      : `with ${fittingCounts.slice(0, 5).join(' or ')} partitions the hash gives ${partition}: perhaps the topic had so many when it was written`
  return [
    'so it was another partitioner, a partition that the producer named, or another number of partitions',
    ...(explanation === 'the CRC-32 of the key' ? [crc32] : []),
    ...(grown === undefined ? [] : [grown])
  ]
}

function brokerStep({ offset, timestampMs, timestampType, batch, copies }: Trace): Step {
  const leader = copies.find((copy) => copy.role === 'leader')
  const setBy = timestampType === 'CreateTime' ? 'the producer' : 'the broker'
  return {
    title: 'Broker',
    engineer: [
      `node ${leader?.node ?? '?'} leads; offset ${offset}, leader epoch ${batch.leaderEpoch}`,
      `time ${shownTime(timestampMs)} (${timestampType}: set by ${setBy})`,
      ...(leader ? placeOf(leader) : ['the partition has no leader now'])
    ],
    layman: `The branch office put number ${offset} on it and filed it behind number ${offset - 1n}.`.replace(
      ' and filed it behind number -1',
      ' and filed it first'
    )
  }
}

function placeOf({ file, directory, note }: Copy): string[] {
  const known = directory === null ? [] : [` directory ${directory}`]
  if (file === null) return [...known, ...(note === null ? [] : [note])]
  return [` ${file.path}`, `the batch begins at byte ${file.position} and takes ${file.sizeBytes} bytes`]
}

function copiesStep({ copies, log, offset }: Trace): Step {
  const inSync = copies.filter((copy) => copy.inSync).length
  const others = copies.length - 1
  return {
    title: 'Copies',
    engineer: [
      `${counted(copies.length, 'copy', 'copies')}, ${inSync} in sync`,
      ...(others === 0 ? [] : copies.map(copyLine)),
      offset < log.highWatermark
        ? `below the high watermark ${log.highWatermark}: every copy in sync has it`
        : `not below the high watermark ${log.highWatermark}: not every copy in sync has it yet`
    ],
    layman:
      others === 0
        ? 'There is one original and no copy: if this office burns down, the letter is gone.'
        : `Copies lie in ${others} other office${others === 1 ? '' : 's'}: if one burns down, nothing is lost.`
  }
}

function copyLine({ node, role, inSync, behind, sizeBytes, file, directory, note }: Copy): string {
  const lag = behind === null ? '' : behind === 0n ? ', not behind' : `, ${counted(behind, 'offset')} behind`
  const size = sizeBytes === null ? '' : `, ${sizeBytes} bytes`
  const place = file ? `${file.path} at ${file.position}` : (directory ?? note ?? '')
  return ` node ${node}: ${role}, ${inSync ? 'in sync' : 'NOT in sync'}${lag}${size}\n   ${place}`
}

function consumersStep({ log, batch }: Trace): Step {
  const { highWatermark, lastStableOffset } = log
  const sentences = {
    all: `every consumer can see it: it lies below the high watermark ${highWatermark} and the last stable offset ${lastStableOffset}`,
    read_uncommitted:
      batch.transaction === 'aborted'
        ? 'only consumers with read_uncommitted see it: its transaction was aborted'
        : `only consumers with read_uncommitted see it yet: the last stable offset is ${lastStableOffset}, a transaction is open`,
    none: `no consumer can see it yet: the high watermark is ${highWatermark}`
  }
  return {
    title: 'Consumer',
    engineer: [sentences[log.visibleTo]],
    layman:
      log.visibleTo === 'all'
        ? 'The letter lies in the slot for everyone who may read there; reading does not take it away.'
        : 'The letter is in the office, but not yet given out.'
  }
}

const namesShown = 8

function offsetStep({ groups, offset }: Trace): Step {
  const concerned = groups.filter((one) => one.status !== 'never')
  const others = groups.filter((one) => one.status === 'never').map((one) => one.group)
  const readers = groups.filter((one) => one.status === 'read').length
  const more = others.length > namesShown ? ` and ${others.length - namesShown} more` : ''
  return {
    title: 'Offset',
    engineer: [
      concerned.length === 0 ? 'no group has a bookmark or a member in this partition' : groupsSentence(concerned),
      ...concerned.map((one) => progressLine(one, offset)),
      ...(others.length === 0 ? [] : [`never subscribed: ${others.slice(0, namesShown).join(', ')}${more}`])
    ],
    layman:
      groups.length === 0
        ? 'Nobody has a bookmark at this branch of the post office so far.'
        : `${readers} of ${groups.length} ${groups.length === 1 ? 'reader has' : 'readers have'} put the bookmark behind this letter.`
  }
}

function groupsSentence(concerned: readonly GroupProgress[]): string {
  const read = concerned.filter((one) => one.status === 'read').length
  const waiting = concerned.filter((one) => one.status === 'waiting').length
  return `read by ${counted(read, 'group')}, ${waiting} still to read it`
}

function progressLine(one: GroupProgress, offset: bigint): string {
  const owner = one.member ? ownerLines(one.member) : `\n   no member owns this partition now (${one.state})`
  return ` ${one.group}: ${statusOf(one, offset)}${owner}`
}

const ownerLineMax = 70

function ownerLines({ id, host }: NonNullable<GroupProgress['member']>): string {
  const [owner, place] = [`owned by ${id}`, `on ${host}`]
  const fits = owner.length + 1 + place.length <= ownerLineMax
  return fits ? `\n   ${owner} ${place}` : `\n   ${owner}\n   ${place}`
}

function statusOf({ status, committed, before, note }: GroupProgress, offset: bigint): string {
  if (status === 'read') return `read; its bookmark is ${committed}, behind ${offset}`
  if (status === 'unknown') return `not known: ${note}`
  if (before === null) return 'waiting; it has no bookmark here yet'
  if (before === 0n) return `waiting; its bookmark is ${committed}: this message is the next`
  return `waiting; its bookmark is ${committed}, ${before} before this message`
}
