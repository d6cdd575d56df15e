/**
 * The help as people read it: at 80 columns or what the terminal has, no word broken, a command's own options first, those of every
 * command behind one line; an option that is long has its meaning on the line below.
 */
import { Help, Option } from 'commander'
import type { CommandDefinition, OptionDefinition } from './command.ts'
import { wrap } from './fold.ts'
import { asCalled } from './own-name.ts'

const widthMax = 100
export const widthOtherwise = 80
/** Terms longer than this stand on a line of their own. */
const termWidthMax = 26
export const indent = 2

export function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? widthOtherwise, widthMax)
}

/** An option as it is declared. The parser gives lists and choices alike a function of their own, so it cannot tell them apart. */
export class DeclaredOption extends Option {
  readonly definition: OptionDefinition

  constructor(definition: OptionDefinition) {
    super(definition.flags, definition.description)
    this.definition = definition
    if (definition.choices) this.choices([...definition.choices])
    if (definition.default !== undefined) this.default(definition.default)
    if (definition.repeatable) {
      this.argParser((value: string, previous: unknown) => [...(Array.isArray(previous) ? previous : []), value])
    }
  }
}

/** `(text, json; default: text)`, what stands behind the meaning. Choices that the meaning itself names are not listed again. */
export function notesOf({
  description,
  choices = [],
  default: set,
  otherwise,
  repeatable
}: OptionDefinition): string[] {
  const isExplained = choices.every((choice) => new RegExp(`(?<![\\w-])${choice}(?![\\w-])`).test(description))
  const holds = set ?? otherwise
  return [
    ...(isExplained ? [] : [choices.join(', ')]),
    ...(holds === undefined ? [] : [`default: ${holds}`]),
    ...(repeatable ? ['repeatable'] : [])
  ]
}

export class ReadableHelp extends Help {
  override padWidth(...parameters: Parameters<Help['padWidth']>): number {
    return Math.min(super.padWidth(...parameters), termWidthMax)
  }

  override optionDescription(option: Option): string {
    const notes = option instanceof DeclaredOption ? notesOf(option.definition) : []
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
