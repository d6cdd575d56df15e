/** For how long a broker does nothing else while it does much at once: bench/loop-pauses, in a process of its own. */
import { join } from 'node:path'
import { runToSuccess } from '../../../test/harness/child-process.ts'
import { projectDirectory } from '../../../test/harness/paths.ts'
import type { Row, Size } from '../row.ts'

const PARTITIONS: Readonly<Record<Size, number>> = { full: 5000, quick: 200 }
const COMMITS: Readonly<Record<Size, number>> = { full: 200_000, quick: 2000 }
const MEGABYTES: Readonly<Record<Size, number>> = { full: 500, quick: 40 }
const TRANSACTIONAL_IDS: Readonly<Record<Size, number>> = { full: 100_000, quick: 1000 }
const SHARED_RECORDS: Readonly<Record<Size, number>> = { full: 1_000_000, quick: 8000 }
const MEMBERS: Readonly<Record<Size, number>> = { full: 5000, quick: 100 }
const TIMEOUT_MS = 1_200_000

/** The names that bench/loop-pauses gives its jobs, and what they are. */
const jobs: Readonly<Record<string, string>> = {
  'create topic': 'CreateTopics of 5,000 partitions',
  produce: 'one Produce to all 5,000',
  'delete topics': 'DeleteTopics of 100 topics beside them',
  'long polls': '200 fetches that wait, of 1,000 partitions each',
  housekeeping: 'housekeeping of all logs',
  stop: 'a clean stop',
  'load a coordinator': 'loading 200,000 commits',
  'compact a log': 'compacting a log of 500 MB, of every codec',
  'begin transactions': '100,000 transactional ids begin, each with a transaction of its own',
  'list transactions': 'ListTransactions of all of them',
  'load transactions': 'loading their coordinator',
  'abort timed out': 'aborting all of them, as their time is over',
  'expire transactional ids': 'forgetting all of them',
  'share records': 'a share group is given 1,000,000 records',
  'acknowledge every second': 'it says of every second that it is done',
  'locks run out': 'the locks of all others run out',
  'member goes': 'a member goes that holds them all',
  'members wait': '1,000 members of it wait for one partition',
  'members join': '5,000 members come to a consumer group, 10,000 partitions',
  'regular expression': 'a subscription by a regular expression that is hard to hold against names',
  topology: 'a Streams topology of 10,000 tasks, with ten members that come in turn'
}

/** What takes memory, how many there are of it, and what it is. */
const memories: ReadonlyArray<{
  readonly key: string
  readonly count: Readonly<Record<Size, number>>
  readonly what: string
}> = [
  {
    key: 'transactional id',
    count: TRANSACTIONAL_IDS,
    what: 'memory for all the transactional ids, each in a transaction'
  },
  {
    key: 'record in flight',
    count: SHARED_RECORDS,
    what: 'memory for all the records of the share group, every second of them done'
  },
  { key: 'member of a group', count: MEMBERS, what: 'memory for all the members of the consumer group' }
]

export const pauses: Row = {
  name: 'pauses',
  family: 'latency',
  what: 'the longest time in which the loop did nothing else, while one broker does much at once',
  contenders: ['odradek'],
  figures: [
    ...Object.entries(jobs).map(([key, what]) => ({ key, what, unit: 'ms', better: 'less' }) as const),
    ...memories.map(({ key, what }) => ({ key, what, unit: 'MB', better: 'less' }) as const)
  ],
  async open(_contender, { size }) {
    return {
      async round() {
        const program = join(projectDirectory, 'bench', 'loop-pauses', 'main.ts')
        const sizes = [PARTITIONS, COMMITS, MEGABYTES, TRANSACTIONAL_IDS, SHARED_RECORDS, MEMBERS]
        const args = ['--expose-gc', '--import', 'tsx', program, ...sizes.map((of) => String(of[size]))]
        const output = await runToSuccess(process.execPath, args, { cwd: projectDirectory, timeoutMs: TIMEOUT_MS })
        const told: Record<string, { longestPauseMs?: number; bytes?: number }> = JSON.parse(output.toString())
        const found = Object.keys(jobs).map((key) => [key, told[key]?.longestPauseMs ?? Number.NaN])
        const taken = memories.map(({ key, count }) => [key, ((told[key]?.bytes ?? Number.NaN) * count[size]) / 1e6])
        return Object.fromEntries([...found, ...taken])
      },
      async [Symbol.asyncDispose]() {}
    }
  }
}
