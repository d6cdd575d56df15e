/** What a broker has acknowledged, by partition and offset, held against what it serves. */
import assert from 'node:assert/strict'
import { readBatchHeader } from '../../src/protocol/records/batch.ts'
import { readRecords } from '../../src/protocol/records/reader.ts'
import { endOffsets } from '../crash/partition-requests.ts'
import { fetchBody, produce } from '../harness/raw-requests.ts'
import { recordBatch } from '../harness/record-batch.ts'
import { RawConnection } from '../harness/wire.ts'

const fetchedBytes = 1024 * 1024

export class Acknowledged {
  /** Records from here on are served. */
  readonly starts = new Map<number, number>()
  readonly #topic: string
  readonly #partitions: number
  readonly #values = new Map<number, Map<number, string>>()
  #sent = 0

  constructor(topic: string, partitions: number) {
    this.#topic = topic
    this.#partitions = partitions
  }

  get count(): number {
    return [...this.#values.values()].reduce((sum, ofPartition) => sum + ofPartition.size, 0)
  }

  /** Sends one record; gives the error. An offset that was given before is a failure. */
  async produce(connection: RawConnection, partition: number, sizeBytes: number): Promise<number> {
    const value = `${this.#sent++} `.padEnd(sizeBytes, '.')
    const { errorCode, baseOffset } = await produce(connection, this.#topic, recordBatch([value]), partition)
    if (errorCode !== 0) return errorCode
    const ofPartition = this.#values.get(partition) ?? new Map<number, string>()
    assert.ok(!ofPartition.has(baseOffset), `offset ${baseOffset} of partition ${partition} was given twice`)
    ofPartition.set(baseOffset, value)
    this.#values.set(partition, ofPartition)
    return errorCode
  }

  /** Every record that was acknowledged is served, at its offset, with its bytes. */
  async assertServedBy(bootstrap: string): Promise<void> {
    const ends = await endOffsets(bootstrap, this.#topic, this.#partitions)
    for (const [partition, values] of this.#values) {
      const served = await this.#read(bootstrap, partition, ends.get(partition) ?? 0)
      const startOffset = this.starts.get(partition) ?? 0
      const missing = [...values].filter(([offset, value]) => offset >= startOffset && served.get(offset) !== value)
      const offsets = missing.map(([offset]) => offset).slice(0, 10)
      assert.deepEqual(offsets, [], `${missing.length} acknowledged records of partition ${partition} are missing`)
    }
  }

  async #read(bootstrap: string, partition: number, endOffset: number): Promise<Map<number, string>> {
    const connection = await RawConnection.open(bootstrap)
    const served = new Map<number, string>()
    try {
      for (let offset = this.starts.get(partition) ?? 0; offset < endOffset; ) {
        const before = offset
        for (const record of await fetch(connection, this.#topic, partition, offset)) {
          served.set(record.offset, record.value)
          offset = record.offset + 1
        }
        assert.ok(
          offset > before,
          `partition ${partition} gives nothing from offset ${offset} on, and ends at ${endOffset}`
        )
      }
    } finally {
      connection.close()
    }
    return served
  }
}

async function fetch(
  connection: RawConnection,
  topic: string,
  partition: number,
  offset: number
): Promise<{ offset: number; value: string }[]> {
  const answer = await connection.ask(1, 4, fetchBody(topic, offset, fetchedBytes, partition))
  answer.int32()
  const [records] = answer
    .list(() => {
      answer.text()
      return answer.list(() => {
        answer.int32()
        assert.equal(answer.int16(), 0, `Fetch of ${topic}-${partition} from ${offset}`)
        answer.int64()
        answer.int64()
        answer.list(() => [answer.int64(), answer.int64()])
        return answer.blob()
      })
    })
    .flat()
  return records === undefined ? [] : recordsOf(records)
}

/** The last batch may be there in part only. */
function recordsOf(bytes: Buffer): { offset: number; value: string }[] {
  const records: { offset: number; value: string }[] = []
  for (let position = 0; position + 61 <= bytes.length; ) {
    const { sizeBytes } = readBatchHeader(bytes, position)
    if (position + sizeBytes > bytes.length) break
    for (const { offset, value } of readRecords(bytes.subarray(position, position + sizeBytes)))
      records.push({ offset, value: value?.toString() ?? '' })
    position += sizeBytes
  }
  return records
}
