/** The reference pages are what the commands declare, and what the broker goes by. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { referencePath, renderReference } from '../../tools/cli-reference.ts'
import { renderSettings, settingsPath } from '../../tools/settings-page.ts'

test('docs/reference/cli.md is up to date (tsx tools/cli-reference.ts writes it)', () => {
  assert.equal(readFileSync(referencePath, 'utf8'), renderReference())
})

test('docs/reference/broker-settings.md is up to date (tsx tools/settings-page.ts writes it)', () => {
  assert.equal(readFileSync(settingsPath, 'utf8'), renderSettings())
})
