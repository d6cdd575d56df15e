/** Messages travel in batches: one request and one wait for the disk serve many. A batch that is too big is cut. */
import type { Message, ReadMessage } from './messages.ts'

const batchMessagesMax = 1000
/** Below message.max.bytes of a broker, about 1 MiB, also when all of a batch goes to one partition. */
const batchBytesMax = 500_000
/** What a message takes besides its key and its value, at most. */
const overheadBytes = 32

/** Takes what the input has at the moment, so nobody who types waits for a batch to fill. */
export async function* batchesOf(
  input: AsyncIterable<readonly Buffer[]>,
  read: ReadMessage
): AsyncGenerator<readonly Message[]> {
  let index = 0
  for await (const portion of input) {
    let batch: Message[] = []
    let batchBytes = 0
    for (const raw of portion) {
      const message = read(raw, index++)
      const sizeBytes = (message.value?.length ?? 0) + (message.key?.length ?? 0) + overheadBytes
      if (batch.length >= batchMessagesMax || (batch.length > 0 && batchBytes + sizeBytes > batchBytesMax)) {
        yield batch
        batch = []
        batchBytes = 0
      }
      batch.push(message)
      batchBytes += sizeBytes
    }
    if (batch.length > 0) yield batch
  }
}
