/** What a reader of what is committed sees of a topic, by librdkafka, which ends where its last stable offset is. */
import { run } from '../harness/child-process.ts'
import { found, kcat } from '../harness/tools.ts'

export interface Committed {
  readonly partition: number
  readonly key: string
  readonly value: string
}

const readTimeoutMs = 120_000
const pauseMs = 500
/** A broker that dies takes seconds, on a busy machine many; a transaction that a dead one left open takes ten. */
const patienceMs = 300_000

/** Null when the brokers could not be read just now. */
export async function committedIn(bootstrap: string, topic: string): Promise<Committed[] | null> {
  return await read(bootstrap, topic, 'read_committed')
}

async function read(
  bootstrap: string,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted'
): Promise<Committed[] | null> {
  // It is at an end when a fetch comes back empty: where others write all the time, only one that does not wait does.
  const settings = [`isolation.level=${isolation}`, 'fetch.wait.max.ms=5', 'socket.connection.setup.timeout.ms=10000']
  const options = settings.flatMap((setting) => ['-X', setting])
  const place = ['-C', '-q', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-e', '-f', '%p\t%k\t%s\n']
  const { code, stdout } = await run(found(kcat()), [...place, ...options], { timeoutMs: readTimeoutMs })
  if (code !== 0) return null
  const lines = stdout.toString().split('\n').slice(0, -1)
  return lines.map((line) => {
    const [partition, key = '', value = ''] = line.split('\t')
    return { partition: Number(partition), key, value }
  })
}

/** Reads again and again until it is as it is wanted; `meanwhile` is done between two looks. */
export async function committedWhen(
  bootstrap: string,
  topic: string,
  isWanted: (records: readonly Committed[]) => boolean,
  what: () => string,
  meanwhile: () => Promise<void> = async () => {}
): Promise<Committed[]> {
  const deadlineMs = performance.now() + patienceMs
  let last = -1
  for (;;) {
    const records = await committedIn(bootstrap, topic).catch(() => null)
    if (records !== null && isWanted(records)) return records
    last = records?.length ?? last
    if (performance.now() > deadlineMs) {
      const all = await read(bootstrap, topic, 'read_uncommitted').catch(() => null)
      const open = `${topic} has ${last} committed records, and ${all?.length} with those that are not`
      throw new Error(`${open}; it did not come to this: ${what()}`)
    }
    await meanwhile()
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
