/**
 * Apache Kafka's own DumpLogSegments over every file of a data directory: the judge of our files. It exits with 0 whatever it
 * finds, so its words are read.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { javaTool } from '../harness/java-tool.ts'

const DUMP_TIMEOUT_MS = 180_000
const FILES = /\.(log|index|timeindex|txnindex|snapshot|checkpoint)$/
const FAULT =
  /isvalid: false|invalid bytes at the end|mismatch|out of order timestamp|non-consecutive|exception|corrupt|error reading|fails? sanity|not supported/i

export interface DumpReport {
  readonly files: number
  readonly records: number
  readonly faults: readonly string[]
}

/** Reads every segment, index and snapshot below the directory, each kind of partition with its own decoder. */
export async function dumpLogs(dataDirectory: string): Promise<DumpReport> {
  const directories = readdirSync(dataDirectory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const groups = {
    offsets: [] as string[],
    transactions: [] as string[],
    shares: [] as string[],
    metadata: [] as string[],
    data: [] as string[]
  }
  for (const { name } of directories) {
    const files = readdirSync(join(dataDirectory, name)).filter((file) => FILES.test(file))
    const group = name.startsWith('__consumer_offsets-')
      ? 'offsets'
      : name.startsWith('__transaction_state-')
        ? 'transactions'
        : name.startsWith('__share_group_state-')
          ? 'shares'
          : name.startsWith('__cluster_metadata-')
            ? 'metadata'
            : 'data'
    groups[group].push(...files.map((file) => join(dataDirectory, name, file)))
  }
  const reports = [
    await dump(groups.data, ['--deep-iteration']),
    await dump([...groups.data, ...groups.transactions, ...groups.shares].filter(isIndex), ['--index-sanity-check']),
    await dump(groups.transactions, ['--deep-iteration', '--transaction-log-decoder']),
    await dump(groups.shares, ['--deep-iteration', '--share-group-state-decoder']),
    await dump(groups.offsets, ['--deep-iteration', '--offsets-decoder']),
    await dump(
      groups.metadata.filter((file) => !isIndex(file)),
      ['--deep-iteration', '--cluster-metadata-decoder']
    )
  ]
  return {
    files: Object.values(groups).flat().length,
    records: reports.reduce((sum, report) => sum + report.records, 0),
    faults: reports.flatMap((report) => report.faults)
  }
}

function isIndex(file: string): boolean {
  return file.endsWith('index')
}

async function dump(files: readonly string[], options: readonly string[]): Promise<DumpReport> {
  if (files.length === 0) return { files: 0, records: 0, faults: [] }
  const args = ['--files', files.join(','), ...options]
  const output = await javaTool('org.apache.kafka.tools.DumpLogSegments', args, { timeoutMs: DUMP_TIMEOUT_MS })
  const lines = output.toString().split('\n')
  let file = ''
  const faults: string[] = []
  for (const line of lines) {
    if (line.startsWith('Dumping ')) file = line.slice('Dumping '.length)
    // What a record holds is its own business, and may speak of exceptions.
    else if (!line.startsWith('|') && FAULT.test(line)) faults.push(`${file}: ${line.slice(0, 300)}`)
  }
  return { files: files.length, records: lines.filter((line) => line.startsWith('|')).length, faults }
}
