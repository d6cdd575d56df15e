/**
 * What the brokers say of partitions and of a group's offsets, by raw requests. Each broker is asked (`bootstrap` names them, with
 * commas between) until one that leads, or coordinates, answers: leaders may be moving, and some brokers may be dead.
 */
import { int32, int64, list, RawConnection, text } from '../harness/wire.ts'

const LATEST = -1
const PATIENCE_MS = 90_000

interface Offset {
  readonly partition: number
  readonly offset: number
  readonly errorCode: number
}

/** The end of each partition (ListOffsets, version 1). */
export async function endOffsets(bootstrap: string, topic: string, partitions: number): Promise<Map<number, number>> {
  const asked = list(numbers(partitions).map((partition) => Buffer.concat([int32(partition), int64(LATEST)])))
  const body = Buffer.concat([int32(-1), list([Buffer.concat([text(topic), asked])])])
  return await eventually(`ListOffsets of ${topic}`, bootstrap, partitions, async (connection) => {
    const answer = await connection.ask(2, 1, body)
    answer.int32()
    answer.text()
    return answer.list(() => {
      const partition = answer.int32()
      const errorCode = answer.int16()
      answer.int64()
      return { partition, errorCode, offset: answer.int64() }
    })
  })
}

/** What a group has committed, -1 where nothing (OffsetFetch, version 1); waits while the group is being loaded. */
export async function committedOffsets(
  bootstrap: string,
  group: string,
  topic: string,
  partitions: number
): Promise<Map<number, number>> {
  const body = Buffer.concat([text(group), list([Buffer.concat([text(topic), list(numbers(partitions).map(int32))])])])
  return await eventually(`OffsetFetch of ${group}`, bootstrap, partitions, async (connection) => {
    const answer = await connection.ask(9, 1, body)
    answer.int32()
    answer.text()
    return answer.list(() => {
      const partition = answer.int32()
      const offset = answer.int64()
      answer.text()
      return { partition, offset, errorCode: answer.int16() }
    })
  })
}

/** Commits for each partition from 0 on, as a group without members does (OffsetCommit, version 2). */
export async function commitOffsets(
  bootstrap: string,
  group: string,
  topic: string,
  offsets: readonly number[]
): Promise<void> {
  const places = offsets.map((offset, partition) => Buffer.concat([int32(partition), int64(offset), text(null)]))
  const topics = list([Buffer.concat([text(topic), list(places)])])
  const body = Buffer.concat([text(group), int32(-1), text(''), int64(-1), topics])
  await eventually(`OffsetCommit of ${group}`, bootstrap, offsets.length, async (connection) => {
    const answer = await connection.ask(8, 2, body)
    answer.int32()
    answer.text()
    return answer.list(() => {
      const partition = answer.int32()
      return { partition, offset: offsets[partition] ?? -1, errorCode: answer.int16() }
    })
  })
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

async function eventually(
  what: string,
  bootstrap: string,
  partitions: number,
  ask: (connection: RawConnection) => Promise<readonly Offset[]>
): Promise<Map<number, number>> {
  const known = new Map<number, number>()
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const errors: (number | string)[] = []
    for (const address of bootstrap.split(',')) {
      const answers = await asking(address, ask).catch((error: unknown) => void errors.push(String(error)))
      for (const { partition, offset, errorCode } of answers ?? []) {
        if (errorCode === 0) known.set(partition, offset)
        else errors.push(errorCode)
      }
    }
    if (known.size === partitions) return known
    if (Date.now() > deadline) throw new Error(`${what} is answered with: ${errors.join(', ')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function asking<T>(address: string, ask: (connection: RawConnection) => Promise<T>): Promise<T> {
  const connection = await RawConnection.open(address)
  try {
    return await ask(connection)
  } finally {
    connection.close()
  }
}
