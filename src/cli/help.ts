/**
 * The help as people read it: at 80 columns or what the terminal has, no word broken, a command's own options first, those of every
 * command behind one line; an option that is long has its meaning on the line below.
 */
import { Help, Option } from 'commander'
import type { CommandDefinition, CommandGroup, OptionDefinition } from './command.ts'
import { asCalled } from './own-name.ts'

const widthMax = 100
const widthOtherwise = 80
/** Terms longer than this stand on a line of their own. */
const termWidthMax = 26
const indent = 2

export function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? widthOtherwise, widthMax)
}

/** An option as it is declared. The parser gives lists and choices alike a function of their own, so it cannot tell them apart. */
export class DeclaredOption extends Option {
  readonly isRepeatable: boolean

  constructor({ flags, description, choices, default: otherwise, repeatable }: OptionDefinition) {
    super(flags, description)
    this.isRepeatable = repeatable === true
    if (choices) this.choices([...choices])
    if (otherwise !== undefined) this.default(otherwise)
    if (repeatable) {
      this.argParser((value: string, previous: unknown) => [...(Array.isArray(previous) ? previous : []), value])
    }
  }
}

export class ReadableHelp extends Help {
  override padWidth(...parameters: Parameters<Help['padWidth']>): number {
    return Math.min(super.padWidth(...parameters), termWidthMax)
  }

  /** `(text, json; default text)` behind the meaning, or `(repeatable)`. */
  override optionDescription(option: Option): string {
    const notes = [
      ...(option.argChoices ? [option.argChoices.join(', ')] : []),
      ...(typeof option.defaultValue === 'string' ? [`default ${option.defaultValue}`] : []),
      ...(option instanceof DeclaredOption && option.isRepeatable ? ['repeatable'] : [])
    ]
    return notes.length === 0 ? option.description : `${option.description} (${notes.join('; ')})`
  }

  override formatItem(term: string, termWidth: number, description: string): string {
    const margin = ' '.repeat(indent)
    const column = indent + termWidth + 2
    const [first = '', ...rest] = wrap(description, (this.helpWidth ?? widthOtherwise) - column)
    const below = rest.map((line) => `\n${' '.repeat(column)}${line}`).join('')
    if (term.length <= termWidth) return `${margin}${term.padEnd(termWidth + 2)}${first}${below}`.trimEnd()
    return `${margin}${term}\n${' '.repeat(column)}${first}${below}`
  }
}

/** Words in lines of at most `width`; a word that is longer has a line of its own. What stands in {{ }} is one word. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+(?![^{]*\}\})/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Paragraphs are filled anew; lines that begin with a space stand as they are, unless they are too long. */
export function wrapNotes(text: string, width: number): string {
  const written: string[] = []
  let paragraph: string[] = []
  const endParagraph = () => {
    if (paragraph.length > 0) written.push(...wrap(paragraph.join(' '), width))
    paragraph = []
  }
  for (const line of text.split('\n')) {
    if (line !== '' && !line.startsWith(' ')) paragraph.push(line)
    else {
      endParagraph()
      written.push(...wrapIndented(line, width))
    }
  }
  endParagraph()
  return written.join('\n')
}

function wrapIndented(line: string, width: number): string[] {
  if (line.length <= width) return [line]
  const margin = /^ */.exec(line)?.[0] ?? ''
  const [first = '', ...rest] = wrap(line.trim(), width - margin.length - indent)
  return [`${margin}${first}`, ...rest.map((text) => `${margin}${' '.repeat(indent)}${text}`)]
}

/** Behind a command's options: notes, examples, and where the other options are told. */
export function helpTail(entry: CommandDefinition, width: number): string {
  const notes = entry.notes === undefined ? [] : [wrapNotes(asCalled(entry.notes), width)]
  const examples = (entry.examples ?? []).map(([line, meaning]) => `  ${asCalled(line)}\n      ${meaning}`)
  const parts = [...notes, ...(examples.length === 0 ? [] : [`Examples:\n${examples.join('\n')}`]), globalOptionsLine()]
  return `\n${parts.join('\n\n')}`
}

export function globalOptionsLine(): string {
  return `Options of every command, such as -b HOST:PORT and -o FORMAT:\n  ${asCalled('odradek help options')}`
}

function commandLine({ name, summary }: CommandDefinition | CommandGroup, width: number): string {
  const column = indent + width + 2
  const lines = wrap(summary, widthOtherwise - column)
  return `${' '.repeat(indent)}${name.padEnd(width + 2)}${lines.join(`\n${' '.repeat(column)}`)}`
}

/** What a bare `odradek` shows: how to begin. */
export function firstSteps(entries: ReadonlyArray<CommandDefinition | CommandGroup>): string {
  const steps = [
    ['odradek demo', 'a food-delivery app, live: see what Kafka is for'],
    ['odradek serve', 'a broker on localhost:9092; leave it running, and in a second terminal:'],
    ["odradek produce orders 'hello'", 'send a message'],
    ['odradek consume orders', 'read it'],
    ['odradek learn', 'the seven concepts, each with an experiment']
  ] as const
  const shown = entries.filter((entry) => !('hidden' in entry && entry.hidden))
  const width = Math.max(...shown.map((entry) => entry.name.length))
  return [
    'Kafka in one npm package: a broker, and a command line for any Kafka cluster\nthat lets everybody in (no passwords and no TLS yet), from Kafka 3.1 on.',
    '',
    'First steps:',
    ...steps.map(([line, meaning]) => `  ${asCalled(line)}\n      ${meaning}`),
    '',
    'Commands:',
    ...shown.map((entry) => commandLine(entry, width)),
    '',
    `  ${asCalled('odradek COMMAND --help')}   a command's options, with examples`,
    `  ${asCalled('odradek help options')}     the options that every command takes`
  ].join('\n')
}
