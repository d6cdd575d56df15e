/** One writer at a time for a file of stored messages. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { holderOf, lockFile } from '../../withkafka/consume/file-lock.ts'
import { LineProcess } from '../harness/child-process.ts'
import { projectDirectory, temporaryDirectory } from '../harness/paths.ts'

const module = pathToFileURL(join(projectDirectory, 'withkafka', 'consume', 'file-lock.ts')).href
const takeAndStay = `const { lockFile } = await import(${JSON.stringify(module)})
  process.stdin.once('data', () => { console.log(lockFile(process.argv[1]) ? 'taken' : 'refused') })
  console.log('ready')`

function holder(path: string): LineProcess {
  return new LineProcess(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', takeAndStay, path], {
    cwd: projectDirectory
  })
}

async function take(child: LineProcess): Promise<string | undefined> {
  await child.until((lines) => lines[0], 'ready', 60_000)
  child.send('now')
  return await child.until((lines) => lines[1], 'answer', 60_000)
}

test('a lock is refused while its holder lives, and free after kill -9', async () => {
  using directory = temporaryDirectory('lock')
  const path = join(directory.path, 'file.lock')
  const first = holder(path)
  try {
    assert.equal(await take(first), 'taken')
    assert.equal(lockFile(path), undefined)
    assert.equal(holderOf(path), String(first.pid))
  } finally {
    await first.kill()
  }
  const unlock = lockFile(path)
  assert.ok(unlock)
  unlock()
  assert.deepEqual(readdirSync(directory.path), [])
})

test('the lock of a process id that is in use again, by another process, holds nobody back', () => {
  using directory = temporaryDirectory('lock')
  const path = join(directory.path, 'file.lock')
  for (const stale of [`${process.pid} 1`, '999999999 5', '', 'rubbish']) {
    writeFileSync(path, stale)
    const unlock = lockFile(path)
    assert.ok(unlock, `over '${stale}'`)
    assert.match(readFileSync(path, 'utf8'), new RegExp(`^${process.pid} `))
    unlock()
  }
})

test('of many that want the lock of a dead process at the same moment, one gets it', async () => {
  using directory = temporaryDirectory('lock')
  const path = join(directory.path, 'file.lock')
  const children = Array.from({ length: 4 }, () => holder(path))
  try {
    for (const child of children) await child.until((lines) => lines[0], 'ready', 60_000)
    writeFileSync(path, '999999999 5')
    const answers = await Promise.all(children.map(take))
    assert.deepEqual(answers.sort(), ['refused', 'refused', 'refused', 'taken'])
  } finally {
    for (const child of children) await child.kill()
  }
})
