/** Input to records: lines, separators, formats, templates, partitions. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { murmur2 as libraryMurmur2 } from '@platformatic/kafka'
import { Flags } from '../../src/cli/command.ts'
import { readLines, TooLargeLine } from '../../src/cli/produce/lines.ts'
import { murmur2, partitionOfKey } from '../../src/cli/produce/murmur2.ts'
import { createParser, type ParseOptions } from '../../src/cli/produce/parse-record.ts'
import { readPlan } from '../../src/cli/produce/plan.ts'
import { openSource } from '../../src/cli/produce/source.ts'
import { compileTemplate } from '../../src/cli/produce/templates.ts'
import { temporaryDirectory } from '../harness/paths.ts'
import * as fc from '../harness/properties.ts'
import { quietOptions } from './quiet-options.ts'

async function* chunked(bytes: Buffer, cuts: readonly number[]) {
  let from = 0
  for (const cut of [...cuts.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (cut > from) yield bytes.subarray(from, cut)
    from = Math.max(from, cut)
  }
}

test('lines are the same however the stream is cut, and whether they end as on Unix or on Windows', async () => {
  const line = fc.string({ unit: 'binary' }).filter((one) => !/[\n\r]/.test(one))
  const end = fc.constantFrom('\n', '\r\n')
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1 }), fc.array(fc.nat()), end, async (lines, cuts, lineEnd) => {
      const found: string[] = []
      for await (const some of readLines(chunked(Buffer.from(`${lines.join(lineEnd)}${lineEnd}`), cuts))) {
        found.push(...some.map((one) => (one instanceof TooLargeLine ? 'too large' : one.toString())))
      }
      assert.deepEqual(found, lines)
    }),
    { numRuns: 50 }
  )
})

test('the last line loses its carriage return like those before it, also without a line feed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat()), async (cuts) => {
      const found: string[] = []
      for await (const some of readLines(chunked(Buffer.from('a\r\nb\r'), cuts))) found.push(...some.map(String))
      assert.deepEqual(found, ['a', 'b'])
    })
  )
})

test('a line above the limit is told with its size, however the stream is cut, and those around it are whole', async () => {
  const expected = ['ab', new TooLargeLine(7), 'cd', new TooLargeLine(9)]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat()), async (cuts) => {
      const found: unknown[] = []
      for await (const some of readLines(chunked(Buffer.from('ab\n1234567\ncd\n123456789'), cuts), 5)) {
        found.push(...some.map((one) => (one instanceof TooLargeLine ? one : one.toString())))
      }
      assert.deepEqual(found, expected)
    })
  )
})

const options: ParseOptions = {
  input: 'text',
  keySeparator: undefined,
  format: undefined,
  nulls: 'empty is empty',
  partitions: 'kept'
}
const parse = (line: string | Buffer, changes: Partial<ParseOptions>) =>
  createParser({ ...options, ...changes })(Buffer.from(line), 'line 4')

test('a separator splits key and value; an empty value is null only when asked', () => {
  assert.deepEqual(parse('k:v:w', { keySeparator: ':' }), {
    key: Buffer.from('k'),
    value: Buffer.from('v:w'),
    headers: []
  })
  assert.deepEqual(parse('k\tv', { keySeparator: '\\t' }).key, Buffer.from('k'))
  assert.deepEqual(parse('k:', { keySeparator: ':' }).value, Buffer.alloc(0))
  assert.equal(parse('k:', { keySeparator: ':', nulls: 'empty is null' }).value, null)
  assert.throws(() => parse('kv', { keySeparator: ':' }), /line 4 has no ":"/)
})

test('a line without the separator is refused, also where a key with an empty value is a tombstone', () => {
  for (const line of ['hello world', '']) {
    assert.throws(() => parse(line, { keySeparator: ':' }), /line 4 has no ":"/)
    assert.throws(() => parse(line, { keySeparator: ':', nulls: 'empty is null' }), /line 4 has no ":"/)
  }
})

test('with -Z an empty value is null, however the line is read', () => {
  const nulls = 'empty is null'
  assert.equal(parse('', { nulls }).value, null)
  assert.equal(parse('', { nulls, input: 'json' }).value, null)
  assert.equal(parse('', { nulls, input: 'hex' }).value, null)
  assert.equal(parse('k ', { nulls, format: '%k %v' }).value, null)
  assert.deepEqual(parse('v', { nulls }).value, Buffer.from('v'))
})

test('a format takes a line apart, whatever bytes it holds', () => {
  const record = parse(Buffer.from([0x32, 0x20, 0x6b, 0x3d, 0xff, 0x00]), { format: '%p %k=%v\\n' })
  assert.deepEqual(record.value, Buffer.from([0xff, 0x00]))
  assert.deepEqual(record.key, Buffer.from('k'))
  assert.equal(record.partition, 2)
  assert.throws(() => parse('x', { format: '%k,%v' }), /does not look like/)
})

test('a format may hold any character, and so may what it takes apart', () => {
  const record = parse('añ→bü😀\u0000→', { format: '%k→%v' })
  assert.deepEqual([record.key?.toString(), record.value?.toString()], ['añ', 'bü😀\u0000→'])
  assert.equal(parse('😀k😀v', { format: '😀%k😀%v' }).value?.toString(), 'v')
  assert.throws(() => parse('x', { format: '%😀' }), /%😀 cannot be read/)
})

test('json is checked, hex is decoded', () => {
  assert.throws(() => parse('{', { input: 'json' }), /line 4 is not JSON/)
  assert.deepEqual(parse('00ff', { input: 'hex' }).value, Buffer.from([0, 255]))
  assert.throws(() => parse('0', { input: 'hex' }), /not hexadecimal/)
})

test('the value behind a separator, or where a format has it, is read as -i says', () => {
  for (const change of [{ keySeparator: ':' }, { format: '%k:%v' }]) {
    assert.deepEqual(parse('6b:ff00', { input: 'hex', ...change }), {
      ...parse('6b:', change),
      value: Buffer.from([255, 0])
    })
    assert.deepEqual(parse('k:{"a": 1}', { input: 'json', ...change }).value, Buffer.from('{"a": 1}'))
    assert.throws(() => parse('k:{oops', { input: 'json', ...change }), /line 4 is not JSON/)
    assert.equal(parse('k:', { input: 'hex', nulls: 'empty is null', ...change }).value, null)
  }
})

/** `produce t VALUE` with these options. */
function planOf(value: string | undefined, values: Record<string, unknown> = {}) {
  const args = value === undefined ? ['t'] : ['t', value]
  return readPlan({ args, flags: new Flags({ input: 'text', ...values }), global: quietOptions() }, 0)
}

test('VALUE is read as a line is', () => {
  const record = (key: string | null, value: Buffer | null) => ({
    key: key === null ? null : Buffer.from(key),
    value,
    headers: []
  })
  assert.deepEqual(planOf('k:v').record, record(null, Buffer.from('k:v')))
  assert.deepEqual(planOf('k:v', { keySeparator: ':' }).record, record('k', Buffer.from('v')))
  assert.deepEqual(planOf('k:ff', { keySeparator: ':', input: 'hex' }).record, record('k', Buffer.from([255])))
  assert.deepEqual(planOf('k:', { keySeparator: ':', tombstone: true }).record, record('k', null))
  assert.equal(planOf('k v', { format: '%k %v' }).record?.key?.toString(), 'k')
  assert.deepEqual(planOf('', { tombstone: true }).record, record(null, null))
  assert.deepEqual(planOf(undefined, { null: true }).record, record(null, null))
  assert.equal(planOf(undefined, { null: true, keySeparator: ':' }).record, undefined)
})

test('a VALUE that cannot be read is wrong usage, and no line is named', () => {
  assert.throws(() => planOf('{oops', { input: 'json' }), { exitCode: 2, message: 'VALUE is not JSON' })
  assert.throws(() => planOf('zz', { input: 'hex' }), { exitCode: 2, message: 'VALUE is not hexadecimal' })
  assert.throws(() => planOf('kv', { keySeparator: ':' }), { exitCode: 2, message: /^VALUE has no ":"/ })
})

test('an option that would be ignored is refused', () => {
  const refused: readonly (readonly [values: Record<string, unknown>, said: RegExp])[] = [
    [{ keySeparator: ':', format: '%k %v' }, /-K and -f exclude each other/],
    [{ keySeparator: ':', input: 'jsonl' }, /-K and -i jsonl exclude each other/],
    [{ format: '%k %v', input: 'jsonl' }, /-f and -i jsonl exclude each other/],
    [{ keySeparator: ':', input: 'raw' }, /-K and -i raw exclude each other/],
    [{ format: '%v', input: 'raw' }, /-f and -i raw exclude each other/],
    [{ keySeparator: ':', template: 'orders' }, /-K and --template exclude each other/],
    [{ input: 'hex', template: 'orders' }, /-i hex and --template exclude each other/]
  ]
  for (const [values, message] of refused) assert.throws(() => planOf(undefined, values), { exitCode: 2, message })
})

test("the hash of a key is Java's", () => {
  // From Kafka's own test of Utils.murmur2.
  const known: ReadonlyArray<[string, number]> = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107]
  ]
  for (const [key, hash] of known) assert.equal(murmur2(Buffer.from(key)), hash, key)
  assert.equal(partitionOfKey(Buffer.from('21'), 3), (-973932308 & 0x7fffffff) % 3)
})

test('the hash agrees with the client library on any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (array) => {
      const key = Buffer.from(array)
      assert.equal(murmur2(key) | 0, Number(libraryMurmur2(key)) | 0)
    })
  )
})

test('a template fills its placeholders', () => {
  const { key, value } = compileTemplate('orders')(1)
  assert.equal(String(JSON.parse(value).order_id), key)
  assert.deepEqual(compileTemplate('n={{n}}')(7), { key: null, value: 'n=7' })
  assert.match(compileTemplate('{{int 5 5}}-{{pick a|a}}')(1).value, /^5-a$/)
  for (const name of ['unknown', 'constructor', '__proto__']) {
    assert.throws(() => compileTemplate(name), new RegExp(`no template "${name}"`))
  }
  assert.throws(() => compileTemplate('{{rot 13}}'), /means nothing/)
})

test(
  'a named pipe is waited for without holding up all else, such as Ctrl-C',
  { skip: process.platform === 'win32' },
  async () => {
    using directory = temporaryDirectory('pipe')
    const pipe = join(directory.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    const source = openSource({ ...planOf(undefined), file: pipe }, process.stdin)
    const records = source.records(() => {})[Symbol.asyncIterator]()
    // Had the opening waited for a writer, this would never be reached.
    const writing = writeFile(pipe, 'one\ntwo\n')
    const values: string[] = []
    for (let next = await records.next(); !next.done; next = await records.next()) {
      values.push(...next.value.map((record) => String(record.value)))
    }
    await writing
    assert.deepEqual(values, ['one', 'two'])
    source.close()
  }
)

test('how much of a file is done is told, but not of one that is sent at a rate: that was read long before', async () => {
  using directory = temporaryDirectory('progress')
  const file = join(directory.path, 'lines')
  await writeFile(file, 'a\nb\n')
  const totalBytes = (ratePerSecond: number | undefined) => {
    const source = openSource({ ...planOf(undefined), file, ratePerSecond }, process.stdin)
    source.close()
    return source.progress().totalBytes
  }
  assert.deepEqual([totalBytes(undefined), totalBytes(10)], [4, undefined])
})
