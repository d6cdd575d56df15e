/** Puts bookmarks where a test wants them, without a member, as an administrator does: OffsetCommit (8) v2 by hand. */
import { int32, int64, list, RawConnection, text } from '../../harness/wire.ts'

export interface Bookmark {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const DEADLINE_MS = 60_000
/** The coordinator is being loaded, is not there yet, or is another: asked again. */
const passing = new Set([14, 15, 16])

/** To the only broker of a cluster, which coordinates every group. */
export async function commitOffsets(bootstrap: string, bookmarks: readonly Bookmark[]): Promise<void> {
  const connection = await RawConnection.open(bootstrap)
  const deadline = Date.now() + DEADLINE_MS
  try {
    for (const bookmark of bookmarks) {
      let errorCode = await commit(connection, bookmark)
      while (passing.has(errorCode) && Date.now() < deadline) errorCode = await commit(connection, bookmark)
      if (errorCode !== 0) throw new Error(`the offset of ${bookmark.group} was refused with error ${errorCode}`)
    }
  } finally {
    connection.close()
  }
}

async function commit(connection: RawConnection, { group, topic, partition, offset }: Bookmark): Promise<number> {
  const partitions = list([Buffer.concat([int32(partition), int64(offset), text(null)])])
  const topics = list([Buffer.concat([text(topic), partitions])])
  const answer = await connection.ask(8, 2, Buffer.concat([text(group), int32(-1), text(''), int64(-1), topics]))
  const errorCodes = answer.list(() => {
    answer.text()
    return answer.list(() => {
      answer.int32()
      return answer.int16()
    })
  })
  return errorCodes.flat()[0] ?? -1
}
