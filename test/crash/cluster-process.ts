/** A process of Odradek with one broker or several, which comes back on the same ports with the same directory. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrokerProcess } from '../harness/broker-process.ts'
import { startOdradek } from '../harness/odradek-process.ts'
import { startTarget } from '../harness/target.ts'
import { RawConnection } from '../harness/wire.ts'
import { dumpLogs } from './dump-log.ts'
import { PARTITIONS } from './kept.ts'

const configs = { 'num.partitions': String(PARTITIONS) }
const firstPort = 17_000

/** host:port of each broker, with commas between. */
export function addressesFrom(port: number, brokers: number): string {
  return Array.from({ length: brokers }, (_, index) => `127.0.0.1:${port + index}`).join(',')
}

/** The first of as many ports in a row, none of which is in use; below those that systems pick from. */
export async function freePorts(count: number): Promise<number> {
  const start = firstPort + (process.pid % 500) * 4
  for (let first = start; first < start + 1000; first += count) {
    const ports = addressesFrom(first, count).split(',')
    const taken = await Promise.all(ports.map((address) => RawConnection.open(address).catch(() => null)))
    for (const connection of taken) connection?.close()
    if (taken.every((connection) => connection === null)) return first
  }
  throw new Error(`no ${count} ports in a row are free`)
}

/** One broker may be Apache Kafka as well (`--target kafka`); several are ours. */
export function startBrokers(brokers: number, dataDirectory: string, port: number): Promise<BrokerProcess> {
  return brokers === 1
    ? startTarget({ dataDirectory, port, configs })
    : startOdradek({ dataDirectory, port, configs, brokers })
}

/** The directories with logs of a cluster: that of one broker, or those below it. */
export function nodeDirectories(dataDirectory: string, brokers: number): string[] {
  if (brokers === 1) return [dataDirectory]
  return ['controller', ...Array.from({ length: brokers }, (_, index) => `broker-${index + 1}`)].map((name) =>
    join(dataDirectory, name)
  )
}

/** Apache Kafka's DumpLogSegments finds no fault in any file. Answers how many records it read. */
export async function assertFilesAreSound(dataDirectory: string, brokers: number): Promise<number> {
  let records = 0
  for (const directory of nodeDirectories(dataDirectory, brokers)) {
    const report = await dumpLogs(directory)
    assert.deepEqual(report.faults, [])
    records += report.records
  }
  return records
}

/** Two brokers that have a partition have the same bytes of it, as far as both go. Answers how many copies were compared. */
export function assertCopiesAreAlike(dataDirectory: string, brokers: number): number {
  const firstCopies = new Map<string, string>()
  let comparisons = 0
  for (const directory of nodeDirectories(dataDirectory, brokers)) {
    for (const partition of readdirSync(directory).filter((name) => /-\d+$/.test(name))) {
      const first = firstCopies.get(partition)
      const own = join(directory, partition)
      if (first === undefined) firstCopies.set(partition, own)
      else if (!partition.startsWith('__cluster_metadata')) {
        assertAlike(first, own)
        comparisons += 1
      }
    }
  }
  return comparisons
}

function assertAlike(one: string, other: string): void {
  const mine = bytesOf(one)
  const theirs = bytesOf(other)
  const shared = Math.min(mine.length, theirs.length)
  assert.ok(mine.subarray(0, shared).equals(theirs.subarray(0, shared)), `${one} and ${other} differ`)
}

/** All segments of a partition, one after the other. */
function bytesOf(directory: string): Buffer {
  const segments = readdirSync(directory).filter((file) => file.endsWith('.log'))
  return Buffer.concat(segments.sort().map((name) => readFileSync(join(directory, name))))
}
