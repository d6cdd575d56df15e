/**
 * Whoever loads a package loads this one: each test runner, loader and compiler in a project of its own kind, from the packed
 * tarball. `fixtures/runners` holds those that get along with each other; Jest 30 has a project for itself.
 */
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { odradek } from '../harness/odradek-process.ts'
import { projectDirectory, type TemporaryDirectory, temporaryDirectory } from '../harness/paths.ts'
import { skipUnless } from '../harness/tools.ts'
import { install, type Project, pack, registry } from './packed.ts'

const skip = skipUnless(odradek(), await registry())
const jestTest = join(projectDirectory, 'test', 'packages', 'fixtures', 'jest-30', 'broker.test.js')

suite('the packed package is loaded', { skip }, () => {
  let place: TemporaryDirectory
  let tarball: string
  let runners: Project
  let jest30: Project

  before(async () => {
    place = temporaryDirectory('packed')
    tarball = await pack(place.path)
    // One after the other: npm keeps what it fetched, and two cores are soon busy.
    runners = await install('runners', tarball)
    jest30 = await install('jest-30', tarball)
    cpSync(jestTest, join(runners.path, 'jest', 'broker.test.js'))
  })

  after(() => {
    for (const one of [runners, jest30, place]) one?.[Symbol.dispose]()
  })

  test('by Jest 30', async () => {
    await jest30.run('jest', ['--ci', 'broker.test.js'])
  })

  test('by Jest 30 as a module', async () => {
    const words = ['--ci', '--testMatch', '**/*.test.mjs']
    await jest30.run('jest', words, { NODE_OPTIONS: '--experimental-vm-modules' })
  })

  test('by Jest 29', async () => {
    await runners.run('jest', ['--ci', '--rootDir', 'jest'])
  })

  test('by ts-jest, at the top of a file and late', async () => {
    await runners.run('jest', ['--ci', '--config', 'ts-jest/jest.config.json'])
  })

  test('by NestJS, whose microservice consumes from it', async () => {
    await runners.run('jest', ['--ci', '--config', 'nest/jest.config.json'])
  })

  test('by vitest', async () => {
    await runners.run('vitest', ['run', '--dir', 'vitest'])
  })

  test('by node:test, imported and required', async () => {
    await runners.run('node', ['--test', 'node-test/broker.test.mjs', 'node-test/broker.test.cjs'])
  })

  test('by tsx, as CommonJS and as a module', async () => {
    for (const program of ['tsx/program.ts', 'tsx/program.mts'])
      assert.equal(await runners.run('tsx', [program]), 'served\n', program)
  })

  test('by require: one copy with that of an import, and the native checksums', async () => {
    const said = JSON.parse(await runners.run('node', ['plain/program.cjs']))
    assert.deepEqual(said, { errorCode: 0, hasNativeChecksums: true, isOneCopy: true })
  })

  test('by import: its three names, and the native checksums', async () => {
    const said = JSON.parse(await runners.run('node', ['plain/program.mjs']))
    const names = ['StartError', 'openKafka', 'startKafka']
    assert.deepEqual(said, { errorCode: 0, hasNativeChecksums: true, names })
  })

  test('in a bundle that esbuild makes of a program as one module', async () => {
    const bundle = ['--bundle', '--platform=node', '--format=esm', '--external:kafkajs', '--log-level=warning']
    await runners.run('esbuild', ['plain/program.mjs', ...bundle, '--outfile=plain/bundled.mjs'])
    const { errorCode, hasNativeChecksums } = JSON.parse(await runners.run('node', ['plain/bundled.mjs']))
    assert.deepEqual({ errorCode, hasNativeChecksums }, { errorCode: 0, hasNativeChecksums: true })
  })

  test('by tsc in every way that it finds packages, checking declarations or not', async () => {
    assert.equal(await runners.run('node', ['tsc/check.mjs']), '12 ways tried\n')
  })

  test('and Are The Types Wrong finds nothing', async () => {
    await runners.run('attw', [tarball, '--format', 'ascii'])
  })
})
