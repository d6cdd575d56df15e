/** How wide a terminal is taken to be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsOf } from '../../src/cli/columns.ts'

test('a terminal with 0 columns does not say how wide it is, and nothing is folded for it', () => {
  assert.deepEqual([{ columns: 0 }, {}, { columns: 80 }].map(columnsOf), [undefined, undefined, 80])
})
