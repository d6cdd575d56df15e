/** The seven concepts are complete, their experiments settle every claim, and the pages say the same. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Concept, fill, type Voice, voices } from '../../../src/cli/learn/concept.ts'
import { allConcepts, conceptNamed, concepts } from '../../../src/cli/learn/concepts/all.ts'
import { lessonOf } from '../../../src/cli/learn/experiments/all.ts'
import { lessonNames } from '../../../src/cli/learn/lesson-names.ts'
import { conceptsPath, readmePath, renderConcepts, withConceptTable } from '../../../tools/concepts-page.ts'
import { projectDirectory } from '../../harness/paths.ts'

test('there are seven, in the order that builds up, and other words for them are understood', () => {
  const names = ['topic', 'broker', 'producer', 'partition', 'consumer', 'offset', 'replication-factor']
  assert.deepEqual(
    concepts.map((concept) => concept.name),
    names
  )
  assert.deepEqual(lessonNames, [...names, 'exactly-once', 'all'])
  for (const name of names) assert.equal(conceptNamed(name)?.name, name)
  for (const word of ['replication', 'Replication', 'REPLICAS']) {
    assert.equal(conceptNamed(word)?.name, 'replication-factor', word)
  }
  assert.equal(conceptNamed('zookeeper'), undefined)
  const words = allConcepts.flatMap((concept) => [concept.name, ...concept.aliases])
  assert.equal(new Set(words).size, words.length, 'a word stands for one concept')
})

test('every text is there, in both voices', () => {
  for (const concept of allConcepts) {
    const { line, postOffice, kitchen, definition, steps, claims } = concept
    const said = voices.flatMap((voice) => saidIn(concept, voice))
    const otherwise = Object.values(claims).flatMap((claim) => voices.map((voice) => claim.otherwise[voice]))
    assert.ok(Object.keys(steps).length > 0 && Object.keys(claims).length > 0)
    for (const voice of voices) {
      const { ask, hints } = concept.question[voice]
      assert.ok(hints.length > 0, `${concept.name} has a hint`)
      for (const { text } of [ask, ...hints]) assert.match(text, /\S{2}/, concept.name)
      assert.match(concept.problem[voice], /[.?]$/)
    }
    for (const text of [postOffice, kitchen, definition, ...said, ...otherwise])
      assert.match(text, /\S{2}/, concept.name)
    for (const text of [...said, ...otherwise]) assert.match(text, /[.?]$/, `${concept.name}: "${text}" is a sentence`)
    for (const short of [line.layman, line.engineer]) assert.ok(short.length <= 90, `${short} is short`)
  }
})

const kitchenWords =
  /\b(kitchen|cooks?|cooked|rails?|tickets?|waiters?|buildings?|cabinets?|carbon|crews?|nod|soups?|letters?)\b/i
const kafkaWords =
  /\b(topics?|brokers?|partitions?|offsets?|producers?|consumers?|records?|replicas?|murmur2|hash|acks|log|metadata|commit\w*|cluster|modulo|divided?|left over)\b|[a-z]+=[a-z]|npx |[A-Z]{4,}_/

test('each voice keeps to itself: the layman hears no word of Kafka but the one he learns, the engineer none of the kitchen', () => {
  for (const concept of allConcepts) {
    const { question, problem, claims } = concept
    const own = new RegExp(
      `\\b(${[concept.name, ...concept.aliases, 'replication', 'consumer group'].join('|')})\\b`,
      'gi'
    )
    const questionIn = (voice: Voice) => [question[voice].ask, ...question[voice].hints]
    const otherwise = (voice: Voice) => Object.values(claims).map((claim) => claim.otherwise[voice])
    const layman = [problem.layman, ...saidIn(concept, 'layman'), ...otherwise('layman'), concept.kitchen]
    for (const text of [...layman, ...questionIn('layman').map((hint) => hint.text)])
      assert.doesNotMatch(text.replace(own, '').replace(/\{\w+\}/g, ''), kafkaWords, text)
    for (const { command } of questionIn('layman')) assert.equal(command, undefined)
    const engineer = [problem.engineer, concept.definition, ...saidIn(concept, 'engineer'), ...otherwise('engineer')]
    for (const text of [...engineer, ...questionIn('engineer').map((hint) => hint.text)])
      assert.doesNotMatch(text, kitchenWords, text)
  }
})

function saidIn({ steps, claims }: Concept, voice: Voice): string[] {
  return [...Object.values(steps), ...Object.values(claims)].map((one) => one[voice])
}

test('every concept has its experiment, which carries out every step and settles every claim', () => {
  for (const concept of allConcepts) {
    assert.equal(lessonOf(concept).concept, concept)
    const file = join(projectDirectory, 'src', 'cli', 'learn', 'experiments', `${concept.name}.ts`)
    const code = readFileSync(file, 'utf8')
    for (const name of [...Object.keys(concept.steps), ...Object.keys(concept.claims)])
      assert.ok(code.includes(`'${name}'`), `${concept.name} uses ${name}`)
  }
})

test('what stands in braces is filled in, and a name without a value is a mistake', () => {
  assert.equal(fill('{a} and {b}', { a: 'x', b: 2 }), 'x and 2')
  assert.throws(() => fill('{a}', {}), /nothing stands for \{a\}/)
})

test('docs/concepts.md and the table in the README are up to date (tsx tools/concepts-page.ts writes them)', () => {
  assert.equal(readFileSync(conceptsPath, 'utf8'), renderConcepts())
  const readme = readFileSync(readmePath, 'utf8')
  assert.equal(readme, withConceptTable(readme))
})

test('the table stands between its marks and leaves the rest of a page alone', () => {
  const page = 'before\n<!-- concepts: written by tools/concepts-page.ts -->\nold\n<!-- end of concepts -->\nafter\n'
  const written = withConceptTable(page)
  assert.match(
    written,
    /^before\n<!--[^\n]*-->\n\n\| \| In plain words [\s\S]*\|\n\n<!-- end of concepts -->\nafter\n$/
  )
  assert.equal(withConceptTable(written), written)
  for (const { title } of concepts) assert.ok(written.includes(`**${title}**`), title)
  assert.equal(withConceptTable('no marks'), 'no marks')
})
