/** For how long a broker does nothing else while it does much at once: bench/loop-pauses, in a process of its own. */
import { join } from 'node:path'
import { runToSuccess } from '../../../test/harness/child-process.ts'
import { projectDirectory } from '../../../test/harness/paths.ts'
import type { Row, Size } from '../row.ts'

const PARTITIONS: Readonly<Record<Size, number>> = { full: 5000, quick: 200 }
const COMMITS: Readonly<Record<Size, number>> = { full: 200_000, quick: 2000 }
const MEGABYTES: Readonly<Record<Size, number>> = { full: 500, quick: 40 }
const TRANSACTIONAL_IDS: Readonly<Record<Size, number>> = { full: 100_000, quick: 1000 }
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
  'expire transactional ids': 'forgetting all of them'
}

const memory = 'transactional id'

export const pauses: Row = {
  name: 'pauses',
  family: 'latency',
  what: 'the longest time in which the loop did nothing else, while one broker does much at once',
  contenders: ['odradek'],
  figures: [
    ...Object.entries(jobs).map(([key, what]) => ({ key, what, unit: 'ms', better: 'less' }) as const),
    { key: memory, what: 'memory for all of them, in the midst of a transaction', unit: 'MB', better: 'less' }
  ],
  async open(_contender, { size }) {
    return {
      async round() {
        const program = join(projectDirectory, 'bench', 'loop-pauses', 'main.ts')
        const sizes = [PARTITIONS, COMMITS, MEGABYTES, TRANSACTIONAL_IDS]
        const args = ['--expose-gc', '--import', 'tsx', program, ...sizes.map((of) => String(of[size]))]
        const output = await runToSuccess(process.execPath, args, { cwd: projectDirectory, timeoutMs: TIMEOUT_MS })
        const told: Record<string, { longestPauseMs?: number; bytes?: number }> = JSON.parse(output.toString())
        const found = Object.keys(jobs).map((key) => [key, told[key]?.longestPauseMs ?? Number.NaN])
        return {
          ...Object.fromEntries(found),
          [memory]: ((told[memory]?.bytes ?? Number.NaN) * TRANSACTIONAL_IDS[size]) / 1e6
        }
      },
      async [Symbol.asyncDispose]() {}
    }
  }
}
