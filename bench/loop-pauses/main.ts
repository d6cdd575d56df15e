/**
 * The longest pause of the loop: prints, for each thing that a broker does of much at once, how long it took and for how long nothing
 * else was done meanwhile, in milliseconds. `npx tsx bench/loop-pauses/main.ts [PARTITIONS [COMMITS]]`, 5,000 and 200,000.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepAlive } from '../../src/host/node/process.ts'
import { loadingJobs, partitionJobs } from './jobs.ts'

const [, , partitions = '5000', commits = '200000'] = process.argv
const directory = mkdtempSync(join(tmpdir(), 'odradek-pauses-'))
// The broker's own timers do not.
const release = keepAlive()
try {
  const pauses = {
    ...(await partitionJobs(join(directory, 'partitions'), Number(partitions))),
    ...(await loadingJobs(join(directory, 'loading'), Number(commits)))
  }
  process.stdout.write(
    `${JSON.stringify(pauses, (_, value) => (typeof value === 'number' ? Math.round(value) : value))}\n`
  )
} finally {
  release()
  rmSync(directory, { recursive: true, force: true })
}
