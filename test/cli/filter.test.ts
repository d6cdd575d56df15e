/** Globs and expressions over records. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createFilter } from '../../src/cli/consume/filter.ts'
import { globExpression } from '../../src/cli/glob.ts'
import { runToSuccess } from '../harness/child-process.ts'
import { projectDirectory } from '../harness/paths.ts'
import { consumed } from './consumed-record.ts'

const cheap = consumed({
  key: Buffer.from('a-1'),
  value: Buffer.from('{"total":5}'),
  headers: [[Buffer.from('v'), Buffer.from('2')]]
})
const dear = consumed({ key: Buffer.from('b-1'), value: Buffer.from('{"total":50}'), offset: 1n })
const tombstone = consumed({ key: Buffer.from('a-2') })
const none = { key: undefined, value: undefined, headers: [], where: undefined }
const quietly = () => {}
const matches = (options: object) => createFilter({ ...none, ...options }, quietly).matches([cheap, dear, tombstone])

test('globs match whole keys, values and headers', () => {
  assert.deepEqual(matches({ key: 'a-*' }), [true, false, true])
  assert.deepEqual(matches({ value: '*50*' }), [false, true, false])
  assert.deepEqual(matches({ headers: ['v=?'] }), [true, false, false])
  assert.deepEqual(matches({ headers: ['v'] }), [true, false, false])
  assert.ok(globExpression('a.[bc]').test('a.b'))
  assert.ok(!globExpression('a.[!bc]').test('a.b'))
  assert.ok(!globExpression('a.b').test('axb'))
  assert.ok(globExpression('[!]').test('!'))
  assert.ok(globExpression('\u{1f600}?/]').test('\u{1f600}\u{1f600}/]'))
})

test('a pattern that cannot be read is wrong usage', () => {
  const said = { exitCode: 2, message: '"x[b-a]" is not a pattern', why: /\[b-a\] is no set of characters/ }
  assert.throws(() => globExpression('x[b-a]'), said)
  assert.throws(() => matches({ key: 'x[b-a]' }), said)
})

test('an expression sees the parsed value; where it fails the record does not match, and that is told', () => {
  const said: string[] = []
  const filter = createFilter({ ...none, where: 'value.total > 20 && offset === 1' }, (line) => said.push(line))
  assert.deepEqual(filter.matches([cheap, dear, tombstone]), [false, true, false])
  assert.deepEqual(filter.matches([tombstone]), [false])
  filter.conclude()
  assert.equal(said.length, 2)
  assert.match(said[0] ?? '', /fails on a record.*TypeError/)
  assert.match(said[1] ?? '', /failed on 2 of 4 records.*TypeError/)
})

test('an expression that fails on every record is a failure', () => {
  const filter = createFilter({ ...none, where: 'vlaue.total > 20' }, quietly)
  filter.matches([cheap, dear])
  assert.throws(() => filter.conclude(), {
    message: /failed on each of 2 records/,
    why: /vlaue is not defined/,
    exitCode: 1
  })
})

test('an expression reaches nothing outside its record', () => {
  for (const where of [
    'process.exit()',
    'require("fs")',
    'globalThis.process',
    'eval("1")',
    'key.constructor.constructor("return process")()'
  ]) {
    const filter = createFilter({ ...none, where }, quietly)
    assert.deepEqual(filter.matches([cheap]), [false], where)
  }
})

test('an expression that does not end is stopped', () => {
  assert.throws(() => matches({ where: '(() => { for (;;); })()' }), /took too long/)
})

test('an expression that goes on in a promise is stopped too', async () => {
  const filter = pathToFileURL(join(projectDirectory, 'src', 'cli', 'consume', 'where.ts')).href
  const where = 'Promise.resolve().then(() => { for (;;); })'
  const script = `const { compileWhere } = await import(${JSON.stringify(filter)})
    const record = { headers: [], key: null, value: null }
    try { compileWhere(${JSON.stringify(where)}).matches([record]) } catch (error) { console.log(error.message) }`
  const args = ['--import', 'tsx', '--input-type=module', '-e', script]
  const output = await runToSuccess(process.execPath, args, { cwd: projectDirectory, timeoutMs: 20_000 })
  assert.match(output.toString(), /took too long/)
})

test('an expression that gives a promise fails: it would match whatever comes of it', () => {
  for (const where of ['(async () => value.total > 20)()', 'Promise.reject(1)']) {
    const filter = createFilter({ ...none, where }, quietly)
    assert.deepEqual(filter.matches([cheap, dear]), [false, false])
    assert.throws(() => filter.conclude(), { why: /gives a promise/ })
  }
})

test('an expression with an error in its syntax is wrong usage', () => {
  assert.throws(() => matches({ where: 'value.' }), { message: /cannot be read/, exitCode: 2 })
})

test('an expression is not asked about what the globs leave out', () => {
  const said: string[] = []
  const filter = createFilter({ ...none, key: 'a-1', where: 'value.total < 20' }, (line) => said.push(line))
  assert.deepEqual(filter.matches([dear, tombstone, cheap]), [false, false, true])
  assert.deepEqual(filter.matches([dear]), [false])
  filter.conclude()
  assert.deepEqual(said, [])
})
