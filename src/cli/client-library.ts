/**
 * What the client library (@platformatic/kafka 1.35) does wrong, and what is done instead. Besides what is here: compression.ts gives
 * it our snappy and zstd, consume/membership.ts is a member of a group in its place, and groups/modern-group-describe.ts and
 * transactions/requests.ts read what it cannot.
 *
 * test/cli/client-library.test.ts looks at each fault itself: a test that fails there says that its work-around can go.
 */
import type * as kafka from '@platformatic/kafka'

/** Larger distances from the first timestamp of a batch are written wrongly: a batch ends before. */
export const timestampDeltaMaxMs = 2 ** 30

/** A map of headers keeps one of each name; names that are buffers, each its own, stay apart. */
export function headersMap(headers: ReadonlyArray<readonly [Buffer, Buffer | null]>): Map<Buffer, Buffer | null> {
  return new Map(headers.map(([name, content]) => [Buffer.from(name), content]))
}

/**
 * The library takes the number of tagged fields (KIP-482) for the bytes they have, and goes on reading in the midst of them:
 * "Out of bounds" for any answer that holds one, such as that of a Kafka whose leader has just moved (Produce from v10 and Fetch
 * from v12 name the new one). From here on its readers pass over them as they lie there: a count, and a tag, a size and bytes each.
 */
export function passTaggedFieldsOver({ Reader }: typeof kafka): void {
  Reader.prototype.readTaggedFields = function () {
    for (let left = this.readUnsignedVarInt(); left > 0; left -= 1) {
      this.readUnsignedVarInt()
      this.skip(this.readUnsignedVarInt())
    }
  }
}

/**
 * An answer that comes after its request was given up stays in the library's buffer, in the way of all that come behind it: each of
 * them would be waited for in vain. So its connection is given up as well, and the next request makes a new one.
 */
export function giveUpLateConnection(
  { TimeoutError }: typeof kafka,
  connection: kafka.Connection,
  error: unknown
): void {
  if (error instanceof TimeoutError) connection.socket.destroy()
}

/**
 * The library takes a request for sent once it is in the socket's buffer, however little of that the broker takes: where no answer
 * is waited for (acks=0) the memory would fill. Resolves when the operating system has all of it.
 */
export async function handedOver(
  { NetworkError, TimeoutError }: typeof kafka,
  { socket }: kafka.Connection,
  limitMs: number
): Promise<void> {
  if (socket.writableLength === 0) return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError('The broker takes nothing: timed out')), limitMs)
    socket.write('', (error) => {
      clearTimeout(timer)
      if (error) reject(new NetworkError('Connection closed', { cause: error }))
      else resolve()
    })
  })
}

/**
 * What any broker answers the library asks of the first one given that takes a connection, also when that one hangs; of others it
 * knows only by its own requests for metadata, which ours are not. So it is told whom to ask.
 */
export function enterBy(library: typeof kafka, base: kafka.Base, connect: () => Promise<kafka.Connection>): void {
  base[library.kGetBootstrapConnection] = (callback) => {
    connect().then(
      (connection) => callback(null, connection),
      (error: Error) => callback(error)
    )
  }
}
