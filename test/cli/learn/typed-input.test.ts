/** What the reader may type prints what the lesson sends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  interleavedLines,
  numberLines,
  type TypedInput,
  templateLines,
  wordLines
} from '../../../src/cli/learn/typed-input.ts'
import { runToSuccess } from '../../harness/child-process.ts'

const inputs: Record<string, TypedInput> = {
  numbers: numberLines(0, 9),
  'a template': templateLines(1001, 1003, '&:{"order_id":&}'),
  words: wordLines(['1001', 'alice'], '&:{"key":"&"}'),
  'orders side by side': interleavedLines(['1', '2'], ['placed', 'paid'])
}

for (const [name, { text, shell }] of Object.entries(inputs)) {
  test(`${name}: a shell prints the same`, async () => {
    assert.equal((await runToSuccess('sh', ['-c', shell])).toString(), text)
  })
}

test('orders side by side go through their states together', () => {
  assert.equal(interleavedLines(['1', '2'], ['a', 'b']).text, '1:1-a\n2:2-a\n1:1-b\n2:2-b\n')
})
