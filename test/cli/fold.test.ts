/** What is printed for people is folded between words; a table keeps to the terminal; in a pipe both are as wide as they are. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CliError } from '../../src/cli/cli-error.ts'
import { folded } from '../../src/cli/fold.ts'
import { formatTable } from '../../src/cli/output.ts'
import { presentError } from '../../src/cli/present-error.ts'
import { createStyle } from '../../src/cli/terminal.ts'
import * as fc from '../harness/properties.ts'

test('no word is cut, nothing is lost, and no line is longer than the terminal, unless it is one word', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
      fc.integer({ min: 5, max: 40 }),
      (words, width) => {
        const lines = folded(words.join(' '), width).split('\n')
        assert.deepEqual(
          lines.flatMap((line) => line.split(' ')),
          words
        )
        for (const line of lines) assert.ok(line.length <= width || !line.includes(' '), line)
      }
    )
  )
})

test('a line to type stays whole, what has columns of its own stays where it fits, and colours take no room', () => {
  const command = "odradek produce orders 'two words' -b prod:9092"
  assert.equal(folded(`or this: ${command}   (a remark)`, 20), `or this:\n${command}\n(a remark)`)
  assert.equal(folded('data   here\nand a line that is too long', 20), 'data   here\nand a line that is\ntoo long')
  const { cyan } = createStyle('colour')
  assert.equal(folded(cyan('twelve chars'), 12), cyan('twelve chars'))
  assert.equal(folded('as wide as it is', undefined), 'as wide as it is')
})

test('an error stands beside its labels', () => {
  let printed = ''
  const write = (text: string) => {
    printed += text
  }
  const problem = new CliError({ what: 'one two three four', why: 'five six seven eight', next: 'nine ten eleven' })
  presentError(problem, {
    style: createStyle('plain'),
    verbose: false,
    columns: 18,
    write
  })
  assert.equal(
    printed,
    'error: one two\n       three four\n  why: five six\n       seven eight\n  try: nine ten\n       eleven\n'
  )
})

test('a table fits 80 columns: the widest texts give way in the middle, numbers never; in a pipe all is there', () => {
  const columns = ['topic', 'partition', 'committed', 'end', 'lag', 'member', 'host']
  const id = 'odradek-cli-8c7d4a52-94f4-4a3f-b8f7-0c5c93a7d1e2'
  const rows = [0, 1].map((partition) => ({
    topic: 'orders',
    partition,
    committed: 1_234_567,
    end: 1_234_567,
    lag: 0,
    member: id,
    host: '192.168.1.20'
  }))
  const lines = formatTable(columns, rows, undefined, 80).trimEnd().split('\n')
  for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`)
  assert.match(lines[1] ?? '', /^orders +0 +1234567 +1234567 +0 +odradek-\S*…\S*3a7d1e2 +192\.168\.1\.20$/)
  assert.ok(formatTable(columns, rows).includes(id))
  assert.equal(formatTable(columns, rows, undefined, 200), formatTable(columns, rows))
})
