/** For how long a broker does nothing else while it does much at once: bench/loop-pauses, in a process of its own. */
import { join } from 'node:path'
import { runToSuccess } from '../../../test/harness/child-process.ts'
import { projectDirectory } from '../../../test/harness/paths.ts'
import type { Row, Size } from '../row.ts'

const PARTITIONS: Readonly<Record<Size, number>> = { full: 5000, quick: 200 }
const COMMITS: Readonly<Record<Size, number>> = { full: 200_000, quick: 2000 }
const TIMEOUT_MS = 600_000

/** The names that bench/loop-pauses gives its jobs, and what they are. */
const jobs: Readonly<Record<string, string>> = {
  'create topic': 'CreateTopics of 5,000 partitions',
  produce: 'one Produce to all 5,000',
  'delete topics': 'DeleteTopics of 100 topics beside them',
  'long polls': '200 fetches that wait, of 1,000 partitions each',
  housekeeping: 'housekeeping of all logs',
  stop: 'a clean stop',
  'load a coordinator': 'loading 200,000 commits'
}

export const pauses: Row = {
  name: 'pauses',
  family: 'latency',
  what: 'the longest time in which the loop did nothing else, while one broker does much at once',
  contenders: ['odradek'],
  figures: Object.entries(jobs).map(([key, what]) => ({ key, what, unit: 'ms', better: 'less' })),
  async open(_contender, { size }) {
    return {
      async round() {
        const program = join(projectDirectory, 'bench', 'loop-pauses', 'main.ts')
        const args = ['--import', 'tsx', program, String(PARTITIONS[size]), String(COMMITS[size])]
        const output = await runToSuccess(process.execPath, args, { cwd: projectDirectory, timeoutMs: TIMEOUT_MS })
        const told: Record<string, { longestPauseMs: number }> = JSON.parse(output.toString())
        return Object.fromEntries(Object.keys(jobs).map((key) => [key, told[key]?.longestPauseMs ?? Number.NaN]))
      },
      async [Symbol.asyncDispose]() {}
    }
  }
}
