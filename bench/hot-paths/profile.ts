/**
 * `tsx bench/hot-paths/profile.ts`: where the time of a request goes, as the table of docs/performance-profile.md. Each path runs through
 * the whole broker without sockets; beside it stands what Node needs on this machine for the same bytes and nothing else.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32c } from '../../src/protocol/records/crc32c.ts'
import { hotPaths } from './hot-paths.ts'
import type { Cost } from './measure.ts'
import { HotPathRunner } from './run.ts'

const requests = 1500
const rounds = 5
const megabyte = 1024 * 1024

/** Microseconds of the processor for one call, the least of some rounds. */
function leastOf(calls: number, work: () => void): number {
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    const startedAt = process.cpuUsage()
    for (let index = 0; index < calls; index++) work()
    const { user, system } = process.cpuUsage(startedAt)
    least = Math.min(least, (user + system) / calls)
  }
  return least
}

let writtenBytes = 0

/** The checksum and the write of a path that appends, or the read of one that fetches. */
function limitOf({ recordBytes, calls }: Cost, handle: number): number {
  const bytes = Buffer.alloc(Math.max(1, recordBytes), 'x')
  const size = Math.round(calls.writtenBytes) || recordBytes
  if (calls.writes >= 0.5 && size > 1024) {
    const batches = Math.max(1, Math.round(size / 16_384))
    const piece = Math.floor(bytes.length / batches)
    return leastOf(500, () => {
      for (let batch = 0; batch < batches; batch++) crc32c(bytes, batch * piece, (batch + 1) * piece)
      // To the end of the file, as a log is written: pages that are there already cost a quarter.
      writtenBytes += writeSync(handle, bytes, 0, bytes.length, writtenBytes)
    })
  }
  if (recordBytes < megabyte) return 0
  writeSync(handle, bytes, 0, bytes.length, 0)
  return leastOf(500, () => readSync(handle, bytes, 0, bytes.length, 0))
}

const columns = [
  'path',
  'µs',
  'of it Node’s limit',
  'ms per MB',
  'heap bytes',
  'fresh memory',
  'bytes copied',
  'writes',
  'reads',
  'syncs',
  'sends'
]

function rowOf(cost: Cost, limitMicroseconds: number): string[] {
  const { calls, recordBytes, microseconds } = cost
  const perMegabyte = recordBytes > 10_000 ? ((microseconds / recordBytes) * 1000).toFixed(1) : '–'
  const limit = limitMicroseconds > 0 ? limitMicroseconds.toFixed(0) : '–'
  const counts = [calls.writes, calls.reads, calls.syncs, calls.sends].map((count) =>
    count.toFixed(count % 1 < 0.05 ? 0 : 1)
  )
  const bytes = [cost.heapBytes, Math.max(0, cost.outsideBytes), calls.copiedBytes].map((count) => count.toFixed(0))
  return [cost.name, microseconds.toFixed(0), limit, perMegabyte, ...bytes, ...counts]
}

const directory = mkdtempSync(join(tmpdir(), 'odradek-limits-'))
const handle = openSync(join(directory, 'file'), 'w+')
try {
  using runner = await HotPathRunner.make()
  const lines = [columns, columns.map(() => '---')]
  for (const { name } of hotPaths) {
    const costs: Cost[] = []
    for (let round = 0; round < rounds; round++) costs.push(await runner.costOf(name, requests, { optimized: 'yes' }))
    const [least] = costs.sort((a, b) => a.microseconds - b.microseconds)
    if (least !== undefined) lines.push(rowOf(least, limitOf(least, handle)))
  }
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`)
  for (const { name, what } of hotPaths) process.stdout.write(`\n- **${name}**: ${what}`)
  process.stdout.write('\n')
} finally {
  closeSync(handle)
  rmSync(directory, { recursive: true, force: true })
}
