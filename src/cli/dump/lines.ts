/** A row of a dump as a line for people. */

import type { DumpRow } from '../../inspection/dump/row.ts'
import { counted } from '../counted.ts'
import { grouped, toJson } from '../output.ts'
import type { Style } from '../terminal.ts'
import { shownTime } from '../zone.ts'

export function lineOf(row: DumpRow, style: Style): string {
  const { what, ...fields } = row
  switch (what) {
    case 'file':
      return `${style.bold(String(row.path))}  ${style.dim(`${grouped(Number(row.sizeBytes))} bytes`)}\n`
    case 'batch':
      return `  ${batchLine(row, style)}\n`
    case 'record':
    case 'control':
      return `    ${recordLine(row, style)}\n`
    case 'damage':
      return `  ${style.red(`damaged${row.position === null ? '' : ` at byte ${row.position}`}: ${row.message}`)}\n`
    case 'property':
      return `  ${row.name}=${row.value}\n`
    default:
      return `  ${what}  ${wordsOf(fields)}\n`
  }
}

function batchLine(row: DumpRow, style: Style): string {
  const offsets =
    row.baseOffset === row.lastOffset ? `offset ${row.baseOffset}` : `offsets ${row.baseOffset} to ${row.lastOffset}`
  const isOfProducer = typeof row.producerId === 'number' && row.producerId >= 0
  return [
    `at ${String(row.position).padEnd(10)}`,
    offsets,
    counted(Number(row.count), 'record'),
    `${row.sizeBytes} bytes`,
    ...(row.compression === 'none' ? [] : [String(row.compression)]),
    `leader epoch ${row.leaderEpoch}`,
    ...(isOfProducer
      ? [`producer ${row.producerId} epoch ${row.producerEpoch} sequence ${row.baseSequence} to ${row.lastSequence}`]
      : []),
    ...(row.isTransactional === true ? ['transactional'] : []),
    ...(row.isControl === true ? ['control'] : []),
    `${row.timestampType} ${timeOf(row.maxTimestamp)}`,
    ...(row.deleteHorizon === null ? [] : [`tombstones go at ${timeOf(row.deleteHorizon)}`]),
    row.isValid === true ? style.dim(`crc ${row.crc}`) : style.red(`crc ${row.crc} is not that of its bytes`)
  ].join('  ')
}

function recordLine(row: DumpRow, style: Style): string {
  const type =
    typeof row.type === 'string'
      ? [style.cyan(row.type), ...(typeof row.version === 'number' ? [`v${row.version}`] : [])]
      : []
  const isHeaded = Array.isArray(row.headers) && row.headers.length > 0
  return [
    `offset ${row.offset}`,
    style.dim(timeOf(row.timestamp)),
    ...type,
    ...(row.key === null || row.key === undefined ? [] : [`key ${toJson(row.key)}`]),
    toJson(row.value),
    ...(isHeaded ? [`headers ${toJson(row.headers)}`] : []),
    ...(row.problem === undefined ? [] : [style.red(`cannot be read: ${row.problem}`)])
  ].join('  ')
}

/** -1: it has none. */
function timeOf(timestamp: unknown): string {
  return typeof timestamp === 'number' && timestamp >= 0 ? shownTime(timestamp) : String(timestamp)
}

function wordsOf(fields: Omit<DumpRow, 'what'>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : toJson(value)}`)
    .join('  ')
}
