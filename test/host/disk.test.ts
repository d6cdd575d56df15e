/** What every disk promises (src/host/disk.ts), one suite over all of them. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs, {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, mock, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Disk, DiskError } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { RevocableDisk } from '../../src/host/revocable/disk.ts'
import { Lease } from '../../src/host/revocable/lease.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import * as fc from '../harness/properties.ts'

const root = mkdtempSync(join(tmpdir(), 'odradek-disk-'))
after(() => rmSync(root, { recursive: true }))
let count = 0

const disks: Readonly<Record<string, () => Disk>> = {
  memory: () => new MemoryDisk(),
  simulated: () => new SimulatedDisk(),
  revocable: () => new RevocableDisk(new MemoryDisk(), new Lease()),
  node: () => {
    const disk = new NodeDisk(join(root, String(count++)))
    disk.createDirectory('')
    return disk
  }
}

for (const [kind, make] of Object.entries(disks)) {
  describe(kind, () => {
    test('an open file tells whether it is still where it was, under the name that it has now', () => {
      const disk = make()
      disk.createDirectory('t-0')
      const file = disk.open('t-0/a.log', 'create')
      file.append([Buffer.from('a')])
      const looks = (path: string) => [file.isAt(path), file.look(path) === 'as written']
      assert.deepEqual(looks('t-0/a.log'), [true, true])
      disk.rename('t-0/a.log', 't-0/b.log')
      assert.deepEqual(
        [looks('t-0/a.log'), looks('t-0/b.log')],
        [
          [false, false],
          [true, true]
        ]
      )
      disk.rename('t-0', 't-1')
      assert.deepEqual(
        [looks('t-0/b.log'), looks('t-1/b.log')],
        [
          [false, false],
          [true, true]
        ]
      )
      disk.replaceFile('t-1/b.log', Buffer.from('a'))
      assert.deepEqual(looks('t-1/b.log'), [true, false])
      disk.remove('t-1')
      assert.deepEqual(looks('t-1/b.log'), [false, false])
      file.close()
    })

    // What is in memory is nobody else's.
    if (kind === 'simulated' || kind === 'node')
      test('an open file tells whether somebody else has cut it', () => {
        const disk = make()
        const file = disk.open('a.log', 'create')
        file.append([Buffer.from('abc')])
        file.truncate(2)
        assert.equal(file.look('a.log'), 'as written')
        const others = disk.open('a.log', 'existing')
        others.truncate(1)
        assert.deepEqual([file.look('a.log'), file.sizeBytes], ['shorter', 2])
        // What is appended goes on where the file ended.
        file.append([Buffer.from('d')])
        assert.deepEqual([file.look('a.log'), file.sizeBytes], ['as written', 3])
        assert.deepEqual(file.read(0, 3), Buffer.from('a\0d'))
        for (const open of [file, others]) open.close()
      })

    test('a file is what its appends, cuts and overwrites made of it, as a plain buffer would be', () => {
      const bytes = fc.uint8Array({ maxLength: 300 })
      const step = fc.oneof(
        fc.array(bytes, { maxLength: 4 }).map((chunks) => ({ kind: 'append' as const, chunks })),
        fc.double({ min: 0, max: 1, noNaN: true }).map((part) => ({ kind: 'truncate' as const, part })),
        fc
          .tuple(fc.double({ min: 0, max: 1, noNaN: true }), bytes)
          .map(([part, patch]) => ({ kind: 'patch' as const, part, patch })),
        fc.constant({ kind: 'reopen' as const })
      )
      fc.assert(
        fc.property(fc.array(step, { maxLength: 25 }), fc.nat(2000), fc.nat(2000), (steps, from, length) => {
          const disk = make()
          let file = disk.open('file', 'create')
          let model: Buffer = Buffer.alloc(0)
          for (const action of steps) {
            if (action.kind === 'append') {
              file.append(action.chunks)
              model = Buffer.concat([model, ...action.chunks])
            } else if (action.kind === 'truncate') {
              const size = Math.floor(action.part * model.length)
              file.truncate(size)
              model = model.subarray(0, size)
            } else if (action.kind === 'patch') {
              const position = Math.floor(action.part * model.length)
              const patch = action.patch.subarray(0, model.length - position)
              file.writeAt(position, patch)
              model = Buffer.concat([model.subarray(0, position), patch, model.subarray(position + patch.length)])
            } else {
              file.close()
              file = disk.open('file', 'existing')
            }
            assert.equal(file.sizeBytes, model.length)
          }
          assert.deepEqual(file.read(from, length), Buffer.from(model.subarray(from, from + length)))
          assert.deepEqual(disk.readFile('file'), Buffer.from(model))
          assert.equal(disk.sizeOf('file'), model.length)
          file.close()
        }),
        { numRuns: kind === 'node' ? 40 : 150 }
      )
    })

    test('bytes that were read stay as they were, whatever happens to the file', () => {
      const disk = make()
      const file = disk.open('file', 'create')
      file.append([Buffer.from('abcdef')])
      const read = file.read(0, 6)
      file.writeAt(0, Buffer.from('xyz'))
      file.truncate(2)
      file.append([Buffer.from('!!!!')])
      assert.equal(read.toString(), 'abcdef')
      assert.equal(disk.readFile('file').toString(), 'xy!!!!')
      file.close()
    })

    test('the caller may use the memory of what it appended again', () => {
      for (const sizeBytes of [10, 200_000]) {
        const disk = make()
        const file = disk.open('file', 'create')
        const bytes = Buffer.alloc(sizeBytes, 1)
        file.append([bytes])
        bytes.fill(2)
        assert.ok(file.read(0, sizeBytes).every((byte) => byte === 1))
        file.close()
      }
    })

    test('directories are made with their parents, listed sorted, and removed with all in them', () => {
      const disk = make()
      disk.createDirectory('a/b/c')
      disk.createDirectory('a/b')
      disk.open('a/b/2', 'create').close()
      disk.open('a/b/1', 'create').close()
      assert.deepEqual(disk.list('a/b'), ['1', '2', 'c'])
      assert.deepEqual(disk.list(''), ['a'])
      assert.deepEqual(disk.list('nowhere'), [])
      disk.rename('a/b', 'a/d')
      assert.deepEqual([disk.list('a'), disk.list('a/d'), disk.exists('a/b/1')], [['d'], ['1', '2', 'c'], false])
      disk.remove('a')
      disk.remove('a')
      assert.deepEqual([disk.exists('a'), disk.exists('a/d/1')], [false, false])
    })

    test('with many directories, each look and each change is about its own', { timeout: 120_000 }, () => {
      // Where each step walks all that there is, this takes minutes; where it does not, less than a second.
      const directories = kind === 'node' ? 300 : 10_000
      const disk = make()
      for (let index = 0; index < directories; index++) {
        const directory = `topic-${index}`
        disk.createDirectory(directory)
        for (const name of ['a.log', 'b.index']) disk.open(`${directory}/${name}`, 'create').close()
        disk.rename(`${directory}/a.log`, `${directory}/c.log`)
        assert.equal(disk.exists(`${directory}/a.log`), false)
        assert.deepEqual(disk.list(directory), ['b.index', 'c.log'])
      }
      assert.equal(disk.list('').length, directories)
      for (let index = 0; index < directories; index++) disk.remove(`topic-${index}`)
      assert.deepEqual(disk.list(''), [])
    })

    test('renaming and replacing leave one whole file', async () => {
      const disk = make()
      disk.replaceFile('old', Buffer.from('old'))
      disk.replaceFile('new', Buffer.from('new'))
      disk.rename('new', 'old')
      assert.deepEqual(disk.list(''), ['old'])
      disk.replaceFile('old', Buffer.from('newest'))
      assert.equal(disk.readFile('old').toString(), 'newest')
      await disk.syncDirectory('')
    })

    test('what is not there is told as not-found, and null as a size', () => {
      const disk = make()
      assert.throws(() => disk.open('missing', 'existing'), { name: 'DiskError', problem: 'not-found' })
      assert.throws(() => disk.readFile('missing'), { name: 'DiskError', problem: 'not-found' })
      assert.throws(() => disk.rename('missing', 'there'), { name: 'DiskError', problem: 'not-found' })
      assert.equal(disk.sizeOf('missing'), null)
    })

    test('only one broker has a disk at a time', () => {
      const disk = make()
      const release = disk.lock()
      assert.throws(() => disk.lock(), { name: 'DiskError', problem: 'in-use' })
      release()
      disk.lock()()
    })

    test('closing a file while it is being synced waits for the sync', async () => {
      const disk = make()
      for (let round = 0; round < 20; round++) {
        const file = disk.open(`file-${round}`, 'create')
        file.append([Buffer.alloc(10_000)])
        const synced = file.sync()
        file.close()
        disk.open(`other-${round}`, 'create').close()
        await synced
      }
    })
  })
}

test('what the system writes and reads in pieces is whole, and in its order', () => {
  const disk = new NodeDisk(join(root, 'in pieces'))
  disk.createDirectory('')
  const { writevSync, readSync } = fs
  const chunks = ['ab', 'cdefgh', 'i', '', 'jklmnopqrst', 'uvw'].map((text) => Buffer.from(text))
  // Each gives how many bytes it were, which may be fewer than was asked for; here one more each time.
  let pieceBytes = 4
  mock.method(fs, 'writevSync', (handle: number, buffers: readonly Buffer[], position: number) =>
    writevSync(handle, [Buffer.concat(buffers).subarray(0, pieceBytes++)], position)
  )
  mock.method(fs, 'readSync', (handle: number, buffer: Buffer, at: number, lengthBytes: number, position: number) =>
    readSync(handle, buffer, at, Math.min(lengthBytes, pieceBytes++), position)
  )
  syncBuiltinESMExports()
  try {
    const file = disk.open('file', 'create')
    file.append(chunks)
    assert.equal(String(file.read(0, 100)), 'abcdefghijklmnopqrstuvw')
    pieceBytes = 4
    assert.equal(String(file.read(3, 12)), 'defghijklmno')
    file.close()
  } finally {
    mock.restoreAll()
    syncBuiltinESMExports()
  }
  assert.equal(String(disk.readFile('file')), 'abcdefghijklmnopqrstuvw')
})

test('a power cut takes what was not synced, and nothing that was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 20 }), fc.nat(), async (sizes, seed) => {
      const disk = new SimulatedDisk()
      const file = disk.open('file', 'create')
      await disk.syncDirectory('')
      let synced = 0
      for (const [index, size] of sizes.entries()) {
        file.append([Buffer.alloc(size, index + 1)])
        if (index % 3 === 0) {
          await file.sync()
          synced = file.sizeBytes
        }
      }
      const before = disk.readFile('file')
      const left = disk.powerCut(new SeededChance(seed)).readFile('file')
      assert.deepEqual(left.subarray(0, synced), before.subarray(0, synced))
      assert.ok(left.length >= synced && left.length <= before.length)
    })
  )
})

test('a sync of names that begins later and ends later has what was renamed before it', async () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const disk = new SimulatedDisk()
    const ends: (() => void)[] = []
    disk.syncing = () => new Promise((resolve) => ends.push(resolve))
    disk.replaceFile('file', Buffer.from('old'))
    disk.replaceFile('new', Buffer.from('new'))
    const earlier = disk.syncDirectory('')
    disk.rename('new', 'file')
    const later = disk.syncDirectory('')
    for (const end of ends) end()
    await Promise.all([earlier, later])
    assert.equal(String(disk.powerCut(new SeededChance(seed)).readFile('file')), 'new')
  }
})

test('what was cut off and not synced may be there after a power cut, also of bytes that never were synced', async () => {
  const after = async (cut: (disk: SimulatedDisk) => Promise<void>): Promise<Set<string>> => {
    const left = new Set<string>()
    for (let seed = 0; seed < 50; seed += 1) {
      const disk = new SimulatedDisk()
      disk.open('file', 'create').append([Buffer.from('a')])
      await disk.open('file', 'existing').sync()
      await disk.syncDirectory('')
      await cut(disk)
      left.add(String(disk.powerCut(new SeededChance(seed)).readFile('file')))
    }
    return left
  }
  const writeAndCut = (disk: SimulatedDisk) => {
    const file = disk.open('file', 'existing')
    file.append([Buffer.from('b')])
    file.truncate(1)
    return file
  }
  assert.ok((await after(async (disk) => void writeAndCut(disk))).has('ab'))
  assert.deepEqual(await after((disk) => writeAndCut(disk).sync()), new Set(['a']))
  // What there was room for is written, and cut off again.
  const refused = await after(async (disk) => {
    disk.freeBytes = 1
    assert.throws(() => disk.open('file', 'existing').append([Buffer.from('bc')]), DiskError)
  })
  assert.ok(refused.has('ab'))
})

test(
  'a directory that the system will not make is refused at once',
  { skip: !existsSync('/proc/self') && 'no /proc' },
  () => {
    const disk = new NodeDisk('/proc/odradek')
    assert.throws(() => disk.createDirectory(''), DiskError)
  }
)

test('nothing makes a root anew that is locked: what cannot be made says that the root is gone', () => {
  const place = join(root, 'locked')
  const disk = new NodeDisk(place)
  disk.createDirectory('')
  const release = disk.lock()
  disk.createDirectory('topic-0')
  rmSync(place, { recursive: true })
  const gone = { name: 'DiskError', problem: 'gone', message: /locked is gone: it was removed, renamed or replaced/ }
  assert.throws(() => disk.assertInPlace(), gone)
  assert.throws(() => disk.createDirectory('topic-1'), gone)
  assert.throws(() => disk.open('topic-0/0.log', 'create'), gone)
  assert.throws(() => disk.replaceFile('checkpoint', Buffer.from('0')), gone)
  disk.createDirectory('')
  assert.equal(existsSync(place), false)
  release()
  disk.createDirectory('')
  assert.deepEqual(readdirSync(place), [], 'whoever has given it free may make it')
})

test('a root is the one that was locked through whatever is done in it, and no other that has its name or number', () => {
  const place = join(root, 'its name')
  const disk = new NodeDisk(place)
  disk.createDirectory('')
  const release = disk.lock()
  disk.open('file', 'create').close()
  disk.remove('file')
  disk.remove('.lock')
  disk.assertInPlace()
  rmSync(place, { recursive: true })
  // Many file systems give it the number that has just become free.
  mkdirSync(place)
  assert.throws(() => disk.assertInPlace(), { problem: 'gone' })
  writeFileSync(join(place, '.lock'), 'of another')
  release()
  assert.deepEqual(readdirSync(place), ['.lock'], 'the lock of another is left')
})

/** A root that is served by the name `place`, and then replaced by a copy of itself with its lock. */
const replacedByItsCopy: Readonly<Record<string, (place: string) => NodeDisk>> = {
  'a directory': (place) => {
    const disk = new NodeDisk(place)
    disk.createDirectory('')
    disk.lock()
    cpSync(place, `${place} copied`, { recursive: true })
    renameSync(place, `${place} before`)
    renameSync(`${place} copied`, place)
    return disk
  },
  'a link': (place) => {
    mkdirSync(`${place} one`)
    symlinkSync(`${place} one`, place)
    const disk = new NodeDisk(place)
    disk.lock()
    cpSync(`${place} one`, `${place} two`, { recursive: true })
    rmSync(place)
    symlinkSync(`${place} two`, place)
    return disk
  }
}

for (const [what, replaced] of Object.entries(replacedByItsCopy)) {
  test(`a root that was replaced by a copy of itself with its lock is gone: ${what}`, () => {
    const disk = replaced(join(root, `copy of ${what}`))
    assert.throws(() => disk.assertInPlace(), { problem: 'gone' })
  })
}

test('where the file system numbers directories anew the lock says that it is the same (FUSE)', (context) => {
  const disk = replacedByItsCopy['a directory']?.(join(root, 'numbered anew'))
  context.mock.method(fs, 'statfsSync', () => ({ type: 0x65735546 }))
  syncBuiltinESMExports()
  disk?.assertInPlace()
  context.mock.restoreAll()
  syncBuiltinESMExports()
  assert.throws(() => disk?.assertInPlace(), { problem: 'gone' })
})

test(
  'of a file whose path cannot be looked at nobody says that it is gone',
  { skip: process.platform === 'win32' },
  () => {
    const disk = new NodeDisk(join(root, String(count++)))
    disk.createDirectory('t-0')
    const file = disk.open('t-0/a.log', 'create')
    disk.rename('t-0', 't-1')
    // A link to itself.
    symlinkSync('t-0', join(disk.location, 't-0'))
    assert.deepEqual([file.isAt('t-0/a.log'), file.look('t-0/a.log')], [true, 'as written'])
    file.close()
  }
)

test(
  'a pipe in the place of a file is told as what it is, and nobody waits for it',
  {
    skip: process.platform === 'win32',
    timeout: 30_000
  },
  () => {
    const program = `
    import { execFileSync } from 'node:child_process'
    import { NodeDisk } from ${JSON.stringify(fileURLToPath(new URL('../../src/host/node/disk.ts', import.meta.url)))}
    const [root] = process.argv.slice(-1)
    execFileSync('mkfifo', [root + '/pipe'])
    const disk = new NodeDisk(root)
    for (const use of [() => disk.readFile('pipe'), () => disk.open('pipe', 'existing'), () => disk.open('pipe', 'create')])
      try { use(); console.log('read') } catch (error) { console.log(error.problem, error.message) }`
    using data = temporaryDirectory('pipe')
    const args = ['--import', 'tsx', '--input-type=module', '-e', program, data.path]
    // Ended from outside: whoever waits for a pipe waits within the system.
    const said = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' })
    const told = `failed ${data.path}/pipe: It is a pipe (FIFO), where a file belongs. Move it away, then start again.`
    assert.deepEqual(said.trim().split('\n'), [told, told, told])
  }
)
