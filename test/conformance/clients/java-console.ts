/** Apache Kafka's console producer and consumer: the Java client, which every other client is measured against. */
import { javaTool } from '../../harness/java-tool.ts'
import { kafkaJars } from '../../harness/tools.ts'
import { acksNumber, type Client, type ConsumedRecord, codecs, READ_TIMEOUT_MS } from './client.ts'

export const javaConsole: Client = {
  name: 'Java console',
  tool: () => kafkaJars('tools'),
  writes: codecs,
  reads: codecs,
  headers: 'each',

  async produce(bootstrap, records, { topic, codec, acks }) {
    const input = records
      .map(({ key, value, headers }) => {
        const pairs = Object.entries(headers).map(([name, text]) => `${name}:${text}`)
        return `${pairs.join(',')}\t${key}\t${value}\n`
      })
      .join('')
    const reader = ['--reader-property', 'parse.headers=true', '--reader-property', 'parse.key=true']
    const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--compression-codec', codec, ...reader]
    args.push('--request-required-acks', String(acksNumber(acks)))
    await javaTool('org.apache.kafka.tools.ConsoleProducer', args, { input })
  },

  async consume(bootstrap, { topic, count, group }) {
    const shown = ['partition', 'offset', 'headers', 'key'].flatMap((name) => [
      '--formatter-property',
      `print.${name}=true`
    ])
    const args = [
      '--bootstrap-server',
      bootstrap,
      '--topic',
      topic,
      '--from-beginning',
      '--max-messages',
      String(count)
    ]
    if (group) args.push('--group', group)
    const className = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    const output = await javaTool(className, [...args, ...shown], { timeoutMs: READ_TIMEOUT_MS })
    return output.toString().trimEnd().split('\n').map(parse)
  }
}

/** `Partition:0 Offset:7 a:1,b:2 key value`, parted by tabs. */
function parse(line: string): ConsumedRecord {
  const [partition, offset, headers = '', key = '', ...value] = line.split('\t')
  const pairs = headers === 'NO_HEADERS' ? [] : headers.split(',').map((pair) => pair.split(':'))
  return {
    partition: Number(partition?.replace('Partition:', '')),
    offset: Number(offset?.replace('Offset:', '')),
    key: Buffer.from(key),
    value: Buffer.from(value.join('\t')),
    headers: Object.fromEntries(pairs)
  }
}
