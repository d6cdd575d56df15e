/** What a broker says of partitions and of a group's offsets, by raw requests. */
import { int32, int64, list, RawConnection, text } from '../harness/wire.ts'

const LATEST = -1

async function asking<T>(bootstrap: string, ask: (connection: RawConnection) => Promise<T>): Promise<T> {
  const connection = await RawConnection.open(bootstrap)
  try {
    return await ask(connection)
  } finally {
    connection.close()
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** The end of each partition (ListOffsets, version 1). */
export async function endOffsets(bootstrap: string, topic: string, partitions: number): Promise<Map<number, number>> {
  return await asking(bootstrap, async (connection) => {
    const asked = list(numbers(partitions).map((partition) => Buffer.concat([int32(partition), int64(LATEST)])))
    const body = Buffer.concat([int32(-1), list([Buffer.concat([text(topic), asked])])])
    const answer = await connection.ask(2, 1, body)
    answer.int32()
    answer.text()
    return new Map(
      answer.list((): [number, number] => {
        const partition = answer.int32()
        const errorCode = answer.int16()
        answer.int64()
        const offset = answer.int64()
        if (errorCode !== 0) throw new Error(`ListOffsets of ${topic}-${partition} is answered with error ${errorCode}`)
        return [partition, offset]
      })
    )
  })
}

/** What a group has committed, -1 where nothing (OffsetFetch, version 1); waits while the group is being loaded. */
export async function committedOffsets(
  bootstrap: string,
  group: string,
  topic: string,
  partitions: number
): Promise<Map<number, number>> {
  return await asking(bootstrap, async (connection) => {
    const body = Buffer.concat([
      text(group),
      list([Buffer.concat([text(topic), list(numbers(partitions).map(int32))])])
    ])
    for (let left = 500; ; left -= 1) {
      const answer = await connection.ask(9, 1, body)
      answer.int32()
      answer.text()
      const offsets = answer.list(() => {
        const partition = answer.int32()
        const offset = answer.int64()
        answer.text()
        return { partition, offset, errorCode: answer.int16() }
      })
      const failed = offsets.find(({ errorCode }) => errorCode !== 0)
      if (!failed) return new Map(offsets.map(({ partition, offset }) => [partition, offset]))
      if (left === 0) throw new Error(`OffsetFetch of ${group} is answered with error ${failed.errorCode}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
}
