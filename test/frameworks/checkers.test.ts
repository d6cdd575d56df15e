/** The checkers of `npm run frameworks` see what they are there for: nothing in what is right, and each kind of mistake. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultIn, lineOf as fileLine } from './connect/growing-file.ts'
import { type Count, faultsIn, occurrences, wordsIn } from './word-count/counts.ts'
import { lineOf } from './word-count/lines.ts'

const lines = 30

/** What a word count writes that makes no mistake. */
function counted(): Count[] {
  const seen = new Map<string, number>()
  return Array.from({ length: lines }, (_, number) => lineOf(number))
    .flatMap((line) => line.split(' '))
    .map((key) => {
      const count = (seen.get(key) ?? 0) + 1
      seen.set(key, count)
      return { key, value: String(count) }
    })
}

test('a word count that is right has no faults, and its words are as many as were written', () => {
  assert.deepEqual(faultsIn(counted(), lines), [])
  assert.equal(counted().length, wordsIn(lines))
  assert.equal(occurrences(lines).get('every'), lines)
})

test('a count that is lost, doubled or out of order is a fault, wherever it stands', () => {
  for (let index = 0; index < counted().length; index += 1) {
    const counts = counted()
    const one = counts[index] ?? assert.fail()
    assert.notDeepEqual(faultsIn(counts.toSpliced(index, 1), lines), [], `without ${index}`)
    assert.notDeepEqual(faultsIn(counts.toSpliced(index, 0, one), lines), [], `${index} twice`)
  }
  const every = counted().filter(({ key }) => key === 'every')
  const swapped = [every[1] ?? assert.fail(), every[0] ?? assert.fail(), ...every.slice(2)]
  assert.notDeepEqual(faultsIn([...counted().filter(({ key }) => key !== 'every'), ...swapped], lines), [])
})

test('a word that nobody wrote is a fault', () => {
  assert.deepEqual(faultsIn([...counted(), { key: 'nobody', value: '1' }], lines), [
    'nobody: counted 1 times, and written 0 times'
  ])
})

test('a copied file without a line, with one twice, and in another order, is told from the file', () => {
  const copied = Array.from({ length: lines }, (_, number) => fileLine(number))
  assert.equal(faultIn(copied, lines), null)
  for (let index = 0; index < lines; index += 1) {
    assert.notEqual(faultIn(copied.toSpliced(index, 1), lines), null, `without ${index}`)
    assert.notEqual(faultIn(copied.toSpliced(index, 0, fileLine(index)), lines), null, `${index} twice`)
  }
  assert.notEqual(faultIn([...copied.slice(1), fileLine(0)], lines), null)
})
