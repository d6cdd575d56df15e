/** Who is measured: each is started when a row needs it, and stays until the end of the row, so that rounds can alternate. */
import type { BrokerProcess } from '../../test/harness/broker-process.ts'
import { odradek, startOdradek } from '../../test/harness/odradek-process.ts'
import { startRealKafka } from '../../test/harness/real-kafka.ts'
import { kafkaJars, type Tool } from '../../test/harness/tools.ts'
import { startNullBroker } from '../null-broker/process.ts'

export type ContenderName = 'kafka' | 'odradek' | 'null'

/** How ours keeps its promise: synced before each ack (`disk`), or left to the operating system as Apache Kafka does. */
export type Durability = 'disk' | 'os'

export interface Contender {
  readonly name: ContenderName
  readonly tool: () => Tool
  start(durability: Durability, recordBytes: number): Promise<BrokerProcess>
}

/** The heap that Apache Kafka's own start script gives it. */
const KAFKA_HEAP = '1g'

export const contenders: readonly Contender[] = [
  { name: 'kafka', tool: () => kafkaJars('broker'), start: () => startRealKafka({ heap: KAFKA_HEAP }) },
  { name: 'odradek', tool: odradek, start: (durability) => startOdradek({ durability }) },
  { name: 'null', tool: () => ({ found: 'null-broker' }), start: (_, recordBytes) => startNullBroker(recordBytes) }
]
