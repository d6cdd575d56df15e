/** What `produce -o` prints of what was delivered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeliveredRows } from '../../src/cli/produce/delivered-rows.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { quietOptions } from './quiet-options.ts'

/** Two answers, of two records and of one. */
async function printed(output: string | undefined, answers = [[0, 1], [2]]): Promise<string> {
  let text = ''
  const write = async (some: string | Uint8Array) => {
    text += String(some)
    return 'written' as const
  }
  const terminal = { ...processTerminal({ quiet: true, noColour: true }), write }
  const rows = createDeliveredRows({ terminal, global: { ...quietOptions('localhost'), output } })
  for (const offsets of answers) rows.write(offsets.map((offset) => ({ topic: 't', partition: 0, offset })))
  await rows.end()
  return text
}

test('each format is what its name says, however many answers came', async () => {
  const expected = [0, 1, 2].map((offset) => ({ topic: 't', partition: 0, offset }))
  assert.equal(await printed('jsonl'), expected.map((row) => `${JSON.stringify(row)}\n`).join(''))
  assert.deepEqual(JSON.parse(await printed('json')), expected)
  assert.equal(await printed('csv'), 'topic,partition,offset\nt,0,0\nt,0,1\nt,0,2\n')
  assert.equal(await printed('raw'), 't\t0\t0\nt\t0\t1\nt\t0\t2\n')
  const item = (offset: number) => `- topic: t\n  partition: 0\n  offset: ${offset}\n`
  assert.equal(await printed('yaml'), [0, 1, 2].map(item).join(''))
})

test('nothing delivered is an empty list; a person is told elsewhere', async () => {
  assert.deepEqual(JSON.parse(await printed('json', [])), [])
  assert.equal(await printed('jsonl', []), '')
  assert.equal(await printed('table'), '')
  assert.equal(await printed(undefined), '')
})
