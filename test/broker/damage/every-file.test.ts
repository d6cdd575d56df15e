/**
 * Each file of a data directory is damaged in turn, in every way and at every place, after a clean stop and after a kill. Then
 * a broker starts. What it serves is what was acknowledged, to the byte; what it cannot serve it refuses, and tells of once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { type Disk, DiskError } from '../../../src/host/disk.ts'
import { ErrorCode } from '../../../src/protocol/error-codes.ts'
import { damages } from './kinds.ts'
import {
  append,
  committed,
  diskWith,
  filesOf,
  groups,
  makeScene,
  offsetOf,
  type PartitionPromise,
  readAll,
  type Scene,
  type Stop,
  startMs,
  startOn
} from './scene.ts'

/**
 * Of so many bytes one is damaged: every one with DAMAGE=all, which takes hours, and others with DAMAGE=NUMBER. Of a small file
 * more, as text has no checksum; of a large one less.
 */
const { DAMAGE = '0' } = process.env
const isThorough = DAMAGE === 'all'
const seed = isThorough ? 0 : Number(DAMAGE)
const stretchesOfLarge = 25

function stepFor(sizeBytes: number): number {
  if (isThorough) return Math.max(1, Math.ceil(sizeBytes / 5000))
  return Math.max(sizeBytes < 100 ? 5 : 31, Math.ceil(sizeBytes / stretchesOfLarge))
}

for (const stop of ['clean', 'kill'] as const satisfies readonly Stop[]) {
  test(`after a ${stop === 'clean' ? 'clean stop' : 'kill'}, whatever is damaged in whichever file, nothing wrong is served`, async (t) => {
    const scene = await makeScene(stop)
    const whole = await look(scene, scene.files)
    assert.deepEqual(whole.offline, [], 'nothing is offline when nothing is damaged')
    const isTrimmed = [...scene.files.keys()].some((path) => path.endsWith('.checkpoint'))
    assert.ok(isTrimmed, 'a snapshot stands for the beginning of the metadata')
    for (const path of scene.files.keys()) {
      if (path === '.address') continue
      await t.test(path, () => damageFile(scene, path))
    }
  })
}

for (const stop of ['clean', 'kill'] as const satisfies readonly Stop[]) {
  test(`after a ${stop === 'clean' ? 'clean stop' : 'kill'}, a directory that is missing is not taken for a new one`, async () => {
    const scene = await makeScene(stop)
    for (const directory of new Set([...scene.files.keys()].map((path) => path.split('/')[0] ?? ''))) {
      const files = new Map([...scene.files].filter(([path]) => !path.startsWith(`${directory}/`)))
      if (files.size === scene.files.size) continue
      const { refused, offline, lines } = await look(scene, files)
      if (directory === '__cluster_metadata-0') assert.match(String(refused?.message), /__cluster_metadata-0/)
      // No group has its offsets in the second one, which is empty.
      else if (directory === '__consumer_offsets-1') assert.equal(lines.length, 1, `${directory}: ${lines}`)
      else assert.deepEqual(offline, [directory], `${directory}: ${lines}`)
    }
  })
}

async function damageFile(scene: Scene, path: string): Promise<void> {
  const bytes = scene.files.get(path) ?? Buffer.alloc(0)
  const stepBytes = stepFor(bytes.length)
  const failures: string[] = []
  for (const { what, bytes: damaged } of damages(bytes, twinOf(scene, path), { stepBytes, seed })) {
    if (damaged?.equals(bytes)) continue
    const files = new Map(scene.files)
    if (damaged === null) files.delete(path)
    else files.set(path, damaged)
    await assertHonest(scene, path, files).catch((error: unknown) => {
      failures.push(`${what}: ${error instanceof Error ? error.message : error}`)
    })
  }
  assert.equal(failures.length, 0, `${failures.length} failures\n${failures.slice(0, 8).join('\n\n')}`)
}

/** The file of the same name in another partition, which holds other records. */
function twinOf(scene: Scene, path: string): Buffer | undefined {
  const [directory, name] = path.split('/')
  if (name === undefined) return undefined
  for (const [other, bytes] of scene.files) {
    if (other !== path && other.endsWith(`/${name}`) && !other.startsWith(`${directory}/`)) return bytes
  }
  return undefined
}

async function assertHonest(scene: Scene, path: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const [directory = '', name] = path.split('/')
  const { refused, changed, offline, lines } = await look(scene, files)
  if (refused !== null) {
    assert.ok(refused instanceof DiskError, refused.stack)
    assert.deepEqual(changed, [], 'a start that is refused changes nothing but what is made anew from the log')
    assert.ok(directory === '__cluster_metadata-0' || path === 'meta.properties', `not started: ${refused.message}`)
    assert.ok(refused.message.includes(directory), refused.message)
    return
  }
  // A checkpoint of the whole directory may be wrong about any of its partitions.
  const isOfAll = name === undefined
  for (const partition of offline) {
    if (!isOfAll) assert.equal(partition, directory, `offline: ${offline}`)
    const told = lines.filter((line) => line.startsWith(`${partition} is offline: `))
    assert.equal(told.length, 1, `${partition} is told of once: ${lines}`)
    assert.ok(told[0]?.includes(isOfAll ? partition : directory), told[0])
    assert.match(told[0] ?? '', /is damaged.*(Restore|restore)/)
  }
  assert.equal(new Set(lines).size, lines.length, `told twice: ${lines}`)
}

interface Look {
  /** Why the broker did not start. */
  readonly refused: Error | null
  /** What a start that was refused has changed of what it cannot make anew. */
  readonly changed: readonly string[]
  readonly offline: readonly string[]
  readonly lines: readonly string[]
}

/** Reads everything back, in every way; throws when anything is not as it was acknowledged and no error says so. */
async function look(scene: Scene, files: ReadonlyMap<string, Buffer>): Promise<Look> {
  const disk = diskWith(files)
  const started = await startOn(scene, disk).catch((error: unknown) => error)
  if (started instanceof Error) return { refused: started, changed: changesOf(disk, files), offline: [], lines: [] }
  const { broker, lines } = started as Awaited<ReturnType<typeof startOn>>
  try {
    const offline: string[] = []
    for (const promise of scene.promises) if (!(await isServed(broker, promise, lines))) offline.push(nameOf(promise))
    for (const groupId of groups) {
      const { error, offset } = await committed(broker, groupId)
      if (error === ErrorCode.NONE) assert.equal(offset, 8, `what ${groupId} had committed`)
      else assert.equal(error, ErrorCode.NOT_COORDINATOR)
    }
    for (const partition of [0, 1]) {
      if (broker.hosted('__consumer_offsets', partition).kind === 'offline')
        offline.push(`__consumer_offsets-${partition}`)
    }
    await broker.stop()
    await assertStays(scene, disk, offline)
    return { refused: null, changed: [], offline, lines }
  } finally {
    await broker.stop()
  }
}

/** What a start makes anew, whether or not it is refused later. */
const madeAnew = /\.(index|timeindex|txnindex|snapshot)$|\/leader-epoch-checkpoint$/

function changesOf(disk: Disk, before: ReadonlyMap<string, Buffer>): string[] {
  const after = filesOf(disk)
  const isChanged = (path: string): boolean => {
    const [was, is] = [before.get(path), after.get(path)]
    return was === undefined || is === undefined || !was.equals(is)
  }
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => isChanged(path) && !madeAnew.test(path))
}

/** What one start has mended the next one finds in order. */
async function assertStays(scene: Scene, disk: Disk, offline: readonly string[]): Promise<void> {
  const { broker, lines } = await startOn(scene, disk)
  try {
    for (const promise of scene.promises) {
      if (offline.includes(nameOf(promise))) continue
      const { error, bytes } = await readAll(broker, promise)
      assert.equal(error, ErrorCode.NONE, `${nameOf(promise)} after the next start: ${lines}`)
      assert.ok(bytes.equals(promise.bytes), `${nameOf(promise)} is read as it was after the next start`)
    }
    if (offline.length === 0) assert.deepEqual(lines, [], 'the next start has nothing to tell')
  } finally {
    await broker.stop()
  }
}

function nameOf({ topic, partition }: PartitionPromise): string {
  return `${topic}-${partition}`
}

/** False when it answers KAFKA_STORAGE_ERROR. */
async function isServed(broker: Broker, promise: PartitionPromise, lines: readonly string[]): Promise<boolean> {
  const name = nameOf(promise)
  const errors: number[] = []
  for (const timestamp of [startMs, startMs + 3000, startMs + 8000, startMs + 9000]) {
    const { error, offset } = await offsetOf(broker, promise, timestamp)
    errors.push(error)
    if (error !== ErrorCode.NONE) continue
    // Where it begins is told by two files without a checksum: where they disagree the earlier is taken, and told.
    const isEarlier = offset >= 0 && offset < promise.startOffset
    if (isEarlier && saysSo(lines, 'log-start-offset-checkpoint')) continue
    assert.equal(offset, offsetAt(promise, timestamp), `${name} at ${timestamp - startMs} ms`)
  }
  const read = await readAll(broker, promise)
  errors.push(read.error)
  if (read.error === ErrorCode.NONE) assert.ok(read.bytes.equals(promise.bytes), `${name} is read as it was`)
  else
    assert.ok(promise.bytes.subarray(0, read.bytes.length).equals(read.bytes), `${name} is read as far as it is whole`)
  const more = await append(broker, promise, startMs + 9000, 'more')
  errors.push(more.error)
  if (more.error === ErrorCode.NONE) assert.equal(more.offset, promise.endOffset, `the next offset of ${name}`)
  const isOnline = errors.every((error) => error === ErrorCode.NONE)
  if (!isOnline)
    for (const error of errors)
      assert.ok(error === ErrorCode.NONE || error === ErrorCode.KAFKA_STORAGE_ERROR, `${name}: ${error}`)
  return isOnline
}

function saysSo(lines: readonly string[], file: string): boolean {
  return lines.some((line) => line.includes(`/${file} is damaged`))
}

/** The first record that is not older; each round's records have a second of their own. */
function offsetAt({ bytes, startOffset }: PartitionPromise, timestamp: number): number {
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    const first = Number(bytes.readBigInt64BE(at))
    if (Number(bytes.readBigInt64BE(at + 35)) >= timestamp) return Math.max(first, startOffset)
  }
  return -1
}
