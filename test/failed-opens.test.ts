/** Opening a directory fails, again and again, as it does while a program waits to take over: no file and no socket stays open. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { openKafka, StartError } from '../src/index.ts'
import { LineProcess } from './harness/child-process.ts'
import { projectDirectory, temporaryDirectory } from './harness/paths.ts'
import { skipUnless, type Tool } from './harness/tools.ts'

const ATTEMPTS = 30
const PATIENCE_MS = 60_000
const proc: Tool = existsSync('/proc/self/fd') ? { found: '/proc' } : { missing: 'open files are counted in /proc' }
const skip = skipUnless(proc)

const urlOf = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)))
const index = urlOf('../src/index.ts')
const nodeDisk = urlOf('../src/host/node/disk.ts')
const programArguments = (program: string): string[] => ['--import', 'tsx', '--input-type=module', '-e', program]

/** The program and all of ours that it loads as one file: what reads TypeScript opens files and pipes of its own. */
function bundled(program: string, directory: string): string {
  const outfile = join(directory, 'program.mjs')
  const banner = {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)"
  }
  const stdin = { contents: program, resolveDir: projectDirectory }
  buildSync({
    stdin,
    outfile,
    banner,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@node-rs/crc32', '@foxglove/wasm-zstd', 'protobufjs']
  })
  return outfile
}

function openHandles(): number {
  return readdirSync('/proc/self/fd').length
}

async function problemOf(directory: string): Promise<string> {
  const opened = await openKafka({ directory }).catch((error: unknown) => error)
  assert.ok(opened instanceof StartError, String(opened))
  return opened.problem
}

/** A directory with records of what the cluster knows, that nobody serves; and what a first start loads is loaded. */
async function served(directory: string): Promise<void> {
  const kafka = await openKafka({ directory, topics: { orders: 3 } })
  await kafka.stop()
}

async function assertNoMoreThan(before: number): Promise<void> {
  for (const deadlineMs = Date.now() + 5_000; openHandles() > before && Date.now() < deadlineMs; ) await sleep(10)
  assert.ok(openHandles() <= before, `${openHandles()} handles are open, and ${before} were before`)
}

test('a directory that another process holds', { skip, timeout: PATIENCE_MS }, async () => {
  using directory = temporaryDirectory('held')
  await served(directory.path)
  const program = `import { NodeDisk } from ${nodeDisk}
    new NodeDisk(${JSON.stringify(directory.path)}).lock()
    setInterval(() => {}, 1e6)
    console.log('held')`
  const holder = new LineProcess(process.execPath, programArguments(program))
  try {
    await holder.until(([line]) => line, 'its lock', PATIENCE_MS)
    const before = openHandles()
    // Each of them looks for a broker of the holder for a while, so they do at the same time.
    const problems = await Promise.all(Array.from({ length: ATTEMPTS }, () => problemOf(directory.path)))
    assert.deepEqual(new Set(problems), new Set(['directory-in-use']))
    await assertNoMoreThan(before)
  } finally {
    await holder.kill()
  }
  await served(directory.path)
})

test('a directory whose metadata log is damaged', { skip }, async () => {
  using directory = temporaryDirectory('damaged')
  await served(directory.path)
  truncateSync(join(directory.path, '__cluster_metadata-0', '00000000000000000000.log'), 100)
  const before = openHandles()
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) assert.equal(await problemOf(directory.path), 'damaged')
  await assertNoMoreThan(before)
})

test('too few handles, down to none, at whichever step they run out', { skip, timeout: PATIENCE_MS }, () => {
  using directory = temporaryDirectory('handles')
  using scratch = temporaryDirectory('program')
  const program = `import { closeSync, openSync, readdirSync } from 'node:fs'
    import { openKafka } from ${index}
    const options = { directory: ${JSON.stringify(directory.path)} }
    const first = await openKafka({ ...options, topics: { orders: 8 } })
    await first.stop()
    const openHandles = () => readdirSync('/proc/self/fd').length
    const before = openHandles()
    const counts = []
    for (let attempt = 0; attempt < ${ATTEMPTS}; attempt++) {
      const taken = []
      try { for (;;) taken.push(openSync('/dev/null')) } catch {}
      for (let left = 0; left < attempt % 10; left++) closeSync(taken.pop())
      const opened = await openKafka(options).catch(({ problem }) => problem)
      if (typeof opened !== 'string') await opened.stop()
      for (const handle of taken) closeSync(handle)
      await new Promise((resolve) => setTimeout(resolve, 20))
      counts.push([openHandles() - before, typeof opened === 'string' ? opened : 'served'])
    }
    const last = await openKafka(options)
    await last.stop()
    console.log(JSON.stringify(counts))`
  const limited = ['-c', 'ulimit -n 80 && exec "$0" "$@"', process.execPath, bundled(program, scratch.path)]
  const { status, stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8', timeout: PATIENCE_MS })
  assert.equal(status, 0, stderr)
  const counts: [more: number, outcome: string][] = JSON.parse(stdout)
  assert.deepEqual(
    counts.filter(([more]) => more > 0),
    []
  )
  assert.ok(counts.some(([, outcome]) => outcome !== 'served'))
})
