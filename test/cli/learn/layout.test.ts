/** Text in 80 columns. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldedCommand, indented, labelled, unfolded, verbatim, wrap } from '../../../src/cli/learn/layout.ts'
import * as fc from '../../harness/properties.ts'

const words = fc.array(fc.stringMatching(/^[a-z{}:"\d]{1,30}$/), { minLength: 1, maxLength: 60 })

test('wrapped text keeps every word and no line is wider, unless a word alone is', () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 10, max: 80 }), (list, width) => {
      const lines = wrap(list.join(' '), width)
      assert.deepEqual(lines.join(' ').split(' '), list)
      for (const line of lines) assert.ok(line.length <= width || !line.includes(' '), line)
    })
  )
})

test('text beside a label hangs below itself, within the width', () => {
  fc.assert(
    fc.property(words, (list) => {
      const lines = labelled('  Kafka  ', list.join(' '), 80)
      assert.ok(lines.every((line, index) => line.startsWith(index === 0 ? '  Kafka  ' : '         ')))
      assert.ok(lines.every((line) => line.length <= 80))
    })
  )
  assert.deepEqual(indented('a b', 2, 3), ['  a', '  b'])
})

test('a line with columns stays as it is where it fits', () => {
  assert.deepEqual(unfolded('a    b', 2, 80), ['  a    b'])
  assert.deepEqual(unfolded('a    b', 2, 5), ['  a b'])
})

test('what a program printed keeps every letter, and is folded between words, unless one alone is wider', () => {
  assert.deepEqual(verbatim('Stable, coordinator  1, type consumer', 2, 24), [
    '  Stable, coordinator',
    '  1, type consumer'
  ])
  assert.deepEqual(verbatim('  0123456789 ab', 0, 8), ['  012345', '6789 ab'])
  assert.deepEqual(verbatim('01234567  abcdefgh', 0, 8), ['01234567', 'abcdefgh'])
  fc.assert(
    fc.property(words, fc.integer({ min: 10, max: 80 }), (list, width) => {
      const line = list.join('  ')
      const lines = verbatim(line, 0, width)
      assert.ok(lines.every((one) => one.length <= width))
      assert.equal(lines.join('').replaceAll(' ', ''), line.replaceAll(' ', ''))
      const isWhole = list.every((word) => word.length <= width)
      if (isWhole) assert.deepEqual(lines.join(' ').split(/ +/), list)
    })
  )
})

test('a folded command is the same command for a shell, in 80 columns, with values beside their options', () => {
  const command = `seq 1 2 | sed 's/.*/&:{"order": &}/' | npx odradek produce learn-abcd-orders-of-a-long-name -K : --acks all -b localhost:42647`
  const lines = foldedCommand(command, 6, 80)
  assert.ok(lines.length > 1)
  for (const line of lines) assert.ok(line.length <= 80, line)
  const whole = lines.map((line) => line.trim().replace(/ \\$/, '')).join(' ')
  assert.equal(whole, `$ ${command}`)
  for (const line of lines) assert.doesNotMatch(line, / (-b|-K|--acks) \\$/)
  assert.deepEqual(foldedCommand('npx odradek learn', 2, 80), ['  $ npx odradek learn'])
})
