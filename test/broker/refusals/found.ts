/** What a broker has, to be held against what it has promised. */
import assert from 'node:assert/strict'
import type { Broker } from '../../../src/broker/broker.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { DescribeConfigsRequest } from '../../../src/protocol/generated/api/describe-configs-request.ts'
import { DescribeConfigsResponse } from '../../../src/protocol/generated/api/describe-configs-response.ts'
import { readBatchHeader } from '../../../src/protocol/records/batch.ts'
import { readRecords } from '../../../src/protocol/records/reader.ts'
import { ask } from '../apis/setup.ts'

/** The topic's `retention.ms`. */
export async function retentionOf(broker: Broker, name: string): Promise<string> {
  const body = {
    resources: [{ resourceType: 2, resourceName: name, configurationKeys: ['retention.ms'] }],
    includeSynonyms: false,
    includeDocumentation: false
  }
  const { results } = await ask(broker, DescribeConfigsRequest, DescribeConfigsResponse, 4, body)
  return results[0]?.configs[0]?.value ?? `error ${results[0]?.errorCode}`
}

/** Values by offset. */
export function recordsBelow(
  endOffset: number,
  log: PartitionLog,
  where: string
): { start: number; values: Map<number, string> } {
  const values = new Map<number, string>()
  for (let offset = log.logStartOffset; offset < endOffset; ) {
    const read = log.read(offset, { maxBytes: 1 << 20, upTo: endOffset, atLeastOneBatch: 'yes' })
    assert.ok('chunks' in read && read.nextOffset > offset, `${where} cannot be read at ${offset}`)
    for (const chunk of read.chunks) takeValues(chunk, values)
    offset = read.nextOffset
  }
  return { start: log.logStartOffset, values }
}

function takeValues(chunk: Buffer, values: Map<number, string>): void {
  for (let position = 0; position < chunk.length; ) {
    const header = readBatchHeader(chunk, position)
    let offset = header.baseOffset
    for (const { value } of readRecords(chunk.subarray(position, position + header.sizeBytes))) {
      values.set(offset++, value?.toString() ?? '')
    }
    position += header.sizeBytes
  }
}
