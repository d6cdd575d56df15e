/**
 * The longest pause of the loop: prints, for each thing that a broker does of much at once, how long it took and for how long nothing
 * else was done meanwhile, in milliseconds; and how much of the heap a transactional id takes, and a record in flight in a share group.
 * `npx tsx bench/loop-pauses/main.ts [PARTITIONS [COMMITS [MEGABYTES [IDS [SHARED [MEMBERS]]]]]]`, 5,000, 200,000, 500, 100,000, 1,000,000
 * records and 5,000 members.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepAlive } from '../../src/host/node/process.ts'
import { compactingJobs } from './compacting.ts'
import { loadingJobs, partitionJobs } from './jobs.ts'
import { largeGroupJobs } from './large-groups.ts'
import { shareGroupJobs } from './share-groups.ts'
import { transactionalIdJobs } from './transactional-ids.ts'

const [
  ,
  ,
  partitions = '5000',
  commits = '200000',
  megabytes = '500',
  ids = '100000',
  shared = '1000000',
  members = '5000'
] = process.argv
const directory = mkdtempSync(join(tmpdir(), 'odradek-pauses-'))
// The broker's own timers do not.
const release = keepAlive()
try {
  const { pauses: ofTransactions, bytesPerId } = await transactionalIdJobs(
    join(directory, 'transactional-ids'),
    Number(ids)
  )
  const { pauses: ofShareGroups, bytesPerRecord } = await shareGroupJobs(
    join(directory, 'share-groups'),
    Number(shared)
  )
  const { pauses: ofLargeGroups, bytesPerMember } = await largeGroupJobs(join(directory, 'groups'), Number(members))
  const told = {
    ...(await partitionJobs(join(directory, 'partitions'), Number(partitions))),
    ...(await loadingJobs(join(directory, 'loading'), Number(commits))),
    ...(await compactingJobs(join(directory, 'compacting'), Number(megabytes))),
    ...ofTransactions,
    ...ofShareGroups,
    ...ofLargeGroups,
    'transactional id': { bytes: bytesPerId },
    'record in flight': { bytes: bytesPerRecord },
    'member of a group': { bytes: bytesPerMember }
  }
  process.stdout.write(
    `${JSON.stringify(told, (_, value) => (typeof value === 'number' ? Math.round(value) : value))}\n`
  )
} finally {
  release()
  rmSync(directory, { recursive: true, force: true })
}
