/**
 * Writes docs/concepts.md, and the table of concepts in the README, from the lessons of `odradek learn`, so that all say the
 * same. Run it after changing a lesson: tsx tools/concepts-page.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Claim, Concept, Hint, Somewhere, Step } from '../src/cli/learn/concept.ts'
import { concepts } from '../src/cli/learn/concepts/all.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const conceptsPath = join(root, 'docs', 'concepts.md')
export const readmePath = join(root, 'README.md')

export function renderConcepts(): string {
  return [
    '# The seven concepts',
    '',
    'Generated from `src/cli/learn/concepts` by `tools/concepts-page.ts`; do not edit.',
    '',
    'Each concept in two voices: in the kitchen of a food-delivery app, and in Kafka. Every claim on this page is measured, not',
    'believed: `npx odradek learn` runs the experiments on an embedded broker, `npx odradek learn -b HOST:PORT` on your own cluster.',
    'A claim that a broker does not bear out is told, and the exit code is 7.',
    '',
    renderConceptTable(),
    '',
    ...concepts.flatMap(section)
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
    `> ${concept.problem}`,
    '',
    `- **Post office:** ${concept.postOffice}`,
    `- **Kitchen:** ${concept.kitchen}`,
    `- **Kafka:** ${concept.definition}`,
    '',
    '### The experiment',
    '',
    '```sh',
    `npx odradek learn ${concept.name}`,
    '```',
    '',
    ...Object.values(concept.steps).map((step, index) => `${index + 1}. ${step.layman}${place(step)}${engineer(step)}`),
    '',
    'What it must show:',
    '',
    ...Object.values(concept.claims).map((claim) => `- ${claim.layman}${place(claim)}${engineer(claim)}`),
    '',
    `**Then a question:** ${words(concept.question.ask)}`,
    ''
  ]
}

function engineer({ engineer: text }: Step | Claim): string {
  return `<br>*${text}*`
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
