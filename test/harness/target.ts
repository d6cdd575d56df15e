/**
 * Which broker a suite proves: ours, or (ODRADEK_TARGET=kafka, or `--target kafka`) the real Apache Kafka that it must agree
 * with. Every suite passes on both; what passes on Kafka only is our defect.
 */
import type { BrokerOptions, BrokerProcess } from './broker-process.ts'
import { odradek, startOdradek } from './odradek-process.ts'
import { startRealKafka } from './real-kafka.ts'
import { kafkaJars, type Tool } from './tools.ts'

export const targetName = process.env.ODRADEK_TARGET === 'kafka' ? 'kafka' : 'odradek'

/** Whether the broker under test can run here. */
export function target(): Tool {
  return targetName === 'kafka' ? kafkaJars('broker') : odradek()
}

export async function startTarget(options: BrokerOptions = {}): Promise<BrokerProcess> {
  return targetName === 'kafka' ? await startRealKafka(options) : await startOdradek(options)
}
