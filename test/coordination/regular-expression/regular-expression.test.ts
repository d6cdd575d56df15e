/** Regular expressions of RE2, matched as a whole; held against JavaScript's own where both mean the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegularExpression } from '../../../src/coordination/regular-expression/regular-expression.ts'
import { SeededChance } from '../../../src/host/memory/chance.ts'

function matches(pattern: string, text: string): boolean | 'malformed' {
  const expression = RegularExpression.parse(pattern)
  return expression === 'malformed' ? expression : expression.matches(text)
}

test('what RE2 knows matches the whole text', () => {
  for (const [pattern, yes, no] of [
    ['abc', 'abc', 'abcd'],
    ['a.c', 'axc', 'a\nc'],
    ['orders-\\d+', 'orders-12', 'orders-'],
    ['(?i)Ab[c-e]', 'aBD', 'abf'],
    ['(a|bc)*d', 'abcad', 'abd'],
    ['a{2,3}', 'aaa', 'aaaa'],
    ['a{2}', 'aa', 'a'],
    ['a{,2}', 'a{,2}', 'aa'],
    ['[^a-c]x?', 'dx', 'a'],
    ['[[:alpha:]_]+', 'ab_', 'a1'],
    ['^x$', 'x', 'xx'],
    ['\\bx\\b.*', 'x y', 'xy'],
    ['\\Qa.b\\E', 'a.b', 'axb'],
    ['\\x41\\x{42}', 'AB', 'ab'],
    ['(?P<name>a)(?:b)', 'ab', 'a'],
    ['.', '😀', '😀😀'],
    ['', '', 'a']
  ] as const) {
    assert.equal(matches(pattern, yes), true, `${pattern} ${yes}`)
    assert.equal(matches(pattern, no), false, `${pattern} ${no}`)
  }
})

test('what is no expression of RE2, or too large, is malformed', () => {
  const patterns = ['[', '(', ')', 'a**', '*', '\\', '(?=a)', '(a)\\1', '[b-a]', 'a{1001}', 'a{3,2}', '(a{500}){500}']
  for (const pattern of [...patterns, '('.repeat(5000), '[[:none:]]', 'x'.repeat(5000)])
    assert.equal(matches(pattern, 'a'), 'malformed', pattern.slice(0, 20))
})

test('an expression that has others go back and back again takes no longer', () => {
  // Who tries every way would not come to an end.
  const text = 'a'.repeat(2000)
  assert.equal(matches('(a*)*(a|a)*b', text), false)
  assert.equal(matches('(a|aa)+$', text), true)
})

test('small expressions made by chance match what those of JavaScript match', () => {
  const chance = new SeededChance(7)
  const atom = (depth: number): string => {
    const kind = chance.below(depth > 2 ? 4 : 6)
    if (kind === 4) return `(${choice(depth + 1)})`
    if (kind === 5) return `(?:${choice(depth + 1)})${['*', '+', '?', '{1,2}'][chance.below(4)] ?? ''}`
    return ['a', 'b', '.', '[ab]'][kind] ?? 'a'
  }
  const sequence = (depth: number): string => Array.from({ length: chance.below(4) }, () => atom(depth)).join('')
  const choice = (depth: number): string => Array.from({ length: 1 + chance.below(2) }, () => sequence(depth)).join('|')
  for (let count = 0; count < 500; count++) {
    const pattern = choice(0)
    const own = new RegExp(`^(?:${pattern})$`)
    for (let texts = 0; texts < 10; texts++) {
      const text = Array.from({ length: chance.below(6) }, () => 'abc'[chance.below(3)]).join('')
      assert.equal(matches(pattern, text), own.test(text), `${pattern} ${text}`)
    }
  }
})
