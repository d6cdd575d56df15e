/** The machine and the versions that figures come from: without them they say nothing. */
import { execFileSync } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, readdirSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { projectDirectory, temporaryDirectory } from '../../test/harness/paths.ts'
import { kafkaJars } from '../../test/harness/tools.ts'
import { median } from '../raw-client/probes.ts'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly java: string
  readonly kafka: string
  /** fdatasync after 16 KB were appended, median. */
  readonly syncMicros: number
  readonly bareNodeMs: number
  readonly commit: string
}

export function describeMachine(): Machine {
  const [processor] = cpus()
  return {
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `Linux ${release()}`,
    node: process.version,
    java: /"(.+?)"/.exec(said('java', ['-version']))?.[1] ?? 'unknown',
    kafka: kafkaVersion(),
    syncMicros: measureSync(),
    bareNodeMs: measureBareNode(),
    commit: said('git', ['rev-parse', '--short', 'HEAD']).trim()
  }
}

/** How busy the machine is with others: the load average of the last minute. */
export function busyness(): number {
  return loadavg()[0] ?? 0
}

/** Everything that any program has written is on the disk when this returns (POSIX `sync`). */
export function settleDisk(): void {
  execFileSync('sync')
}

function said(command: string, args: readonly string[]): string {
  try {
    return execFileSync('sh', ['-c', '"$0" "$@" 2>&1', command, ...args], { cwd: projectDirectory, encoding: 'utf8' })
  } catch {
    return 'unknown'
  }
}

function kafkaVersion(): string {
  const jars = kafkaJars('broker')
  if ('missing' in jars) return 'none'
  const jar = readdirSync(jars.found).find((name) => name.startsWith('kafka_2.13-'))
  return jar?.replace(/^kafka_2\.13-|\.jar$/g, '') ?? 'unknown'
}

function measureSync(): number {
  using directory = temporaryDirectory('sync')
  const file = openSync(join(directory.path, 'file'), 'a')
  const block = Buffer.alloc(16_384, 'x')
  const took = Array.from({ length: 100 }, () => {
    writeSync(file, block)
    const startedAt = performance.now()
    fdatasyncSync(file)
    return (performance.now() - startedAt) * 1000
  })
  closeSync(file)
  return median(took)
}

function measureBareNode(): number {
  return median(
    Array.from({ length: 9 }, () => {
      const startedAt = performance.now()
      execFileSync(process.execPath, ['-e', '0'])
      return performance.now() - startedAt
    })
  )
}
