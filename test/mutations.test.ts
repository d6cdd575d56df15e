/** The list of mistakes speaks of the code as it is, and what makes them sees whether a test notices. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MutatedCopy, objectionsTo } from '../tools/mutations/apply.ts'
import { mutations } from '../tools/mutations/list.ts'
import { projectDirectory } from './harness/paths.ts'

/** The whole list takes minutes: `npm run mutations`. */
const madeHere = ['housekeeping never starts', 'a segment is rolled when the next batch would just fill it']

test('each mistake stands once in the file that it names, and its tests are there', () => {
  assert.deepEqual(
    mutations.flatMap((mutation) => objectionsTo(mutation, projectDirectory)),
    []
  )
})

test('an entry whose text or tests are gone is found', () => {
  const gone = { what: 'a', file: 'package.json', text: 'not there', replacement: '', tests: ['test/none.test.ts'] }
  assert.deepEqual(objectionsTo(gone, projectDirectory), [
    'a: package.json has its text 0 times, not once',
    'a: there is no test/none.test.ts'
  ])
})

test('a mistake is noticed by its tests, and what is none is not', async () => {
  using copy = new MutatedCopy(projectDirectory)
  const chosen = mutations.filter(({ what }) => madeHere.includes(what))
  assert.equal(chosen.length, madeHere.length)
  for (const mutation of chosen) {
    assert.equal(await copy.notices(mutation), true, mutation.what)
    assert.equal(await copy.notices({ ...mutation, replacement: mutation.text }), false, 'the copy is sound again')
  }
})
