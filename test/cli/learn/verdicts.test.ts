/** A claim that the broker does not bear out is told, and the exit code says so. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { Flags, type Invocation } from '../../../src/cli/command.ts'
import type { Concept } from '../../../src/cli/learn/concept.ts'
import { lesson } from '../../../src/cli/learn/lab.ts'
import { RowReporter } from '../../../src/cli/learn/reporter.ts'
import { giveLessons } from '../../../src/cli/learn/run.ts'
import { Teller } from '../../../src/cli/learn/telling.ts'
import { createStyle } from '../../../src/cli/terminal.ts'

const concept = {
  name: 'gravity',
  title: 'Gravity',
  aliases: [],
  line: { layman: 'things fall', engineer: 'masses attract' },
  problem: { layman: 'Soup stays in no plate.', engineer: 'Nothing stays where it is.' },
  postOffice: 'Letters fall.',
  kitchen: 'Plates fall.',
  definition: 'Masses attract each other.',
  steps: { drop: { layman: 'We let go.', engineer: 'Release.' } },
  claims: {
    falls: {
      layman: 'It fell.',
      engineer: 'It accelerated.',
      otherwise: { layman: 'It did not fall.', engineer: 'It did not accelerate.' }
    },
    lies: {
      layman: 'It lies there.',
      engineer: 'It is at rest.',
      otherwise: { layman: 'It flew off.', engineer: 'It was not at rest.' }
    }
  },
  question: {
    layman: { ask: { text: 'How far down is {place}?' }, hints: [{ text: 'Down.' }] },
    engineer: { ask: { text: 'What is the height of {place}?' }, hints: [{ text: 'Below.' }] }
  }
} as const satisfies Concept

/** It falls or not, as is said; then it lies there. */
const gravity = (falls: boolean) =>
  lesson(concept, async (lab) => {
    await lab.step('drop')
    const metres = falls ? 1 : 0
    await lab.scene('a plate on the edge')
    await lab.request('Drop (1)', 'released')
    await lab.claim('falls', falls, { metres }, { layman: `${metres} steps down`, engineer: `${metres} m down` })
    await lab.claim('lies', true, {}, { layman: 'still there', engineer: 'v = 0' })
    const found = { layman: 'one step', engineer: '1 m' }
    return { values: { place: 'the floor' }, keys: 'metres', check: async () => ({ right: true, found }) }
  })

function invocationInto(written: string[], output?: string): Invocation {
  const style = createStyle('plain')
  const terminal = {
    stdin: Readable.from([]),
    stdinIsTty: false,
    stdoutIsTty: false,
    stderrIsTty: false,
    env: {},
    out: style,
    err: style,
    async write(text: string | Uint8Array) {
      written.push(text.toString())
      return 'written' as const
    },
    hint: () => {},
    status: () => {}
  }
  const said = { timeoutMs: undefined, quiet: false, verbose: false, yes: true }
  const global = { brokers: [], settings: {}, output, ...said }
  return { terminal, global, args: [], flags: new Flags({}), interrupted: new AbortController().signal }
}

test('the sentence is chosen by what was measured, the lesson goes on, and the exit code is 7', async () => {
  const written: string[] = []
  const invocation = invocationInto(written)
  const telling = { reporter: new Teller(invocation, 'layman', 80), voice: 'layman' } as const
  assert.equal(await giveLessons([gravity(false)], invocation, telling), 7)
  const text = written.join('')
  assert.match(text, / {2}✗ It did not fall\.\n {6}0 steps down\n {2}✓ It lies there\./)
  assert.doesNotMatch(text, /It fell/)
  assert.match(text, /How far down is the floor\?/)
  assert.match(text, /a plate on the edge/)
  assert.doesNotMatch(text, /Drop \(1|released|Masses|accelerate|localhost/)
})

test('an engineer has the requests and their answers, and nothing of the kitchen', async () => {
  const written: string[] = []
  const invocation = invocationInto(written)
  const telling = { reporter: new Teller(invocation, 'engineer', 80), voice: 'engineer' } as const
  assert.equal(await giveLessons([gravity(true)], invocation, telling), 0)
  const text = written.join('')
  assert.match(text, / {6}> Drop \(1\)\n {8}released\n {2}✓ It accelerated\.\n {6}1 m down/)
  assert.match(text, /What is the height of the floor\?/)
  assert.doesNotMatch(text, /[Pp]late|Letters|steps down|It fell/)
})

test('one claim of one lesson is enough, and the other lessons are given all the same', async () => {
  const written: string[] = []
  const invocation = invocationInto(written, 'jsonl')
  const reporter = new RowReporter(invocation, 'engineer')
  const telling = { reporter, voice: 'engineer' } as const
  assert.equal(await giveLessons([gravity(false), gravity(true)], invocation, telling), 7)
  const claims = written.map((line) => JSON.parse(line)).filter((row) => row.event === 'claim')
  assert.deepEqual(
    claims.map(({ id, holds, statement, measured }) => [id, holds, statement, measured]),
    [
      ['falls', false, 'It did not accelerate.', { metres: 0 }],
      ['lies', true, 'It is at rest.', {}],
      ['falls', true, 'It accelerated.', { metres: 1 }],
      ['lies', true, 'It is at rest.', {}]
    ]
  )
})

test('when every claim holds the exit code is 0', async () => {
  const invocation = invocationInto([])
  const telling = { reporter: new Teller(invocation, 'layman', 80), voice: 'layman' } as const
  assert.equal(await giveLessons([gravity(true)], invocation, telling), 0)
})
