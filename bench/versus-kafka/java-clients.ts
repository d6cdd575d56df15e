/** Apache Kafka's own performance tools as the client of every row: the same client and the same data for all. */
import { runToSuccess } from '../../test/harness/child-process.ts'
import { javaArguments } from '../../test/harness/java-tool.ts'

const CLIENT_JVM = ['-Xms512m', '-Xmx512m', '-XX:+UseG1GC']
const TIMEOUT_MS = 600_000

async function tool(name: string, args: readonly string[]): Promise<string> {
  const output = await runToSuccess('java', javaArguments(`org.apache.kafka.tools.${name}`, args, CLIENT_JVM), {
    timeoutMs: TIMEOUT_MS
  })
  return output.toString()
}

export interface Load {
  readonly bootstrap: string
  readonly topic: string
  readonly records: number
  readonly recordBytes: number
  readonly acks: 'all' | '1'
}

/** Records per second. */
export async function producerPerformance({ bootstrap, topic, records, recordBytes, acks }: Load): Promise<number> {
  const size = ['--num-records', String(records), '--record-size', String(recordBytes), '--throughput', '-1']
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, ...size, '--command-property', `acks=${acks}`]
  const output = await tool('ProducerPerformance', args)
  const rate = /records sent, ([\d.]+) records\/sec/.exec(output.trim().split('\n').at(-1) ?? '')?.[1]
  if (rate === undefined) throw new Error(`ProducerPerformance told no rate:\n${output}`)
  return Number(rate)
}

/** Records per second of fetching, the time to join the group not counted. */
export async function consumerPerformance(bootstrap: string, topic: string, records: number): Promise<number> {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--num-records', String(records), '--hide-header']
  const output = await tool('ConsumerPerformance', [...args, '--timeout', '60000'])
  const columns = output.trim().split('\n').at(-1)?.split(',').map(Number) ?? []
  const rate = columns[9]
  if (rate === undefined || Number.isNaN(rate)) throw new Error(`ConsumerPerformance told no rate:\n${output}`)
  return rate
}

export interface Latency {
  readonly averageMs: number
  readonly p99Ms: number
}

export async function endToEndLatency(load: Load): Promise<Latency> {
  const { bootstrap, topic, records, recordBytes, acks } = load
  const size = ['--num-records', String(records), '--record-size', String(recordBytes)]
  const output = await tool('EndToEndLatency', [
    '--bootstrap-server',
    bootstrap,
    '--topic',
    topic,
    ...size,
    '--producer-acks',
    acks
  ])
  const average = /Avg latency: ([\d.]+)/.exec(output)?.[1]
  const p99 = /99th = (\d+)/.exec(output)?.[1]
  if (average === undefined || p99 === undefined) throw new Error(`EndToEndLatency told no figures:\n${output}`)
  return { averageMs: Number(average), p99Ms: Number(p99) }
}
