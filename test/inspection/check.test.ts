/**
 * Each file of a data directory is damaged in turn, in every way and at every place: `check` names the file, changes nothing, and
 * says no word of a directory that is whole.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SimulatedDisk } from '../../src/host/simulated/disk.ts'
import { type CheckSummary, checkDirectory } from '../../src/inspection/check/check.ts'
import type { Finding } from '../../src/inspection/check/finding.ts'
import { damages } from '../broker/damage/kinds.ts'
import { diskWith, filesOf, makeScene, type Scene, type Stop, startOn } from '../broker/damage/scene.ts'

const stepBytes = (sizeBytes: number): number => Math.max(sizeBytes < 100 ? 5 : 31, Math.ceil(sizeBytes / 40))

/** What a broker makes anew without a word, or what says nothing that could be wrong. */
const unchecked = /^(\.address|\.reserve|\.lock|\.kafka_cleanshutdown)$/

interface Looked {
  readonly findings: readonly Finding[]
  readonly summary: CheckSummary
}

function look(disk: SimulatedDisk, { nowMs }: Scene): Looked {
  const findings: Finding[] = []
  const steps = checkDirectory(disk, { nowMs })
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return { findings, summary: step.value }
    if (step.value.kind === 'finding') findings.push(step.value.finding)
  }
}

function twinOf(scene: Scene, path: string): Buffer | undefined {
  const [directory, name] = path.split('/')
  for (const [other, bytes] of scene.files) {
    if (name !== undefined && other.endsWith(`/${name}`) && !other.startsWith(`${directory}/`)) return bytes
  }
  return undefined
}

for (const stop of ['clean', 'kill'] as const satisfies readonly Stop[]) {
  test(`a directory that a ${stop === 'clean' ? 'clean stop' : 'kill'} left is healthy`, async () => {
    const scene = await makeScene(stop)
    const { findings, summary } = look(diskWith(scene.files), scene)
    assert.deepEqual(findings, [])
    assert.equal(summary.shutdown, stop === 'clean' ? 'clean' : 'unclean')
    assert.equal(summary.partitionCount, 6)
    assert.ok(summary.recordCount > 100)
  })
}

test('a controller of Kafka alone, which writes on behind the mark of a clean stop, leaves a healthy directory', async () => {
  const scene = await makeScene('clean')
  const checkpoint = 'recovery-point-offset-checkpoint'
  const told = scene.files.get(checkpoint)?.toString('utf8') ?? ''
  const earlier = told.replace(/^(__cluster_metadata 0) \d+$/m, '$1 1')
  assert.notEqual(earlier, told)
  const { findings } = look(diskWith(new Map(scene.files).set(checkpoint, Buffer.from(earlier))), scene)
  assert.deepEqual(findings, [])
})

test('a partition of Kafka that no record and no epoch has come to, whose list of epochs is an empty file, is healthy', async () => {
  const scene = await makeScene('clean')
  const kept = [...scene.files].filter(([path]) => !path.startsWith('payments-0/') || /metadata$/.test(path))
  const files = new Map(kept)
  files.set('payments-0/00000000000000000000.log', Buffer.alloc(0))
  files.set('payments-0/leader-epoch-checkpoint', Buffer.alloc(0))
  const checkpoint = 'recovery-point-offset-checkpoint'
  const told = scene.files.get(checkpoint)?.toString('utf8') ?? ''
  const empty = told.replace(/^(payments 0) \d+$/m, '$1 0')
  assert.notEqual(empty, told)
  const { findings } = look(diskWith(files.set(checkpoint, Buffer.from(empty))), scene)
  assert.deepEqual(findings, [])
})

test('after a clean stop, whatever is damaged in whichever file is found, and told of that file', async (t) => {
  const scene = await makeScene('clean')
  for (const [path, bytes] of scene.files) {
    if (unchecked.test(path)) continue
    await t.test(path, () => {
      const missed: string[] = []
      for (const { what, bytes: damaged } of damages(bytes, twinOf(scene, path), {
        stepBytes: stepBytes(bytes.length),
        seed: 0
      })) {
        if (damaged?.equals(bytes) || isHarmless(path, what, damaged, bytes)) continue
        const files = new Map(scene.files)
        if (damaged === null) files.delete(path)
        else files.set(path, damaged)
        const disk = diskWith(files)
        const { findings } = look(disk, scene)
        const isTold = findings.some((finding) => isAbout(finding, path))
        if (!isTold) missed.push(`${what}: ${JSON.stringify(findings)}`)
        assert.deepEqual(filesOf(disk), filesOf(diskWith(files)), 'nothing is changed')
      }
      assert.deepEqual(missed, [])
    })
  }
})

/** A file that is gone is told as such, or by what it leaves undone in the directory. */
function isAbout({ path, what }: Finding, damaged: string): boolean {
  const [directory = ''] = damaged.split('/')
  return path === damaged || path.startsWith(directory) || what.includes(directory)
}

/** What a broker cannot tell from what it may have written, and what says the same. */
function isHarmless(path: string, what: string, damaged: Buffer | null, bytes: Buffer): boolean {
  const isGone = what === 'removed' || what === 'emptied'
  // No snapshot has to be there, nor a list of offsets: the log says the same. An index of few records has no entries.
  if (isGone && /\.snapshot$|checkpoint$/.test(path)) return true
  if (isGone && /index$/.test(path) && bytes.length === 0) return true
  if (what === 'emptied' && path.endsWith('.index')) return true
  // An offset in a text has no checksum; one that could be is taken.
  if (/checkpoint$|\.properties$|quorum-state$/.test(path)) return true
  // What Kafka has not used of an index is zeros.
  if (/index$/.test(path)) {
    const isCut = damaged !== null && damaged.length < bytes.length && bytes.subarray(0, damaged.length).equals(damaged)
    return isCut || what.includes('zeros')
  }
  return false
}

test('whatever keeps a broker from serving is found as damage', async (t) => {
  const scene = await makeScene('clean')
  for (const path of scene.files.keys()) {
    if (!/\.log$/.test(path)) continue
    await t.test(path, async () => {
      const bytes = scene.files.get(path) ?? Buffer.alloc(0)
      for (const { what, bytes: damaged } of damages(bytes, undefined, { stepBytes: bytes.length, seed: 3 })) {
        const files = new Map(scene.files)
        if (damaged === null) files.delete(path)
        else files.set(path, damaged)
        const { findings } = look(diskWith(files), scene)
        const started = await startOn(scene, diskWith(files)).catch(() => null)
        const lines = started?.lines ?? ['it did not start']
        await started?.broker.stop()
        const isOffline = started === null || lines.some((line) => line.includes('is offline'))
        if (isOffline)
          assert.ok(
            findings.some(({ severity }) => severity === 'damaged'),
            `${what}: ${lines}`
          )
      }
    })
  }
})
