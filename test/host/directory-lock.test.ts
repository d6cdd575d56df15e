import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { NodeDisk } from '../../src/host/node/disk.ts'

const root = mkdtempSync(join(tmpdir(), 'odradek-lock-'))
after(() => rmSync(root, { recursive: true }))

function directory(): string {
  return mkdtempSync(join(root, 'data-'))
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

test('a second broker in the same process is refused, also by another copy of this code in a worker thread', async () => {
  const path = directory()
  const release = new NodeDisk(path).lock()
  assert.throws(() => new NodeDisk(path).lock(), { problem: 'in-use', message: /another broker in this process/ })
  const report = "require('node:worker_threads').parentPort.postMessage"
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const program = `import(${tsx}).then(async ({ register }) => { register(); ${programThatLocks(path, '')} })
    .then(() => ${report}('locked'), (error) => ${report}(error.message))`
  const worker = new Worker(program, { eval: true })
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
