/** Reads compacted logs from their beginning to their end, again and again. */
import { ErrorCode, errorName } from '../../../src/protocol/error-codes.ts'
import type { Client } from '../client.ts'
import { fetchFrom } from '../fetch.ts'
import { type Picked, pauseAWhile, pickCompacted, type Scene } from '../scene.ts'

const askAgainMicros = 200_000
/** More records than one log has that were never acknowledged or read. */
const untoldMost = 200

export class KeyReader {
  readonly #scene: Scene
  readonly #client: Client

  constructor(scene: Scene, client: Client) {
    this.#scene = scene
    this.#client = client
  }

  async run(): Promise<void> {
    while (!this.#scene.isOver) {
      const picked = pickCompacted(this.#scene)
      if (picked !== null) await readWhole(this.#scene, this.#client, picked, () => !this.#scene.isOver)
      await pauseAWhile(this.#scene)
    }
  }
}

/** From the beginning to the end, unless nobody can read it any more. `isWanted` hears what it waits for. */
export async function readWhole(
  { world, cluster, ledger }: Scene,
  client: Client,
  { topic, index, partition }: Picked,
  isWanted: (obstacle: string) => boolean,
  until: 'others write' | 'nobody writes' = 'others write'
): Promise<void> {
  const keys = ledger.keys.of(topic, partition)
  let pass = keys.pass()
  let obstacle = ''
  for (let next = 0; isWanted(obstacle) && !cluster.isLost(topic.id, index); ) {
    const fetched = await fetchFrom(client, topic.id, index, next, 0)
    obstacle = fetched === null ? 'no answer' : errorName(fetched.errorCode)
    if (fetched?.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      // Retention has deleted what was to come, perhaps also what nobody was told of; where the log begins is not said.
      next = next < pass.endKnown + untoldMost ? next + 1 : 0
      pass = keys.pass()
    } else if (fetched === null || fetched.errorCode !== ErrorCode.NONE) {
      await world.pause(askAgainMicros, `a log is read on (${obstacle})`)
    } else if (fetched.nextOffset > next) {
      for (const record of fetched.records) pass.saw({ ...record, id: record.headers[0]?.key ?? '' })
      ledger.keys.counts['offsets compacted'] += fetched.nextOffset - next - fetched.records.length
      next = fetched.nextOffset
    } else if (fetched.endOffset < pass.endKnown || next < fetched.endOffset) {
      obstacle = `others have read up to ${pass.endKnown}; it is readable to ${fetched.endOffset}, and read to ${next}`
      await world.pause(askAgainMicros, 'a log is read on when more is known to be committed')
    } else {
      ledger.keys.counts['compacted logs read'] += 1
      return pass.end(fetched, until)
    }
  }
}
