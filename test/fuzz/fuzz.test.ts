/** The fuzzers find what was planted, keep it small, and run every target; what they have found before stays mended. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { canaries } from './canaries.ts'
import { keepFinding, keptFindings } from './findings.ts'
import { failureOf, fuzz } from './fuzz.ts'
import { targets } from './targets/all.ts'
import { fuzzInThread } from './watch.ts'

const mebibyte = 1024 * 1024

function canary(name: string) {
  const found = canaries.find((target) => target.name === name)
  assert.ok(found !== undefined)
  return found
}

test('a fault deep in the code is found by following what was reached, and made small', async () => {
  const { finding } = await fuzz(canary('canary-fault'), { inputs: 200_000, seed: 1 })
  assert.ok(finding !== null)
  assert.match(finding.why, /planted/)
  assert.ok(Buffer.concat([...finding.inputs]).length <= 8, finding.inputs.map((input) => input.toString('hex')).join())
  assert.match((await failureOf(canary('canary-fault'), finding.inputs)) ?? '', /planted/)
})

test('the same seed makes the same inputs', async () => {
  const [once, again] = [
    await fuzz(canary('canary-fault'), { inputs: 200_000, seed: 2 }),
    await fuzz(canary('canary-fault'), { inputs: 200_000, seed: 2 })
  ]
  assert.deepEqual(once.finding?.inputs, again.finding?.inputs)
})

test('a fault that takes several inputs is found with just those', async () => {
  const { finding } = await fuzz(canary('canary-sequence'), { inputs: 100_000, seed: 1 })
  assert.deepEqual(
    finding?.inputs.map((input) => [...input]),
    [[0x29], [0x2b]]
  )
})

test('an input that does not end is told', async () => {
  const { finding } = await fuzzInThread({ target: 'canary-hang', inputs: 200_000, seed: 1 }, 8000)
  assert.match(finding?.why ?? '', /has not ended/)
  assert.equal(finding?.inputs[0]?.[0], 0x29)
})

test('what is held for ever is seen', async () => {
  const { growthBytes } = await fuzz(canary('canary-growth'), { inputs: 2000, seed: 1 })
  assert.ok(growthBytes > 64 * mebibyte, `${growthBytes}`)
})

test('a finding that was kept is read back', () => {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-finding-'))
  const path = keepFinding(directory, 'frames', [Buffer.from('one'), Buffer.from('two')])
  assert.equal(readFileSync(path).toString('latin1'), '\0\0\0\x03one\0\0\0\x03two')
  rmSync(directory, { recursive: true })
})

for (const target of targets) {
  test(`${target.name}: nothing new in a short run`, async () => {
    const { finding } = await fuzz(target, { inputs: Math.ceil(20_000 * target.share), seed: 1 })
    assert.equal(finding, null, finding?.why)
  })
}

for (const { target: name, file, inputs } of keptFindings()) {
  test(`what was found stays mended: ${file}`, async () => {
    const target = targets.find((one) => one.name === name)
    assert.ok(target !== undefined)
    assert.equal(await failureOf(target, inputs), null)
  })
}
