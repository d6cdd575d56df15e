/**
 * Prints a trace: the story in two voices for people, data for machines, one row for csv and raw.
 */
import type { Invocation } from '../command.ts'
import { type Cell, chosenFormat, printRows, type Row, toJson } from '../output.ts'
import { encodeBytes } from '../record-json.ts'
import type { Style } from '../terminal.ts'
import { readableKey, readableValue } from './readable.ts'
import { type Step, storyOf } from './story.ts'
import type { Copy, GroupProgress, Trace } from './trace.ts'

const columns = 80
const indent = '   '

export async function printTrace(invocation: Invocation, trace: Trace): Promise<void> {
  const { terminal } = invocation
  const format = chosenFormat(invocation)
  if (format === 'table') await terminal.write(formatStory(trace, terminal.out))
  else if (format === 'json') await terminal.write(`${toJson(traceFields(trace), 2)}\n`)
  else if (format === 'csv' || format === 'raw') await printRows(invocation, placeColumns, [placeRow(trace)])
  else await printRows(invocation, [], [traceFields(trace)])
}

/** The shape that `trace --help` tells; fields are only ever added. */
export function traceFields(trace: Trace): Row {
  return {
    topic: trace.topic,
    topicId: trace.topicId,
    partition: trace.partition,
    offset: trace.offset,
    timestamp: trace.timestampMs,
    timestampType: trace.timestampType,
    key: asCell(encodeBytes(trace.key, 'text')),
    value: asCell(encodeBytes(trace.value, 'text')),
    headerCount: trace.headerCount,
    producer: trace.producer && { ...trace.producer },
    batch: { ...trace.batch },
    partitioning: { ...trace.partitioning },
    log: { ...trace.log },
    copies: trace.copies.map(copyFields),
    groups: trace.groups.map(groupFields)
  }
}

function copyFields({ node, role, inSync, directory, sizeBytes, behind, file, note }: Copy): Row {
  return { node, role, inSync, directory, sizeBytes, behind, file: file && { ...file }, note }
}

function groupFields({ group, type, state, committed, status, before, member, note }: GroupProgress): Row {
  return { group, type, state, committed, status, before, member: member && { ...member }, note }
}

function asCell(value: unknown): Cell {
  if (value === null || typeof value === 'string') return value
  return JSON.parse(toJson(value))
}

const placeColumns = [
  'topic',
  'partition',
  'offset',
  'timestamp',
  'leader',
  'directory',
  'file',
  'position',
  'sizeBytes'
]

function placeRow({ topic, partition, offset, timestampMs, copies }: Trace): Row {
  const leader = copies.find((copy) => copy.role === 'leader')
  return {
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    leader: leader?.node ?? null,
    directory: leader?.directory ?? null,
    file: leader?.file?.path ?? null,
    position: leader?.file?.position ?? null,
    sizeBytes: leader?.file?.sizeBytes ?? null
  }
}

export function formatStory(trace: Trace, style: Style): string {
  const { topic, partition, offset } = trace
  const key = style.cyan(readableKey(trace.key))
  const heading = `${style.bold(`${topic} ${partition}:${offset}`)}  key ${key}  ${readableValue(trace.value)}`
  return `${heading}\n${storyOf(trace)
    .map((step, index) => formatStep(step, index + 1, style))
    .join('')}`
}

function formatStep({ title, engineer, layman }: Step, number: number, style: Style): string {
  const body = engineer.flatMap((line) => (line.startsWith(' ') ? shaped(line) : wrap(line, columns - indent.length)))
  const aside = wrap(layman, columns - indent.length).map((line) => style.dim(`${indent}${line}`))
  return `\n${style.bold(`${number}  ${title}`)}\n${[...body.map((line) => `${indent}${line}`), ...aside].join('\n')}\n`
}

function shaped(text: string): string[] {
  return text.split('\n').map((line) => ` ${line}`)
}

/** Breaks between words; a word longer than the width, such as a path, stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
