/**
 * Writes docs/reference/cli.md from the declarations of the commands. Run it after changing one: tsx tools/cli-reference.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CommandDefinition, OptionDefinition } from '../src/cli/command.ts'
import { commands } from '../src/cli/commands.ts'
import { exitCodeMeanings } from '../src/cli/exit-codes.ts'
import { globalOptionDefinitions } from '../src/cli/global-options.ts'
import { notesOf } from '../src/cli/help.ts'
import { formatLetters } from '../src/cli/record-format.ts'

export const referencePath = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'reference', 'cli.md')

export function renderReference(): string {
  return [
    '# Command line reference',
    '',
    'Generated from the declarations in `src/cli` by `tools/cli-reference.ts`; do not edit.',
    '',
    'Records and lists go to standard output, everything else to standard error. On a terminal lists are tables and records',
    'are lines; in a pipe both are JSON lines. Singular and plural of a noun are the same: `topic list`, `topics list`.',
    '',
    '## Options of every command',
    '',
    ...optionTable(globalOptionDefinitions),
    '',
    'A flag goes before `-X`, which goes before `--command-config`, then the environment, then `localhost:9092`.',
    '',
    '## Exit codes',
    '',
    '| Code | Meaning |',
    '|---|---|',
    ...exitCodeMeanings.map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`),
    '',
    '## Letters of --format',
    '',
    '| Letters | Meaning |',
    '|---|---|',
    ...formatLetters.map(([letters, meaning]) => `| \`${code(letters)}\` | ${cell(meaning)} |`),
    '',
    ...commands.flatMap((entry) =>
      'commands' in entry
        ? [
            `## odradek ${entry.name}`,
            '',
            sentence(entry.summary),
            '',
            ...entry.commands.flatMap((one) => section(one, '###', `${entry.name} `))
          ]
        : entry.hidden
          ? []
          : section(entry, '##', '')
    )
  ].join('\n')
}

function section(command: CommandDefinition, heading: string, noun: string): string[] {
  const usage = ['odradek', `${noun}${command.name}`, '[options]', ...(command.arguments ?? []).map((one) => one.name)]
  const lines = [
    `${heading} odradek ${noun}${command.name}`,
    '',
    sentence(command.summary),
    '',
    '```',
    usage.join(' '),
    '```',
    ''
  ]
  for (const argument of command.arguments ?? []) lines.push(`- \`${argument.name}\`: ${argument.description}`)
  if (command.arguments?.length) lines.push('')
  if (command.options?.length) lines.push(...optionTable(command.options), '')
  if (command.notes) lines.push('```text', command.notes, '```', '')
  if (command.examples?.length) {
    lines.push('```sh', ...command.examples.flatMap(([example, meaning]) => [`# ${meaning}`, example]), '```', '')
  }
  return lines
}

function optionTable(options: readonly OptionDefinition[]): string[] {
  return [
    '| Option | Meaning |',
    '|---|---|',
    ...options.map((option) => `| \`${code(option.flags)}\` | ${cell(meaningOf(option))} |`)
  ]
}

function meaningOf(option: OptionDefinition): string {
  const notes = [...notesOf(option), ...(option.synonyms ? [`also ${Object.keys(option.synonyms).join(', ')}`] : [])]
  return notes.length === 0 ? option.description : `${option.description} (${notes.join('; ')})`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')
}

/** Inside back quotes only the bar needs care. */
function code(text: string): string {
  return text.replaceAll('|', '\\|')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dirname(referencePath), { recursive: true })
  writeFileSync(referencePath, renderReference())
  console.log(`wrote ${referencePath}`)
}
