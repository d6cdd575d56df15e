/** confluent-kafka for Python: librdkafka, newest. The Python side is `confluent_python.py`; both speak JSON lines. */
import { join } from 'node:path'
import { runToSuccess } from '../../harness/child-process.ts'
import { harnessDirectory } from '../../harness/paths.ts'
import { found, confluentPython as pythonTool } from '../../harness/tools.ts'
import { acksNumber, type Client, type ConsumedRecord, codecs, READ_TIMEOUT_MS, uniqueGroup } from './client.ts'

const script = join(harnessDirectory, '..', 'conformance', 'clients', 'confluent_python.py')

interface Line {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

export const confluentPython: Client = {
  name: 'confluent-kafka (Python)',
  tool: pythonTool,
  writes: codecs,
  reads: codecs,
  headers: 'each',

  async produce(bootstrap, records, { topic, codec, acks }) {
    const input = records.map((record) => `${JSON.stringify(record)}\n`).join('')
    const args = [script, 'produce', bootstrap, topic, codec, String(acksNumber(acks))]
    await runToSuccess(found(pythonTool()), args, { input })
  },

  async consume(bootstrap, { topic, count, group }) {
    const args = [script, 'consume', bootstrap, topic, group ?? uniqueGroup(), String(count)]
    const output = await runToSuccess(found(pythonTool()), args, { timeoutMs: READ_TIMEOUT_MS })
    return output.toString().trim().split('\n').map(parse)
  }
}

function parse(line: string): ConsumedRecord {
  const record: Line = JSON.parse(line)
  return {
    ...record,
    key: record.key === null ? null : Buffer.from(record.key, 'base64'),
    value: record.value === null ? null : Buffer.from(record.value, 'base64')
  }
}
