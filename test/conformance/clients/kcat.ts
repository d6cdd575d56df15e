/** kcat: librdkafka from the shell. */
import { runToSuccess } from '../../harness/child-process.ts'
import { found, kcat as kcatTool } from '../../harness/tools.ts'
import { acksNumber, type Client, CONSTANT_HEADER, type ConsumedRecord, codecs, READ_TIMEOUT_MS } from './client.ts'

export const kcat: Client = {
  name: 'kcat',
  tool: kcatTool,
  writes: codecs,
  reads: codecs,
  headers: 'constant',

  async produce(bootstrap, records, { topic, codec, acks }) {
    const input = records.map((record) => `${record.key}\t${record.value}\n`).join('')
    const header = `${CONSTANT_HEADER}=${records[0]?.headers[CONSTANT_HEADER]}`
    const args = ['-P', '-b', bootstrap, '-t', topic, '-K', '\t', '-H', header, '-z', codec]
    await runToSuccess(found(kcatTool()), [...args, '-X', `acks=${acksNumber(acks)}`], { input })
  },

  async consume(bootstrap, { topic, count, group }) {
    const format = '%p %o %K %S %h\n%k%s\n'
    const place = group
      ? ['-G', group, '-X', 'auto.offset.reset=earliest', '-c', String(count), '-f', format, topic]
      : ['-C', '-t', topic, '-o', 'beginning', '-e', '-f', format]
    const output = await runToSuccess(found(kcatTool()), ['-b', bootstrap, '-q', ...place], {
      timeoutMs: READ_TIMEOUT_MS
    })
    return parse(output)
  }
}

/** Lengths first, so that keys and values may hold any byte. */
function parse(output: Buffer): ConsumedRecord[] {
  const records: ConsumedRecord[] = []
  let position = 0
  const take = (length: number): Buffer => {
    position += length
    return output.subarray(position - length, position)
  }
  while (position < output.length) {
    const lineEnd = output.indexOf(0x0a, position)
    const line = output.toString('utf8', position, lineEnd)
    position = lineEnd + 1
    const [partition, offset, keyLength, valueLength] = line.split(' ').map(Number)
    const headers = line.split(' ').slice(4).join(' ')
    records.push({
      partition: partition ?? -1,
      offset: offset ?? -1,
      key: (keyLength ?? -1) < 0 ? null : take(keyLength ?? 0),
      value: (valueLength ?? -1) < 0 ? null : take(valueLength ?? 0),
      headers: Object.fromEntries(headers.split(',').flatMap((pair) => (pair ? [pair.split('=')] : [])))
    })
    position += 1
  }
  return records
}
