/** The brokers on which the food-delivery app, the lessons and the traces must hold: ours and a real Apache Kafka. */
import type { BrokerOptions, BrokerProcess } from '../../harness/broker-process.ts'
import { odradek, startOdradek } from '../../harness/odradek-process.ts'
import { startRealKafka } from '../../harness/real-kafka.ts'
import { kafkaJars, type Tool } from '../../harness/tools.ts'

export interface BrokerKind {
  readonly name: string
  readonly kind: BrokerProcess['kind']
  /** Whether it can run here. */
  tool(): Tool
  start(options?: BrokerOptions): Promise<BrokerProcess>
}

export const bothBrokers: readonly BrokerKind[] = [
  { name: 'the embedded broker', kind: 'odradek', tool: odradek, start: startOdradek },
  { name: 'Apache Kafka', kind: 'kafka', tool: kafkaJars, start: startRealKafka }
]
