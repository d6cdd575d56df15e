/** Apache Kafka's own performance tools as the client: the same client and the same data for all. */
import { runToSuccess } from '../../test/harness/child-process.ts'
import { javaArguments } from '../../test/harness/java-tool.ts'
import { CLIENT_JVM } from './programs.ts'

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
  readonly compression?: 'lz4' | 'zstd'
}

/** Records per second. */
export async function producerPerformance(load: Load): Promise<number> {
  const { bootstrap, topic, records, recordBytes, acks, compression } = load
  const size = ['--num-records', String(records), '--record-size', String(recordBytes), '--throughput', '-1']
  const properties = [`acks=${acks}`, ...(compression ? [`compression.type=${compression}`] : [])]
  const settings = ['--command-property', ...properties]
  const output = await tool('ProducerPerformance', [
    '--bootstrap-server',
    bootstrap,
    '--topic',
    topic,
    ...size,
    ...settings
  ])
  const rate = /records sent, ([\d.]+) records\/sec/.exec(output.trim().split('\n').at(-1) ?? '')?.[1]
  if (!(Number(rate) > 0)) throw new Error(`ProducerPerformance told no rate:\n${output}`)
  return Number(rate)
}

/** Records per second of fetching, the time to join the group not counted. */
export async function consumerPerformance(bootstrap: string, topic: string, records: number): Promise<number> {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--num-records', String(records), '--hide-header']
  const output = await tool('ConsumerPerformance', [...args, '--timeout', '60000'])
  const columns = output.trim().split('\n').at(-1)?.split(',').map(Number) ?? []
  const rate = columns[9]
  if (rate === undefined || !(rate > 0)) throw new Error(`ConsumerPerformance told no rate:\n${output}`)
  return rate
}
