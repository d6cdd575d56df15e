import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { buildSync } from 'esbuild'
import { NodeDisk } from '../../src/host/node/disk.ts'

const root = mkdtempSync(join(tmpdir(), 'odradek-lock-'))
after(() => rmSync(root, { recursive: true }))

const noProc = existsSync('/proc/self/stat') ? false : 'this system has no /proc'

function directory(): string {
  return mkdtempSync(join(root, 'data-'))
}

/** Another copy of the code, in plain JavaScript: a worker thread has no need of a compiler. */
function bundledDisk(): string {
  const outfile = join(root, 'disk.mjs')
  const entry = fileURLToPath(new URL('../../src/host/node/disk.ts', import.meta.url))
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' })
  return pathToFileURL(outfile).href
}

function programThatLocks(path: string, then: string): string {
  const module = JSON.stringify(new URL('../../src/host/node/disk.ts', import.meta.url).href)
  return `const { NodeDisk } = await import(${module}); new NodeDisk(${JSON.stringify(path)}).lock(); ${then}`
}

test('another process is refused, by its id, until the holder is gone, by kill -9 too', async () => {
  const path = directory()
  const program = programThatLocks(path, "process.stdout.write('locked'); setInterval(() => {}, 1000)")
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])
  await once(child.stdout, 'data')
  assert.throws(() => new NodeDisk(path).lock(), {
    problem: 'in-use',
    message: new RegExp(`${path} is in use by process ${child.pid}\\. Stop it first, or choose another directory\\.`)
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const release = new NodeDisk(path).lock()
  assert.deepEqual(readdirSync(path), ['.lock'])
  release()
  assert.deepEqual(readdirSync(path), [])
})

test("a directory that was moved while it was locked, and is put back when it was given free, is nobody's", () => {
  const path = directory()
  const release = new NodeDisk(path).lock()
  renameSync(path, `${path}-away`)
  release()
  renameSync(`${path}-away`, path)
  const again = new NodeDisk(path).lock()
  assert.throws(() => new NodeDisk(path).lock(), { problem: 'in-use' })
  again()
  assert.deepEqual(readdirSync(path), [])
})

test('a second broker in the same process is refused, also by another copy of this code in a worker thread', async () => {
  const path = directory()
  const release = new NodeDisk(path).lock()
  assert.throws(() => new NodeDisk(path).lock(), { problem: 'in-use', message: /another broker in this process/ })
  const program = `const { parentPort, workerData: { disk, path } } = require('node:worker_threads')
    import(disk).then(({ NodeDisk }) => new NodeDisk(path).lock())
      .then(() => parentPort.postMessage('locked'), (error) => parentPort.postMessage(error.message))`
  const worker = new Worker(program, { eval: true, workerData: { disk: bundledDisk(), path } })
  const [message] = await once(worker, 'message')
  assert.match(String(message), /another broker in this process/)
  await worker.terminate()
  release()
  new NodeDisk(path).lock()()
})

test('the lock of a dead process, and the empty file that Apache Kafka leaves, are taken over', () => {
  const path = directory()
  for (const content of ['999999999 1\n', `${process.pid} 1\n`, '']) {
    writeFileSync(join(path, '.lock'), content)
    new NodeDisk(path).lock()()
  }
})

test('a process that is dead and not yet asked for by its parent holds nobody back', { skip: noProc }, async () => {
  const path = directory()
  // The shell starts a child that ends with its input, and becomes a program that never asks how its child ended.
  const script = 'cat <&3 & echo $!; exec sleep 60'
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] })
  const [line] = await once(parent.stdout ?? parent, 'data')
  const dead = Number(String(line))
  const read = (name: string) => readFileSync(`/proc/${name}`, 'utf8')
  while (read(`${parent.pid}/comm`) !== 'sleep\n') await new Promise((resolve) => setTimeout(resolve, 1))
  parent.stdio[3]?.destroy()
  const stat = () => read(`${dead}/stat`).split(') ')[1]?.split(' ') ?? []
  while (stat()[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 1))
  writeFileSync(join(path, '.lock'), `${dead} ${stat()[19]}\n`)
  new NodeDisk(path).lock()()
  parent.kill()
})

test('a copy of a directory that is in use is free', () => {
  const [path, copy] = [directory(), directory()]
  const release = new NodeDisk(path).lock()
  cpSync(path, copy, { recursive: true })
  assert.match(readFileSync(join(copy, '.lock'), 'utf8'), new RegExp(`^${process.pid} `))
  new NodeDisk(copy).lock()()
  assert.throws(() => new NodeDisk(path).lock(), { problem: 'in-use' })
  release()
})

test('a release that is called again does not free the directory for the next holder', () => {
  const path = directory()
  const first = new NodeDisk(path).lock()
  first()
  const second = new NodeDisk(path).lock()
  first()
  assert.throws(() => new NodeDisk(path).lock(), { problem: 'in-use' })
  second()
  new NodeDisk(path).lock()()
})

test('an heir that dies before it puts its own lock in place is inherited from', () => {
  const path = directory()
  writeFileSync(join(path, '.lock'), '999999999 1 1\n')
  writeFileSync(join(path, '.lock.after-999999999-1-1'), '999999998 1 1\n')
  writeFileSync(join(path, '.lock.after-999999998-1-1'), `${process.pid} - 1\n`)
  const release = new NodeDisk(path).lock()
  assert.deepEqual(readdirSync(path), ['.lock'])
  release()
})

test('a directory that is gone is told so', () => {
  const path = directory()
  rmSync(path, { recursive: true })
  assert.throws(() => new NodeDisk(path).lock(), { name: 'DiskError', problem: 'not-found' })
})

test('of many who find the lock of a dead process at the same moment, one gets it', async () => {
  const path = directory()
  const racers = 4
  const shared = new Int32Array(new SharedArrayBuffer(5 * 4))
  const workerData = { disk: bundledDisk(), path, racers, rounds: 500, withinMs: 30_000, shared }
  const workers = Array.from({ length: racers }, () => new Worker(race, { eval: true, workerData }))
  try {
    const ended = (await Promise.all(workers.map((worker) => once(worker, 'message')))).flat()
    const held = ended[0]?.rounds.held
    assert.ok(held > 0, `${held} rounds`)
    assert.deepEqual(ended, Array(racers).fill({ failures: [], rounds: { held, free: 0, doubled: 0 } }))
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
})

/**
 * One racer: rounds of lock and release, all racers at the same step; the first of each round leaves a stale lock. They wait
 * for one another without a limit: beside programs that fill the disk one call to it was seen to take a minute, so that there
 * are as many rounds as their time allows. When one fails, the test ends the others.
 */
const race = `
const { parentPort, workerData: { path, racers, rounds, withinMs, shared, disk } } = require('node:worker_threads')
const { writeFileSync } = require('node:fs')
const [arrived, turn, holders, first, over] = [0, 1, 2, 3, 4]
const startedAt = performance.now()
const together = () => {
  const now = Atomics.load(shared, turn)
  if (Atomics.add(shared, arrived, 1) < racers - 1) {
    Atomics.wait(shared, turn, now)
    return
  }
  Atomics.store(shared, arrived, 0)
  Atomics.add(shared, turn, 1)
  Atomics.notify(shared, turn)
}
import(disk).then(({ NodeDisk }) => {
  const seen = { held: 0, free: 0, doubled: 0 }
  const failures = []
  for (let round = 0; round < rounds; round++) {
    if (Atomics.add(shared, first, 1) % racers === 0) {
      writeFileSync(path + '/.lock', '999999999 1\\n')
      Atomics.store(shared, holders, 0)
    }
    together()
    let release = () => {}
    try {
      release = new NodeDisk(path).lock()
      Atomics.add(shared, holders, 1)
    } catch (error) {
      if (error.problem !== 'in-use') failures.push(error.message)
    }
    together()
    const count = Atomics.load(shared, holders)
    seen[count === 0 ? 'free' : count === 1 ? 'held' : 'doubled'] += 1
    release()
    // Said before they meet, and heard behind it: all end with the same round.
    if (performance.now() - startedAt > withinMs) Atomics.store(shared, over, 1)
    together()
    if (Atomics.load(shared, over) === 1) break
  }
  parentPort.postMessage({ failures, rounds: seen })
})`
