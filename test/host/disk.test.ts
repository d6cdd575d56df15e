/** What every disk promises (src/host/disk.ts), one suite over all of them. */
import assert from 'node:assert/strict'
import fs, { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, mock, test } from 'node:test'
import fc from 'fast-check'
import { type Disk, DiskError } from '../../src/host/disk.ts'
import { SeededChance } from '../../src/host/memory/chance.ts'
import { MemoryDisk } from '../../src/host/memory/disk.ts'
import { NodeDisk } from '../../src/host/node/disk.ts'
import { RevocableDisk } from '../../src/host/revocable/disk.ts'
import { Lease } from '../../src/host/revocable/lease.ts'
import { SimulatedDisk } from '../../src/host/simulated/disk.ts'

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

test('a power cut takes what was not synced, and nothing that was', () => {
  fc.assert(
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

test(
  'a directory that the system will not make is refused at once',
  { skip: !existsSync('/proc/self') && 'no /proc' },
  () => {
    const disk = new NodeDisk('/proc/odradek')
    assert.throws(() => disk.createDirectory(''), DiskError)
  }
)
