/**
 * Record batches as Apache Kafka's own classes make and read them. The committed ones make the check run without Java; where
 * Java and Kafka's jars are, KafkaBatches.java makes them anew and reads ours.
 *
 * `tsx test/protocol/records/vectors/batches.ts DIR` writes the committed ones from the jars in DIR.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  compressionOf,
  isControl,
  isLogAppendTime,
  isTransactional,
  lastOffsetOf,
  lastSequenceOf,
  readBatchHeader
} from '../../../../src/protocol/records/batch.ts'
import { type LogRecord, readRecords } from '../../../../src/protocol/records/reader.ts'

export interface KafkaBatch {
  readonly name: string
  readonly bytes: Buffer
  /** What Kafka reads in these bytes, in the form of `description`. */
  readonly description: string
}

const corpus = join(import.meta.dirname, '../fixtures/kafka-batches.tsv.gz')

export function committedBatches(): KafkaBatch[] {
  return parse(gunzipSync(readFileSync(corpus)).toString('utf8'))
}

export function batchesFromJars(jarsFolder: string): KafkaBatch[] {
  return parse(runJava(jarsFolder, 'write', ''))
}

/** What the Kafka of these jars reads in our batches. */
export function readByJars(jarsFolder: string, batches: ReadonlyMap<string, Buffer>): KafkaBatch[] {
  const lines = [...batches].map(([name, bytes]) => `${name}\t${bytes.toString('hex')}\n`)
  return parse(runJava(jarsFolder, 'read', lines.join('')))
}

/** What our reader finds in a batch, in the words of KafkaBatches.java. */
export function description(batch: Buffer): string {
  const header = readBatchHeader(batch)
  const { attributes } = header
  const fields = {
    base: header.baseOffset,
    last: lastOffsetOf(header),
    magic: header.magic,
    codec: compressionOf(attributes),
    time: isLogAppendTime(attributes) ? 1 : 0,
    max: header.maxTimestamp,
    leader: header.partitionLeaderEpoch,
    producer: header.producerId,
    epoch: header.producerEpoch,
    sequence: `${header.baseSequence}..${lastSequenceOf(header)}`,
    transactional: isTransactional(attributes),
    control: isControl(attributes),
    count: header.recordCount
  }
  const head = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return [head.join(' '), ...[...readRecords(batch)].map(recordDescription)].join('|')
}

function recordDescription({ offset, timestamp, key, value, headers }: LogRecord): string {
  const pairs = headers.map((header) => `${Buffer.from(header.key).toString('hex')}=${hex(header.value)}`)
  return [offset, timestamp, hex(key), hex(value), ...pairs].join(' ')
}

function hex(bytes: Buffer | null): string {
  return bytes === null ? 'null' : bytes.toString('hex')
}

function runJava(jarsFolder: string, what: 'write' | 'read', input: string): string {
  const program = join(import.meta.dirname, 'KafkaBatches.java')
  const args = ['-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp', join(jarsFolder, '*'), program, what]
  return execFileSync('java', args, { encoding: 'utf8', input, maxBuffer: 64 * 1024 * 1024 })
}

function parse(text: string): KafkaBatch[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [name = '', bytes = '', description = ''] = line.split('\t')
      return { name, bytes: Buffer.from(bytes, 'hex'), description }
    })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(corpus, gzipSync(runJava(process.argv[2] ?? '', 'write', ''), { level: 9 }))
}
