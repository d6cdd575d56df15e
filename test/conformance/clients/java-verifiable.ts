/**
 * Apache Kafka's VerifiableConsumer and VerifiableProducer: the clients of its system tests, which tell as JSON what they did.
 * The producer writes numbers of its own instead of what it is given, so it has a function of its own.
 */
import { javaTool } from '../../harness/java-tool.ts'
import { kafkaJars } from '../../harness/tools.ts'
import { type Client, type ConsumedRecord, codecs, READ_TIMEOUT_MS, uniqueGroup } from './client.ts'

interface Event {
  readonly name: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string
}

function events(output: Buffer, name: string): Event[] {
  const all = output.toString().trim().split('\n')
  return all.map((line): Event => JSON.parse(line)).filter((event) => event.name === name)
}

export const javaVerifiable: Client = {
  name: 'Java verifiable',
  tool: () => kafkaJars('tools'),
  writes: [],
  reads: codecs,
  headers: 'constant',

  async produce() {
    throw new Error('VerifiableProducer writes values of its own: use produceNumbers')
  },

  async consume(bootstrap, { topic, count, group }) {
    const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--group-id', group ?? uniqueGroup(), '--verbose']
    args.push('--max-messages', String(count), '--reset-policy', 'earliest')
    const className = 'org.apache.kafka.tools.VerifiableConsumer'
    const output = await javaTool(className, args, { timeoutMs: READ_TIMEOUT_MS })
    return events(output, 'record_data').map(consumed)
  }
}

/** Writes the values 0, 1, 2, … with keys that repeat, and answers what the broker acknowledged. */
export async function produceNumbers(bootstrap: string, topic: string, count: number): Promise<ConsumedRecord[]> {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--max-messages', String(count), '--acks', '-1']
  const output = await javaTool('org.apache.kafka.tools.VerifiableProducer', [...args, '--repeating-keys', '16'])
  return events(output, 'producer_send_success').map(consumed)
}

function consumed({ partition, offset, key, value }: Event): ConsumedRecord {
  return { partition, offset, key: key === null ? null : Buffer.from(key), value: Buffer.from(value), headers: null }
}
