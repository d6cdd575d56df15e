/**
 * The hash of the topics that a group subscribes to, by which it notices that they are made up differently now (Kafka:
 * org.apache.kafka.coordinator.group.Utils.computeTopicHash, computeGroupHash; the bytes as hash4j puts them together).
 */
import { xxh3 } from '../../../protocol/xxh3.ts'
import type { GroupTopics } from '../topic-names.ts'

const magic = 0

/** 0 where there is no such topic. */
export function topicHash(name: string, topics: GroupTopics): bigint {
  const id = topics.idOf(name)
  if (id === undefined) return 0n
  const [high, low] = halvesOf(id)
  const partitionCount = topics.partitionCount(name)
  const parts = [Buffer.from([magic]), int64(high), int64(low), string(name), int32(partitionCount)]
  for (let partition = 0; partition < partitionCount; partition++) {
    parts.push(int32(partition))
    for (const rack of [...topics.racksOf(name, partition)].sort()) parts.push(int32(rack.length), string(rack))
  }
  return xxh3(Buffer.concat(parts))
}

/** Topics that do not exist do not count. `hashOf`: of a topic, which may be known from before. */
export function groupHash(names: Iterable<string>, topics: GroupTopics, hashOf: (name: string) => bigint): bigint {
  const existing = Array.from(names)
    .filter((name) => topics.idOf(name) !== undefined)
    .sort()
  return existing.length === 0 ? 0n : xxh3(Buffer.concat(existing.map((name) => int64(hashOf(name)))))
}

function halvesOf(uuid: string): readonly [bigint, bigint] {
  const bytes = Buffer.from(uuid, 'base64url')
  return [bytes.readBigInt64BE(0), bytes.readBigInt64BE(8)]
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

/** Its characters, and then how many there are. */
function string(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, 'utf16le'), int32(text.length)])
}
