/** The reference page is what the commands declare. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { referencePath, renderReference } from '../../tools/cli-reference.ts'

test('docs/reference/cli.md is up to date (tsx tools/cli-reference.ts writes it)', () => {
  assert.equal(readFileSync(referencePath, 'utf8'), renderReference())
})
