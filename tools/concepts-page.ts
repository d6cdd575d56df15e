/**
 * Writes docs/concepts.md, and the table of concepts in the README, from the lessons of `odradek learn`, so that all say the
 * same. Run it after changing a lesson: tsx tools/concepts-page.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Concept, Hint, Somewhere, Voice } from '../src/cli/learn/concept.ts'
import { concepts, furtherConcepts } from '../src/cli/learn/concepts/all.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const conceptsPath = join(root, 'docs', 'concepts.md')
export const readmePath = join(root, 'README.md')

export function renderConcepts(): string {
  return [
    '# The seven concepts',
    '',
    'Generated from `src/cli/learn/concepts` by `tools/concepts-page.ts`; do not edit.',
    '',
    'Each concept twice, each time whole: in plain words (a post office first, then the kitchen of a food-delivery app), and in Kafka.',
    'Every claim on this page is measured, not',
    'believed: `npx odradek learn` runs the experiments on an embedded broker, `npx odradek learn -b HOST:PORT` on your own cluster.',
    'A claim that a broker does not bear out is told, and the exit code is 7.',
    '',
    renderConceptTable(),
    '',
    ...concepts.flatMap(section),
    '# And what they are good for together',
    '',
    ...furtherConcepts.flatMap(section)
  ].join('\n')
}

const tableBegin = '<!-- concepts: written by tools/concepts-page.ts -->'
const tableEnd = '<!-- end of concepts -->'

/** The seven in two voices, a row each. */
export function renderConceptTable(): string {
  return [
    '| | In plain words | In Kafka |',
    '|---|---|---|',
    ...concepts.map(({ title, line }) => `| **${title}** | ${cell(line.layman)} | ${cell(line.engineer)} |`)
  ].join('\n')
}

/** Puts the table between the two marks of a page that has them, such as the README. */
export function withConceptTable(page: string): string {
  const [begin, end] = [page.indexOf(tableBegin), page.indexOf(tableEnd)]
  if (begin < 0 || end < begin) return page
  return `${page.slice(0, begin + tableBegin.length)}\n\n${renderConceptTable()}\n\n${page.slice(end)}`
}

function section(concept: Concept): string[] {
  return [
    `## ${concept.title}`,
    '',
    '### In plain words',
    '',
    `At the post office: ${concept.postOffice}`,
    '',
    'Now to a kitchen, where all the rest takes place.',
    '',
    ...told(concept, 'layman', concept.kitchen),
    '### In Kafka',
    '',
    ...told(concept, 'engineer', concept.definition)
  ]
}

/** A concept in one voice, whole. */
function told(concept: Concept, voice: Voice, meaning: string): string[] {
  return [
    `> ${concept.problem[voice]}`,
    '',
    meaning,
    '',
    'The experiment:',
    '',
    '```sh',
    `npx odradek learn ${concept.name} --voice ${voice}`,
    '```',
    '',
    ...Object.values(concept.steps).map((step, index) => `${index + 1}. ${step[voice]}${place(step)}`),
    '',
    'What it must show:',
    '',
    ...Object.values(concept.claims).map((claim) => `- ${claim[voice]}${place(claim)}`),
    '',
    `**Then a question:** ${words(concept.question[voice].ask)}`,
    ''
  ]
}

function place({ on }: Somewhere): string {
  return on === undefined ? '' : ` (On ${on}.)`
}

/** What the experiment fills in is written in capitals: `{topic}` as TOPIC. */
function words({ text, command }: Hint): string {
  const named = (part: string) =>
    part.replace('{where}', '').replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
  return command === undefined ? named(text) : `${named(text)} \`${named(command)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(conceptsPath, renderConcepts())
  writeFileSync(readmePath, withConceptTable(readFileSync(readmePath, 'utf8')))
  console.log(`wrote ${conceptsPath}, and the table of ${readmePath} if it has one`)
}
