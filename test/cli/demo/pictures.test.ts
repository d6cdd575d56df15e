/** The films of the README are of this program: they show the sentences that it says today, and the two worlds come first. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { phaseSentences } from '../../../src/cli/demo/compare/show/sentences.ts'
import type { ComparisonState } from '../../../src/cli/demo/compare/state.ts'
import { headline } from '../../../src/cli/demo/show/story-lines.ts'
import { scenes } from '../../../tools/picture/scenes.ts'
import { projectDirectory } from '../../harness/paths.ts'

/** What a film shows, of all its frames together: runs of words, as they stand beside each other. */
function textOf(name: string): string {
  const picture = readFileSync(join(projectDirectory, 'docs', 'pictures', `${name}.svg`), 'utf8')
  return [...picture.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text).join('\n')
}

test('the first picture of the README is the two worlds', () => {
  const readme = readFileSync(join(projectDirectory, 'README.md'), 'utf8')
  const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(([, file]) => file ?? '')
  assert.match(pictures[0] ?? '', /docs\/pictures\/compare\.svg$/)
})

test('the film of the two worlds shows the same counts in both, each phase, and the conclusion', () => {
  const shown = textOf('compare')
  const none = { sent: 0, arrived: 0, missing: 0, lost: 0, doubled: 0, longestWaitMs: 0 }
  const figures = { orders: none, payments: none, notifications: { ...none, missing: 1, lost: 1 } }
  for (const phase of ['flowing', 'out', 'calm'] as const) {
    const state = { phase, leftMs: 0, calls: { figures }, log: { figures } } as ComparisonState
    const [said] = phaseSentences(state)
    assert.ok(shown.includes(said), `${phase}: npx tsx tools/picture/main.ts films it anew`)
  }
  for (const name of ['customers who ordered', 'meals that were cooked', 'customers told of it', 'customers not told'])
    assert.ok(shown.split(name).length > 2, name)
  assert.match(shown, /^In short: a call is gone when nobody answers/m)
})

test('the film of the demo leads through its story', () => {
  const shown = textOf('demo')
  for (const kind of ['opening', 'served'] as const) {
    const outage = { service: 'notifications', deadMs: 0, waited: 0 } as const
    assert.ok(
      shown.includes(headline({ chapter: kind === 'opening' ? { kind } : { kind, outage }, longestOutage: undefined })),
      kind
    )
  }
  const demo = scenes.find(({ name }) => name === 'demo')
  assert.ok(demo && demo.steps.length === 3)
  for (const { seen } of [...demo.steps, { seen: demo.end }]) assert.match(shown, seen)
})
