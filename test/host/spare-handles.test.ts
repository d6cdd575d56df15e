/**
 * A process that may open no more files reads what it has, writes small files, and syncs what was written: others have taken the handles,
 * and those who wait for records or for an acknowledgement need not pay for it.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../harness/paths.ts'
import { skipUnless, type Tool } from '../harness/tools.ts'

const limited: Tool = existsSync('/proc/self/fd')
  ? { found: 'sh' }
  : { missing: 'handles are limited by ulimit on Linux' }
const nodeDisk = JSON.stringify(fileURLToPath(new URL('../../src/host/node/disk.ts', import.meta.url)))

/** Gives what the program wrote, as JSON. */
function withoutHandles(directory: string, work: string): unknown {
  const program = `
    import { closeSync, openSync } from 'node:fs'
    import { NodeDisk } from ${nodeDisk}
    const disk = new NodeDisk(${JSON.stringify(directory)})
    const said = {}
    const trying = (work) => { try { return work() } catch (error) { return error.problem } }
    const write = (path) => { const file = disk.open(path, 'create'); file.append([Buffer.from(path)]); file.close() }
    const names = Array.from({ length: 12 }, (_, index) => 'file-' + index)
    names.forEach(write)
    const unlock = disk.lock()
    const taken = []
    const fillUp = () => { for (;;) { try { taken.push(openSync('/dev/null', 'r')) } catch (error) { return error.code } } }
    said.full = fillUp()
    ${work}
    process.stdout.write(JSON.stringify(said))`
  const args = ['-c', 'ulimit -n 200 && exec "$0" "$@"', process.execPath]
  const node = ['--import', 'tsx', '--input-type=module', '-e', program]
  return JSON.parse(execFileSync('sh', [...args, ...node], { encoding: 'utf8', timeout: 60_000 }))
}

test(
  'without a file handle left, what a broker opens for a moment is read and written, again and again',
  {
    skip: skipUnless(limited)
  },
  () => {
    using data = temporaryDirectory('spare')
    const said = withoutHandles(
      data.path,
      `
    said.kept = trying(() => disk.open('file-1', 'existing').sizeBytes)
    said.read = names.map((name) => trying(() => {
      const file = disk.open(name, 'existing', 'within this turn')
      const text = file.read(0, 100).toString()
      file.close()
      // Clients come all the while.
      fillUp()
      return text === name && disk.readFile(name).toString() === name
    }))
    said.absent = trying(() => disk.open('absent', 'existing', 'within this turn'))
    said.listed = trying(() => disk.list('').length >= names.length)
    said.replaced = trying(() => { disk.replaceFile('small', Buffer.from('new')); return disk.readFile('small').toString() })
    said.removed = trying(() => { disk.createDirectory('gone/in'); disk.remove('gone'); return disk.exists('gone') })
    said.more = fillUp()
    `
    )
    assert.deepEqual(said, {
      full: 'EMFILE',
      kept: 'too-many-files',
      read: Array.from({ length: 12 }, () => true),
      absent: 'not-found',
      listed: true,
      replaced: 'new',
      removed: false,
      more: 'EMFILE'
    })
  }
)

test(
  'without a file handle left, everybody who waits for a sync of a file or a directory gets it',
  {
    skip: skipUnless(limited)
  },
  () => {
    using data = temporaryDirectory('spare')
    const said = withoutHandles(
      data.path,
      `
    const kept = trying(() => disk.open('file-1', 'existing', 'within this turn'))
    const syncs = [...names.map((name) => disk.syncFile(name)), disk.syncDirectory(''), disk.syncFile('absent')]
    const outcomes = await Promise.allSettled(syncs)
    said.syncs = outcomes.map(({ reason }) => reason?.problem ?? 'done')
    said.more = fillUp()
    said.again = await disk.syncFile('file-1').then(() => 'done', ({ problem }) => problem)
    kept.close()
    `
    )
    assert.deepEqual(said, {
      full: 'EMFILE',
      syncs: [...Array.from({ length: 13 }, () => 'done'), 'not-found'],
      more: 'EMFILE',
      again: 'done'
    })
  }
)

test('the handles that are kept for that are given back when no disk is in use', { skip: skipUnless(limited) }, () => {
  using data = temporaryDirectory('spare')
  const said = withoutHandles(
    data.path,
    `
    unlock()
    unlock()
    let free = 0
    try { for (;;) { taken.push(openSync('/dev/null', 'r')); free += 1 } } catch {}
    said.areFree = free >= 2
    said.read = trying(() => disk.open('file-1', 'existing', 'within this turn'))
    `
  )
  assert.deepEqual(said, { full: 'EMFILE', areFree: true, read: 'too-many-files' })
})
