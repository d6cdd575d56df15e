/** A file where a directory belongs, or the other way round: what it is stands in what is told, and the rest serves where it can. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startKafka } from '../../src/index.ts'
import { temporaryDirectory } from '../harness/paths.ts'

const scratch = temporaryDirectory('in-place')
const [one, three] = [join(scratch.path, 'one'), join(scratch.path, 'three')]
const segment = 'orders-0/00000000000000000000'

before(async () => {
  await (await startKafka({ directory: one, topics: { orders: 1, other: 1 } })).stop()
  await (await startKafka({ directory: three, brokers: 3 })).stop()
})
after(() => scratch.remove())

let count = 0

/** A copy of the directory in which something else stands in the place of `name`. */
function copyWith(kind: 'a file' | 'a directory', original: string, name: string): string {
  const directory = join(scratch.path, `copy-${count++}`)
  cpSync(original, directory, { recursive: true })
  rmSync(join(directory, name), { recursive: true, force: true })
  if (kind === 'a file') writeFileSync(join(directory, name), '')
  else mkdirSync(join(directory, name))
  return directory
}

/** What is told of a start, and whether it has served. */
async function startOn(directory: string, brokers = 1): Promise<{ readonly served: boolean; readonly told: string }> {
  const lines: string[] = []
  try {
    await using _ = await startKafka({ directory, brokers, log: (line) => lines.push(line) })
    return { served: true, told: lines.join('\n') }
  } catch (error) {
    return { served: false, told: error instanceof Error ? error.message : String(error) }
  }
}

test('a file in place of the data directory, or on the way to it, is named as a file', async () => {
  const file = join(scratch.path, 'file')
  writeFileSync(file, '')
  for (const directory of [file, join(file, 'below')]) {
    const { served, told } = await startOn(directory)
    assert.deepEqual([served, told.split('\n')[0]], [false, `${file} is a file, where a directory belongs.`])
    assert.match(told, /try: Move it away, or choose another directory\./)
  }
})

for (const [name, brokers, original] of [
  ['__cluster_metadata-0', 1, one],
  ['broker-2', 3, three],
  ['controller', 3, three]
] as const) {
  test(`a file in place of ${name} keeps the start from going on, and is named as a file`, async () => {
    const directory = copyWith('a file', original, name)
    const { served, told } = await startOn(directory, brokers)
    assert.deepEqual(
      [served, told.split('\n')[0]],
      [false, `${directory}/${name} is a file, where a directory belongs.`]
    )
  })
}

test("a file in place of a partition's directory takes that partition offline, and is named as a file", async () => {
  const directory = copyWith('a file', one, 'orders-0')
  const { served, told } = await startOn(directory)
  assert.equal(served, true)
  assert.match(told, /^orders-0 is offline: .*orders-0 is a file, where a directory belongs\. Move it away/)
})

for (const name of [
  `${segment}.log`,
  `${segment}.index`,
  `${segment}.timeindex`,
  'orders-0/partition.metadata',
  'orders-0/leader-epoch-checkpoint'
]) {
  test(`a directory in place of ${name} takes that partition offline, and is named as a directory`, async () => {
    const { served, told } = await startOn(copyWith('a directory', one, name))
    assert.equal(served, true)
    assert.match(
      told,
      RegExp(`^orders-0 is offline: .*${name}: It is a directory, where a file belongs\\. Move it away`)
    )
    assert.equal(told.split('\n').length, 1, told)
  })
}

for (const name of [`${segment}.index.swap`, `${segment}.index`]) {
  test(`a directory called ${name}, beside what a compaction has finished, is named as the directory, and not the file`, async () => {
    const directory = copyWith('a directory', one, name)
    const swap = join(directory, `${segment}.index.swap`)
    if (!name.endsWith('swap')) writeFileSync(swap, '')
    const { told } = await startOn(directory)
    assert.match(
      told,
      RegExp(`^orders-0 is offline: .*${name}: It is a directory, where a file belongs\\. Move it away`)
    )
  })
}

for (const name of ['meta.properties', 'recovery-point-offset-checkpoint', 'cleaner-offset-checkpoint', '.lock']) {
  test(`a directory in place of ${name} keeps the start from going on, and is named as a directory`, async () => {
    const { served, told } = await startOn(copyWith('a directory', one, name))
    assert.equal(served, false)
    assert.match(told, RegExp(`${name}: It is a directory, where a file belongs\\.`))
  })
}
